import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Program } from "./program.ts";

const golden = new URL("../vectors/reduction/", import.meta.url);

/** Leaves out the last digits, which differ from machine to machine. */
function rounded(json: string): unknown {
  return JSON.parse(json, (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value));
}

test("reduction - the committed curves are those of numpy and pyFAI", async () => {
  const folder = mkdtempSync(join(tmpdir(), "arroyojs-"));
  try {
    await Program.python("test/peers/reduction_reference.py", folder).output();
    const names = readdirSync(folder).sort();
    expect(names).toEqual(["correction.json", "integration.json", "line-cut.json", "statistics.json"]);
    for (const name of names) {
      const theirs = rounded(readFileSync(join(folder, name), "utf8"));
      expect(theirs, name).toEqual(rounded(readFileSync(new URL(name, golden), "utf8")));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
