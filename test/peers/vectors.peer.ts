import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const kept = fileURLToPath(new URL("../vectors/python-peers", import.meta.url));
const script = fileURLToPath(new URL("../../scripts/peers/capture.py", import.meta.url));

async function vectorsIn(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(folder, name), "utf8"));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
}

test("the vectors of npm test - are what Python writes today", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arroyo-peers-"));
  try {
    await promisify(execFile)(process.env.ARROYO_PEERS_PYTHON as string, [script, folder]);
    expect(await vectorsIn(kept)).toEqual(await vectorsIn(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
