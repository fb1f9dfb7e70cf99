import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { until } from "../../src/testing/conformance/until.ts";
import { describeCapture } from "../../src/transports/files/index.ts";
import { testIo } from "./test-io.ts";

const folder = mkdtempSync(join(tmpdir(), "arroyo-record-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
const url = (name: string): string => `ipc://${file(name)}`;

/** Records what `send` sends, until all of it is there. */
async function recorded(name: string, runs: readonly string[], options: readonly string[] = []): Promise<string> {
  const path = file(`${name}.acap`);
  const recorder = testIo();
  const recording = main(["record", url(name), path, "--json", ...options], recorder);
  for (const run of runs) {
    const sender = testIo();
    sender.stdin.end("1\n2\n3\n");
    expect(await main(["send", url(name), "--run", run, "--quiet"], sender)).toBe(0);
  }
  await until(() => recorder.err.text.includes("records"), "the recorder to begin");
  // Each run has its Start, three events and its Stop, and perhaps a farewell.
  let count = 0;
  while (count < 5 * runs.length) count = (await describeCapture(path)).next;
  recorder.stop();
  expect(await recording).toBe(0);
  return path;
}

describe("record and replay", () => {
  test("a run - is recorded, listed, and comes again as it was", async () => {
    const path = await recorded("one", ["scan-7", "scan-8"], ["--format", "native"]);
    const lister = testIo();
    expect(await main(["replay", path, "--list", "--json"], lister)).toBe(0);
    const { codec, runs } = JSON.parse(lister.out.text);
    expect(codec).toBe("arroyo/1");
    expect(runs.map(({ run }: { run: string }) => run)).toEqual(["scan-7", "scan-8"]);

    const looker = testIo();
    const looking = main(["look", url("again"), "--once", "--json"], looker);
    const player = testIo();
    expect(await main(["replay", path, url("again"), "--from", "scan-8", "--speed", "max", "--quiet"], player)).toBe(0);
    expect(await looking).toBe(0);
    expect(JSON.parse(looker.out.text)).toMatchObject({ run: "scan-8", lost: 0, message: { metadata: { value: 1 } } });
  });

  test("a file that is there - is left alone unless asked", async () => {
    const path = await recorded("two", ["a"]);
    const io = testIo();
    expect(await main(["record", url("two"), path], io)).toBe(2);
    expect(io.err.text).toMatch(/is there already, with \d+ messages; give --append/);
    await recorded("two", ["b"], ["--append"]);
    const lister = testIo();
    expect(await main(["replay", path, "--list"], lister)).toBe(0);
    expect(lister.out.text).toMatch(/^\d+ messages of raw, \d+ bytes in 2 files\nfrom 20.* to 20/);
  });

  test.each([
    [["replay", "absent.acap", "--list"], /absent.acap: is not there/],
    [["replay", "absent.acap"], /say where to publish it/],
    [["replay", "absent.acap", "tcp://*:5555", "--step", "--speed", "2"], /exclude each other/],
    [["record", "tcp://x:1", "a.acap", "--bind", "--connect"], /exclude each other/],
    [["record", "x", "a.acap"], /record: "x" is no address of a stream/],
  ])("%j - is refused", async (argv, message) => {
    const io = testIo();
    expect(await main(argv, io)).toBe(2);
    expect(io.err.text).toMatch(message);
  });
});
