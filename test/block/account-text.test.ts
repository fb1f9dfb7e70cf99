import { describe, expect, test } from "vitest";
import { accountText, missingText } from "../../src/block/account-text.ts";
import type { Account, Counts, RunCounts } from "../../src/message/account.ts";
import { Tally } from "../../src/runs/tally.ts";

const account = (counts: Partial<Account>): Account => {
  return { ...new Tally().counts(), block: "reduce", runs: [], hops: [], ...counts };
};
const run = (name: string, counts: Partial<Counts & RunCounts> = {}): RunCounts => {
  return { ...new Tally().counts(), run: name, stream: "det", ...counts };
};

describe("accountText", () => {
  test("table - has a line for each run and one for all, in columns", () => {
    const text = accountText(
      account({
        received: 1_204,
        finished: 1_200,
        dropped: 4,
        lost: "unknown",
        published: 600,
        runs: [run("scan 1", { received: 1_204, finished: 1_200, dropped: 4, ended: "completed" }), run("scan 2")],
      }),
    );
    expect(text.split("\n")).toEqual([
      "reduce              received  finished  dropped  failed  dead  left     lost  filtered  reduced  published",
      "scan 1 (completed)      1204      1200        4       0     0     0        0         0        0          0",
      "scan 2 (open)              0         0        0       0     0     0        0         0        0          0",
      "all                     1204      1200        4       0     0     0  unknown         0        0        600",
    ]);
  });

  test("below it - reasons, what was rejected, left out earlier, joined late and missing", () => {
    const missing = [{ stream: "det", partition: "", events: 3, as: "lost" as const, ranges: [[4, 6]] as const }];
    const text = accountText(
      account({
        reasons: { "no-start": 2 },
        rejected: 5,
        droppedUpstream: 7,
        runs: [run("a", { joinedAt: 12 }), run("b", { joinedAt: -1 }), run("c", { missing })],
      }),
    );
    expect(text.split("\n").slice(5)).toEqual([
      "  2 x no-start",
      "  5 rejected: not messages",
      "  7 left out by an earlier stage",
      "  a: joined at 12",
      "  c: 3 of det lost, missing: 4-6",
    ]);
  });

  test("many runs - only the newest are listed, and it says so", () => {
    const text = accountText(account({ runs: Array.from({ length: 25 }, (_, index) => run(`r${index}`)) }));
    const lines = text.split("\n");
    expect(lines).toHaveLength(23);
    expect(lines[1]).toMatch(/^r5 \(open\)/);
    expect(lines[22]).toBe("(5 earlier runs are in the sum only)");
  });
});

describe("missingText", () => {
  test("names stream, partition and the numbers, single ones and ranges", () => {
    const ranges = [
      [3, 3],
      [7, 9],
    ] as const;
    expect(missingText({ stream: "det", partition: "p1", events: 4, as: "unaccounted", ranges })).toBe(
      "4 of det p1 unaccounted, missing: 3, 7-9",
    );
  });

  test("many ranges - are cut short", () => {
    const ranges = Array.from({ length: 12 }, (_, index) => [2 * index, 2 * index] as const);
    expect(missingText({ stream: "det", partition: "", events: 12, as: "lost", ranges })).toBe(
      "12 of det lost, missing: 0, 2, 4, 6, 8 and 7 more ranges",
    );
  });
});
