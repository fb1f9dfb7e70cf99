import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type BlockRow, blockTable, slowest } from "../../src/cli/running/block-table.ts";
import { drainInOrder } from "../../src/cli/running/draining.ts";
import { feedingOf } from "../../src/cli/running/feeding.ts";
import { jsonLine, Log, type LogOptions, type LogRecord, textLine } from "../../src/cli/running/log.ts";
import { Ration, type RationedLine } from "../../src/cli/running/ration.ts";
import type { AnyBlock } from "../../src/cli/running/supervisor.ts";
import { describe as describeConfiguration } from "../../src/config/describe.ts";

function row(name: string, queued: number, perSecond: number, timings?: object): BlockRow {
  const account = { events: 10, lost: 0, droppedUpstream: 0, dropped: 0, failed: 0, dead: 0, rejected: 0 };
  const load = { queued, held: 0, bytes: 0, running: 0, computing: 0, outgoing: 0 };
  const watched = { block: { name, account, load, timings }, states: new Map([["block", "starting"]]) };
  return { watched, perSecond, publishedPerSecond: 0, operator: `./${name}.ts#Op` } as unknown as BlockRow;
}

describe("the table", () => {
  test("the slow operator - is the one whose work waits longest, and is named", () => {
    const rows = [row("fast", 100, 1000), row("slow", 5200, 1700), row("idle", 0, 0)];
    expect(slowest(rows)).toBe("slow: ./slow.ts#Op in slow: 5.20 k messages wait, about 3.06 s");
    expect(blockTable(rows).at(-1)).toMatch(/^slow: /);
    expect(slowest([row("fast", 100, 1000)])).toBeUndefined();
    const timings = { process: { p50: 1, p99: 40 }, queued: { p50: 1, p99: 2 }, oldest: 0 };
    expect(slowest([row("slow", 100, 0, timings)])).toBe(
      "slow: ./slow.ts#Op in slow: 100 messages wait, process takes 1 ms (p99 40 ms)",
    );
  });

  test("times - have columns only where a block measures them", () => {
    expect(blockTable([row("a", 0, 0)])[0]).not.toContain("p99");
    const timings = { process: { p50: 1, p99: 40 }, queued: { p50: 1, p99: 2 }, oldest: 0 };
    const lines = blockTable([row("a", 0, 0, timings)]);
    expect(lines[0]).toContain("process p50");
    expect(lines[1]).toMatch(/1 ms +40 ms +2 ms$/);
  });
});

function line(message: string): RationedLine {
  return { level: "warn", message };
}

describe("the log", () => {
  test("lines alike - are rationed, numbers aside, and what was left out is counted", () => {
    const ration = new Ration();
    const passed = Array.from(
      { length: 100 },
      (_, index) => ration.admit(line(`no route to 10.0.0.${index}`), 0).passes,
    );
    expect(passed.filter(Boolean)).toHaveLength(5);
    expect(ration.admit(line("something else"), 0).passes).toBe(true);
    expect(ration.admit(line("no route to 10.0.0.7"), 10_000)).toEqual({ passes: true, leftOut: 95 });
  });

  test("lines alike that come no more - what was left out is told later, once", () => {
    const { log, records, clock } = logged();
    for (let index = 0; index < 12; index += 1) log.write("warn", `no route to ${index}`, { block: "b" });
    log.tellLeftOut();
    expect(records).toHaveLength(5);
    clock.ms = 10_000;
    log.tellLeftOut();
    log.tellLeftOut(true);
    expect(records.slice(5)).toEqual([
      { timeMs: 10_000, level: "warn", block: "b", message: "no route to 11 (7 lines like this were left out)" },
    ]);
  });

  test("levels and secrets - less than asked for is left out, and no secret stands in a line", () => {
    const { log, records } = logged({ level: "warn", redact: (text) => text.replaceAll('ca"nary', "!file token") });
    log.write("info", "nothing");
    const reasons = { 'process: ca"nary': 2 };
    const facts = { reason: 'ca"nary', account: { reasons, runs: [{ run: 'ca"nary' }] }, numbers: [1, 'ca"nary'] };
    log.write("warn", 'refused ca"nary', { block: "b", kind: "warning", facts });
    expect(records).toHaveLength(1);
    const written = jsonLine(records[0] as LogRecord);
    expect(written).not.toContain("nary");
    expect(JSON.parse(written)).toEqual({
      time: "1970-01-01T00:00:00.000Z",
      level: "warn",
      block: "b",
      kind: "warning",
      message: "refused !file token",
      reason: "!file token",
      account: { reasons: { "process: !file token": 2 }, runs: [{ run: "!file token" }] },
      numbers: [1, "!file token"],
    });
    expect(textLine(records[0] as LogRecord)).toBe("b: warning: refused !file token");
  });

  test("an instance - stands in each line", () => {
    const { log, records } = logged({ instance: "node-1", redact: (text) => text.replaceAll("node-1", "hidden") });
    log.write("info", "on node-1");
    expect(JSON.parse(jsonLine(records[0] as LogRecord))).toMatchObject({ instance: "node-1", message: "on hidden" });
  });
});

function logged(options: Partial<LogOptions> = {}): {
  readonly log: Log;
  readonly records: LogRecord[];
  readonly clock: { ms: number };
} {
  const records: LogRecord[] = [];
  const clock = { ms: 0 };
  const sinks = [(record: LogRecord) => void records.push(record)];
  const log = new Log({ level: "info", sinks, redact: (text) => text, now: () => clock.ms, ...options });
  return { log, records, clock };
}

/** A block that ends when it is stopped, or when the test ends it. */
function stoppable(name: string, order: string[]): AnyBlock & { end(): void } {
  let end: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    end = resolve;
  });
  const block = {
    name,
    account: { received: 0 },
    finished,
    end: () => {
      order.push(`${name} ended`);
      end();
    },
    stop: () => {
      order.push(`${name} stopped`);
      end();
      return Promise.resolve();
    },
  };
  return block as unknown as AnyBlock & { end(): void };
}

describe("draining", () => {
  const isListening = (): boolean => true;

  test("a chain - those that feed others go first, and what ends by itself is not stopped before", async () => {
    const order: string[] = [];
    const [first, second] = [stoppable("first", order), stoppable("second", order)];
    const feeding = new Map([
      ["second", { from: ["first"], ends: true }],
      ["first", { from: [], ends: false }],
    ]);
    const draining = drainInOrder([second, first], { feeding, deadlineMs: 60_000, isListening });
    await first.finished;
    setImmediate(() => second.end());
    await draining;
    expect(order).toEqual(["first stopped", "second ended", "second stopped"]);
  });

  test("a circle, and what hangs - nobody waits for ever", async () => {
    const order: string[] = [];
    const blocks = ["a", "b", "c"].map((name) => stoppable(name, order));
    const feeding = new Map([
      ["a", { from: ["b"], ends: true }],
      ["b", { from: ["c", "b"], ends: true }],
      ["c", { from: ["a"], ends: true }],
    ]);
    await drainInOrder(blocks, { feeding, deadlineMs: 10, isListening });
    expect(order).toHaveLength(3);
  });

  test("blocks of a configuration - who feeds whom, and who ends by itself", async () => {
    const memory = (channel: string): string => `{ use: memory, options: { channel: ${channel} } }`;
    const zmq = (options: string): string => `{ use: zmq, options: { ${options} } }`;
    const cwd = mkdtempSync(join(tmpdir(), "arroyo-feeding-"));
    writeFileSync(
      join(cwd, "arroyo.yaml"),
      `blocks:
  - { name: a, listeners: [${zmq("connect: tcp://far:1")}], publishers: [${memory("x")}, ${zmq("bind: tcp://*:7000")}] }
  - { name: b, listeners: [${memory("x")}] }
  - { name: c, listeners: [${memory("x")}, ${zmq("connect: tcp://far:2")}] }
  - { name: d, listeners: [${zmq("connect: tcp://127.0.0.1:7000")}] }
`,
    );
    const { blocks } = await describeConfiguration(cwd, { cwd, env: {} });
    rmSync(cwd, { recursive: true });
    expect(Object.fromEntries(feedingOf(blocks))).toEqual({
      a: { from: [], ends: false },
      b: { from: ["a"], ends: true },
      c: { from: ["a"], ends: false },
      d: { from: ["a"], ends: false },
    });
    expect(feedingOf(blocks.slice(1)).get("b")).toEqual({ from: [], ends: false });
  });
});
