import { describe, expect, test } from "vitest";
import type { Counts } from "../../src/message/account.ts";
import { Ledger } from "../../src/runs/ledger.ts";
import { Run } from "../../src/runs/run.ts";

function ended(id: string, received: number, finished = received): Run {
  const run = new Run(id, "detector");
  run.state = "ended";
  run.endedAs = "completed";
  run.tally.received = received;
  run.tally.finished = finished;
  return run;
}

const MOST = 1_000;

describe("ledger", () => {
  test("sum - is that of the runs and of what belongs to none", () => {
    const ledger = new Ledger();
    ledger.base.received = 2;
    ledger.base.finished = 1;
    ledger.base.because("no-start");
    ledger.add(ended("a", 10));
    ledger.add(ended("b", 5, 3));
    expect(ledger.counts()).toMatchObject({ received: 17, finished: 14, left: 3, reasons: { "no-start": 1 } });
  });

  test("run - is listed once, however often it is added, in the order in which it came", () => {
    const ledger = new Ledger();
    const [a, b] = [ended("a", 1), ended("b", 2)];
    for (const run of [a, b, a, b, b]) ledger.add(run);
    const account = ledger.account("reduce");
    expect(account).toMatchObject({ block: "reduce", received: 3, hops: [] });
    expect(account.runs.map(({ run, stream, ended: how, received }) => [run, stream, how, received])).toEqual([
      ["a", "detector", "completed", 1],
      ["b", "detector", "completed", 2],
    ]);
  });

  test("eviction - the oldest runs are listed no more, and the sum stays as it was", () => {
    const ledger = new Ledger();
    const sums: Counts[] = [];
    for (let index = 0; index < MOST + 50; index += 1) {
      const run = ended(`r${index}`, index);
      run.tally.because("after-stop");
      ledger.add(run);
      if (index >= MOST - 2) sums.push(ledger.counts());
    }
    const runs = ledger.account("b").runs;
    expect([runs.length, runs[0]?.run]).toEqual([MOST, "r50"]);
    const upTo = (index: number): number => (index * (index + 1)) / 2;
    expect(sums.map(({ received }) => received)).toEqual(sums.map((_, index) => upTo(MOST - 2 + index)));
    expect(sums.at(-1)?.reasons).toEqual({ "after-stop": MOST + 50 });
    expect(ledger.base.received + runs.reduce((sum, { received }) => sum + received, 0)).toBe(upTo(MOST + 49));
  });

  test("eviction - passes over runs that are open or not finished", () => {
    const ledger = new Ledger();
    const open = new Run("open", "detector");
    open.state = "open";
    ledger.add(open);
    ledger.add(ended("held", 3, 2));
    for (let index = 0; index < MOST; index += 1) ledger.add(ended(`r${index}`, 1));
    const listed = ledger.account("b").runs.map(({ run }) => run);
    expect(listed).toHaveLength(MOST);
    expect(listed.slice(0, 3)).toEqual(["open", "held", "r2"]);
  });
});
