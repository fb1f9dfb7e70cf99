import { describe, expect, test } from "vitest";
import type { Account, Sent } from "../../src/message/account.ts";
import { Coverage } from "../../src/runs/coverage.ts";
import { Tally } from "../../src/runs/tally.ts";

const sent = (from: number, to: number, more: Partial<Sent> = {}): Sent => {
  return { stream: "det", partition: "", from, to, events: to - from, ...more };
};
/** Makes the account of a hop; the first one says what was sent. */
const hop = (counts: Partial<Account>, hops: readonly Account[] = []): Account => {
  return { ...new Tally().counts(), block: "b", runs: [], hops, ...counts };
};
function covered(numbers: readonly number[], joined = false, partition = ""): Coverage {
  const coverage = new Coverage(joined);
  for (const number of numbers) coverage.add("det", partition, number);
  return coverage;
}

describe("coverage of one hop", () => {
  test("all that was sent came - nothing is missing", () => {
    expect(covered([4, 5, 6]).missing(hop({ sent: [sent(4, 7)] }))).toEqual([]);
  });

  test("gaps - in front, in the middle and at the end, as ranges", () => {
    expect(covered([2, 3, 6]).missing(hop({ sent: [sent(0, 9)] }))).toEqual([
      {
        stream: "det",
        partition: "",
        events: 6,
        as: "lost",
        ranges: [
          [0, 1],
          [4, 5],
          [7, 8],
        ],
      },
    ]);
  });

  test("order and copies - do not matter", () => {
    expect(covered([3, 1, 0, 1, 2, 3]).missing(hop({ sent: [sent(0, 4)] }))).toEqual([]);
  });

  test("partitions - each has its own numbers", () => {
    const coverage = covered([0, 1, 2], false, "a");
    coverage.add("det", "b", 0);
    const account = hop({ sent: [sent(0, 3, { partition: "a" }), sent(0, 3, { partition: "b" })] });
    expect(coverage.missing(account)).toEqual([
      { stream: "det", partition: "b", events: 2, as: "lost", ranges: [[1, 2]] },
    ]);
  });

  test("nothing came at all - everything is missing", () => {
    expect(covered([]).missing(hop({ sent: [sent(5, 8)] }))).toMatchObject([{ events: 3, ranges: [[5, 7]] }]);
  });

  test("nobody says what was sent - nothing is known to be missing", () => {
    expect(covered([7]).missing(hop({}))).toEqual([]);
  });

  test("numbers shared with other runs - only the count tells how many are missing", () => {
    const coverage = covered([0, 2, 6]);
    const account = hop({ sent: [sent(0, 10, { events: 5 })] });
    expect(coverage.missing(account)).toMatchObject([{ events: 2, as: "lost" }]);
    expect(covered([0, 2, 4, 6, 8]).missing(account)).toEqual([]);
  });

  test("joined late - what was sent before is not missing, and a gap behind it is", () => {
    expect(covered([5, 6, 9], true).missing(hop({ sent: [sent(0, 10)] }))).toMatchObject([
      { events: 2, ranges: [[7, 8]] },
    ]);
  });

  test("joined late - where runs share the numbers nothing can be said", () => {
    expect(covered([5, 9], true).missing(hop({ sent: [sent(0, 10, { events: 6 })] }))).toEqual([]);
  });

  test("memory - the ranges that are told are bounded", () => {
    const evens = Array.from({ length: 3_000 }, (_, index) => 2 * index);
    const [missing] = covered(evens).missing(hop({ sent: [sent(0, 6_000)] }));
    expect([missing?.events, missing?.ranges.length]).toEqual([3_000, 1_000]);
  });
});

describe("coverage of several hops", () => {
  const source = hop({ sent: [sent(0, 10)] });
  const came = [0, 1, 2, 3, 4, 5];

  test("what the hops between counted - is explained", () => {
    const account = hop({ events: 10, publishedEvents: 6, filtered: 2, dropped: 1, failed: 1 }, [source]);
    expect(covered(came).missing(account)).toEqual([]);
  });

  test("what is in nobody's count - is lost where each result has one origin", () => {
    const account = hop({ events: 9, publishedEvents: 6, filtered: 1 }, [source]);
    expect(covered(came).missing(account)).toMatchObject([{ events: 3, as: "lost", ranges: [[6, 9]] }]);
  });

  test("what is in nobody's count - is unaccounted where a hop made one result of several", () => {
    const account = hop({ events: 9, publishedEvents: 6, reduced: 3 }, [source]);
    expect(covered(came).missing(account)).toMatchObject([{ events: 4, as: "unaccounted" }]);
  });

  test("what is in nobody's count - is unaccounted where a hop made several of one", () => {
    const account = hop({ events: 5, publishedEvents: 6 }, [source]);
    expect(covered(came).missing(account)).toMatchObject([{ events: 4, as: "unaccounted" }]);
  });

  test("what a hop in the middle left out, or did not send here - is explained", () => {
    const middle = hop({ events: 10, publishedEvents: 10 });
    const last = hop({ events: 8, publishedEvents: 8, droppedUpstream: 2 }, [source, middle]);
    expect(covered(came).missing(last, 2)).toEqual([]);
    expect(covered(came).missing(last, 1)).toMatchObject([{ events: 1 }]);
  });

  test("what a block dropped, buried or still has - is explained too", () => {
    const account = hop({ events: 10, publishedEvents: 6, dead: 1, left: 3 }, [source]);
    expect(covered(came).missing(account)).toEqual([]);
  });
});
