import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/conformance/until.ts";
import { descendants, isAlive } from "./family.ts";

const MAIN = fileURLToPath(new URL("../../examples/demo/main.ts", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** Without time only Redis, which starts in no time, joins the stages. */
const BROKERS = process.env["ARROYO_LONG"] === "1" ? ["redis", "kafka", "amqp"] : ["redis"];

/** Is told what the demo has said so far; may end it, and gets its id. */
type Meanwhile = (text: string, kill: (signal?: NodeJS.Signals) => void, pid: number) => void;

/** Runs the demo to its end. */
async function demo(args: readonly string[], meanwhile?: Meanwhile): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const hear = (chunk: Buffer): void => {
    text += chunk.toString();
    meanwhile?.(text, (signal = "SIGINT") => child.kill(signal), child.pid as number);
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

for (const broker of BROKERS) {
  describe(`demo on ${broker}`, () => {
    const args = ["--broker", broker];
    const gone = (pids: readonly number[]): Promise<void> =>
      until(() => pids.length > 0 && !pids.some(isAlive), `the end of ${pids.join(", ")}`, 10_000);

    test("kill - nothing is lost, and the broker ends with it", { timeout: 120_000 }, async () => {
      let family: readonly number[] = [];
      const { code, text } = await demo([...args, "--kill", "--frames", "100", "--hz", "50"], (said, _kill, pid) => {
        if (family.length === 0 && /sink [1-9]/.test(said)) family = descendants(pid);
      });
      expect(text).toContain("mean of 100 curves");
      expect(text).toMatch(/^scan-1 \(interrupted\)/m);
      expect(sum(text)).toEqual({ sent: 100, received: 100, lost: 0 });
      expect(code).toBe(0);
      await gone(family);
    });

    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      test(`${signal} while it runs - neither a process nor the broker is left`, { timeout: 120_000 }, async () => {
        let family: readonly number[] = [];
        const { code, text } = await demo([...args, "--keep", "--hz", "60"], (said, kill, pid) => {
          if (family.length > 0 || !/sink [1-9]/.test(said)) return;
          family = descendants(pid);
          kill(signal);
        });
        await gone(family);
        if (signal === "SIGKILL") return;
        const { sent, received, lost } = sum(text);
        expect([received, lost]).toEqual([sent, 0]);
        expect(code).toBe(0);
      });
    }
  });
}

test("demo - a broker that there is not, or that a format does not go with, is refused", {
  timeout: 60_000,
}, async () => {
  expect(await demo(["--broker", "nats"])).toEqual({
    code: 2,
    text: "--broker: expected kafka, redis, amqp, got nats\n",
  });
  expect(await demo(["--broker", "redis", "--format", "dectris-v2"])).toEqual({
    code: 2,
    text: "--format: dectris-v2 comes over ZeroMQ; leave --broker out\n",
  });
});
