import { describe, expect, test } from "vitest";
import { type BlockRow, blockTable, slowest } from "../../src/cli/running/block-table.ts";
import { jsonLine, Log, type LogRecord, textLine } from "../../src/cli/running/log.ts";
import { Ration } from "../../src/cli/running/ration.ts";

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

describe("the log", () => {
  test("lines alike - are rationed, numbers aside, and what was left out is counted", () => {
    const ration = new Ration();
    const passed = Array.from({ length: 100 }, (_, index) => ration.admit(`no route to 10.0.0.${index}`, 0).passes);
    expect(passed.filter(Boolean)).toHaveLength(5);
    expect(ration.admit("something else", 0).passes).toBe(true);
    expect(ration.admit("no route to 10.0.0.7", 10_000)).toEqual({ passes: true, leftOut: 95 });
  });

  test("levels and secrets - less than asked for is left out, and no secret stands in a line", () => {
    const records: LogRecord[] = [];
    const redact = (text: string): string => text.replaceAll("canary", "!file token");
    const log = new Log({ level: "warn", sinks: [(record) => records.push(record)], redact, now: () => 0 });
    log.write("info", "nothing");
    log.write("warn", "refused canary", { block: "b", kind: "warning", facts: { reason: "canary" } });
    expect(records).toHaveLength(1);
    const line = jsonLine(records[0] as LogRecord, redact);
    expect(line).not.toContain("canary");
    expect(JSON.parse(line)).toMatchObject({
      time: "1970-01-01T00:00:00.000Z",
      level: "warn",
      block: "b",
      kind: "warning",
    });
    expect(textLine(records[0] as LogRecord)).toMatch(/^b: warning: refused /);
  });
});
