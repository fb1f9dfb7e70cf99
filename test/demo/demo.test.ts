import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../../examples/demo/main.ts", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** Runs the demo to its end; `meanwhile` gets the process and what it has said so far. */
async function demo(args: readonly string[], meanwhile?: (text: string, kill: () => void) => void): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const hear = (chunk: Buffer): void => {
    text += chunk.toString();
    meanwhile?.(text, () => child.kill("SIGINT"));
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, text };
}

/** Reads the last line: what was sent, what arrived, what did not. */
function sum(text: string): { readonly sent: number; readonly received: number; readonly lost: number } {
  const [, sent, received, lost] =
    /^sent (\d+), received (\d+), lost (\d+)$/.exec(text.trimEnd().split("\n").at(-1) ?? "") ?? [];
  return { sent: Number(sent), received: Number(received), lost: Number(lost) };
}

describe("demo", () => {
  test("a run - nothing is lost, three accounts are printed and a curve", { timeout: 60_000 }, async () => {
    const { code, text } = await demo(["--frames", "60", "--hz", "60"]);
    expect(text).toContain("mean of 60 curves");
    for (const name of ["detector", "reduce", "sink"]) expect(text).toMatch(new RegExp(`^${name} +received`, "m"));
    expect(sum(text)).toEqual({ sent: 60, received: 60, lost: 0 });
    expect(code).toBe(0);
  });

  test("kill - the account says how many frames never arrived, and which", { timeout: 60_000 }, async () => {
    const { code, text } = await demo(["--kill", "--frames", "150", "--hz", "30"]);
    const { sent, received, lost } = sum(text);
    expect(sent).toBe(150);
    expect(lost).toBeGreaterThan(0);
    expect(received + lost).toBe(sent);
    expect(text).toMatch(new RegExp(`^${lost} of detector lost, missing: \\d+-\\d+`, "m"));
    expect(code).toBe(0);
  });

  test("dectris-v2 - the detector speaks a real one's format, and the account still adds up", {
    timeout: 60_000,
  }, async () => {
    const { code, text } = await demo(["--format", "dectris-v2", "--frames", "60", "--hz", "60"]);
    expect(text).toContain("mean of 60 curves");
    expect(sum(text)).toEqual({ sent: 60, received: 60, lost: 0 });
    expect(code).toBe(0);
  });

  test("dectris-v2, kill - what was lost is known by the numbers of the images", { timeout: 60_000 }, async () => {
    const { code, text } = await demo(["--format", "dectris-v2", "--kill", "--frames", "150", "--hz", "30"]);
    const { sent, received, lost } = sum(text);
    expect(sent).toBe(150);
    expect(received + lost).toBe(sent);
    if (lost > 0) expect(text).toMatch(/^images that never arrived: \d+/m);
    expect(code).toBe(0);
  });

  test("format - one that is not there is refused", { timeout: 60_000 }, async () => {
    const { code, text } = await demo(["--format", "eiger"]);
    expect(text).toBe("--format: expected native or dectris-v2, got eiger\n");
    expect(code).toBe(2);
  });

  test("keep - runs until Ctrl-C, and then adds up", { timeout: 60_000 }, async () => {
    let asked = false;
    const { code, text } = await demo(["--keep", "--hz", "60"], (said, interrupt) => {
      if (asked || !/sink [1-9]/.test(said)) return;
      asked = true;
      interrupt();
    });
    const { sent, received, lost } = sum(text);
    expect(received).toBeGreaterThan(0);
    expect(received + lost).toBe(sent);
    expect(code).toBe(0);
  });
});
