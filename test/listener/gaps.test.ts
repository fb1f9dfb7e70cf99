import { describe, expect, test } from "vitest";
import { Gaps } from "../../src/listener/gaps.ts";
import type { Hop, HopSent } from "../../src/message/codec.ts";
import { Stop } from "../../src/message/stop.ts";
import { Run } from "../../src/runs/run.ts";
import { Source } from "../../src/runs/source.ts";
import { Tally } from "../../src/runs/tally.ts";

const hop = (topic = "", more: Partial<Hop> = {}): Hop => {
  return { incarnation: "life-1", topic, skipped: 0, shared: false, copy: false, ...more };
};
const next = (numbers: Readonly<Record<string, number>>, more: Partial<Hop> = {}): Hop =>
  hop("lifecycle", { next: new Map(Object.entries(numbers)), ...more });
const sent = (numbers: Readonly<Record<string, number>>, ...of: readonly HopSent[]): Hop => next(numbers, { sent: of });
const of = (topic: string, events: number, skipped = 0): HopSent => ({ topic, events, skipped });

/** Has one open run of one source, at a reader that hears it from its first message unless it is told otherwise. */
function reader(begins: Hop | null = next({})) {
  const base = new Tally();
  const told: string[] = [];
  const gaps = new Gaps(base, (_, run, messages) => told.push(`${run?.id ?? "-"} ${messages}`));
  const source = new Source("life-1", "detector");
  const open = (id: string): Run => {
    const run = new Run(id, "detector");
    run.state = "open";
    source.runs.set(id, run);
    return run;
  };
  if (begins !== null) gaps.next(source, undefined, begins);
  const events = (of: Run | undefined, topic: string, ...sequences: readonly number[]): boolean[] =>
    sequences.map((sequence) => gaps.event(source, of, hop(topic), sequence));
  const stop = (run: Run, at: Hop): void => {
    gaps.next(source, run, at);
    gaps.ended(source, run, at);
    run.state = "ended";
  };
  return { base, told, gaps, source, open, run: open("r"), events, stop };
}

describe("gaps in the middle", () => {
  test("consecutive events - nothing is missing", () => {
    const { run, base, told, events } = reader();
    expect(events(run, "", 0, 1, 2, 3)).toEqual([true, true, true, true]);
    expect([run.tally.lost, base.lost, told]).toEqual([0, 0, []]);
  });

  test("a gap - is lost, of the run of the message behind it, and is told", () => {
    const { run, base, told, events } = reader();
    events(run, "", 0, 1, 5, 6, 9);
    expect([run.tally.lost, base.lost, told]).toEqual([5, 0, ["r 3", "r 2"]]);
  });

  test("topics - each counts for itself", () => {
    const { run, events } = reader();
    events(run, "a", 0, 1);
    events(run, "b", 0, 3);
    events(run, "a", 2, 3);
    expect(run.tally.lost).toBe(2);
  });

  test("lives of a publisher - each begins anew", () => {
    const { run, events, gaps } = reader();
    events(run, "", 0, 1, 2);
    const newer = new Source("life-2", "detector");
    gaps.event(newer, run, hop("", { incarnation: "life-2" }), 0);
    gaps.event(newer, run, hop("", { incarnation: "life-2" }), 1);
    expect(run.tally.lost).toBe(0);
  });

  test("events without a run - are counted at the base", () => {
    const { base, told, events } = reader();
    events(undefined, "log", 0, 2);
    expect([base.lost, told]).toEqual([1, ["- 1"]]);
  });

  test("left out on purpose - is dropped upstream, and only the rest is lost", () => {
    const { run, told, gaps, source, events } = reader();
    events(run, "", 0);
    gaps.event(source, run, hop("", { skipped: 3 }), 4);
    expect([run.tally.droppedUpstream, run.tally.lost, told]).toEqual([3, 0, []]);
    gaps.event(source, run, hop("", { skipped: 2 }), 10);
    expect([run.tally.droppedUpstream, run.tally.lost, told]).toEqual([5, 3, ["r 3"]]);
  });

  test("left out on purpose - more than is missing is not believed", () => {
    const { run, gaps, source, events } = reader();
    events(run, "", 0);
    gaps.event(source, run, hop("", { skipped: 1_000 }), 3);
    expect([run.tally.droppedUpstream, run.tally.lost]).toEqual([2, 0]);
  });

  test("shared stream - what others got is no loss: it is unknown", () => {
    const { run, told, gaps, source } = reader();
    for (const sequence of [0, 3]) gaps.event(source, run, hop("", { shared: true }), sequence);
    expect([run.tally.counts().lost, told]).toEqual(["unknown", []]);
  });
});

describe("copies", () => {
  test("a message that came before - is one, and changes no count", () => {
    const { run, events } = reader();
    expect(events(run, "", 0, 1, 1, 0, 2)).toEqual([true, true, false, false, true]);
    expect(run.tally.lost).toBe(0);
  });

  test("what a Start counted already and comes behind it - is none, and is not lost after all", () => {
    const { run, events, gaps, source } = reader();
    events(run, "", 0, 1);
    gaps.next(source, run, next({ "": 4 }));
    expect(run.tally.lost).toBe(2);
    expect(events(run, "", 2, 3, 4)).toEqual([true, true, true]);
    expect(run.tally.lost).toBe(0);
  });
});

describe("late joiner", () => {
  test("without a word before - begins with the first message", () => {
    const { run, events, gaps } = reader(next({ "": 7 }));
    events(run, "", 7, 8);
    const unheard = new Source("life-2", "detector");
    gaps.event(unheard, run, hop("", { incarnation: "life-2" }), 100);
    gaps.event(unheard, run, hop("", { incarnation: "life-2" }), 101);
    expect(run.tally.lost).toBe(0);
  });

  test("a Start that was given again - says where it joined: what is missing from there is lost", () => {
    const { run, events } = reader(next({ "": 7 }, { copy: true }));
    events(run, "", 9);
    expect(run.tally.lost).toBe(2);
  });

  test("a topic that nobody had heard of - begins at 0", () => {
    const { run, events } = reader(next({ a: 7 }));
    events(run, "b", 2);
    expect(run.tally.lost).toBe(2);
  });

  test("its Stop's figures - are not compared with what it saw", () => {
    const { run, events, stop } = reader(next({ "": 7 }));
    run.joinedAt = 7;
    events(run, "", 7, 8);
    stop(run, sent({ "": 9 }, of("", 9)));
    expect(run.tally.lost).toBe(0);
  });
});

describe("the tail", () => {
  test("Stop - tells of the events that would have come last", () => {
    const { run, told, events, stop } = reader();
    events(run, "", 0, 1, 2);
    stop(run, sent({ "": 5 }, of("", 5)));
    expect([run.tally.lost, told]).toEqual([2, ["r 2"]]);
  });

  test("Stop - tells of a topic of which nothing came", () => {
    const { run, events, stop } = reader();
    events(run, "a", 0);
    stop(run, sent({ a: 1, b: 3 }, of("a", 1), of("b", 3)));
    expect(run.tally.lost).toBe(3);
  });

  test("Stop - puts right what the gaps put down to the wrong run, and tells it once", () => {
    const { run, told, base, open, events, stop } = reader();
    const other = open("other");
    events(run, "", 0);
    events(other, "", 1);
    events(other, "", 4);
    expect([run.tally.lost, other.tally.lost]).toEqual([0, 2]);
    stop(run, sent({ "": 5 }, of("", 3)));
    expect([run.tally.lost, other.tally.lost, base.lost]).toEqual([2, 0, 0]);
    expect(told).toEqual(["other 2"]);
  });

  test("Stop - says how many were left out: the message that would have said so may be lost too", () => {
    const { run, events, stop } = reader();
    events(run, "", 0, 4);
    stop(run, sent({ "": 5 }, of("", 2, 3)));
    expect([run.tally.lost, run.tally.droppedUpstream]).toEqual([0, 3]);
  });

  test("Stop - of a shared stream makes a difference unknown, and none where all came", () => {
    for (const [came, lost] of [
      [2, "unknown"],
      [3, 0],
    ] as const) {
      const { run, gaps, source } = reader();
      for (let sequence = 0; sequence < came; sequence += 1) {
        gaps.event(source, run, hop("", { shared: true }), sequence);
      }
      gaps.ended(source, run, { ...sent({}, of("", 3)), shared: true });
      expect(run.tally.counts().lost).toBe(lost);
    }
  });

  test("sign of life - tells it at once, and the Stop does not count it again", () => {
    const { run, told, events, gaps, source, stop } = reader();
    events(run, "", 0, 1);
    gaps.next(source, run, next({ "": 4 }));
    expect([run.tally.lost, told]).toEqual([2, ["r 2"]]);
    gaps.next(source, run, next({ "": 4 }));
    stop(run, sent({ "": 4 }, of("", 4)));
    expect([run.tally.lost, told]).toEqual([2, ["r 2"]]);
  });

  test("sign of life - says what was left out since the last message", () => {
    const { run, events, gaps, source } = reader();
    events(run, "", 0);
    gaps.next(source, run, next({ "": 6 }, { left: new Map([["", 4]]) }));
    expect([run.tally.lost, run.tally.droppedUpstream]).toEqual([1, 4]);
  });

  test("sign of life - while several runs are open, waits for the Stop to say whose it was", () => {
    const { run, base, open, events, gaps, source, stop } = reader();
    const other = open("other");
    events(run, "", 0);
    events(other, "", 1);
    gaps.next(source, undefined, next({ "": 4 }));
    expect([base.lost, run.tally.lost, other.tally.lost]).toEqual([2, 0, 0]);
    stop(other, sent({ "": 4 }, of("", 2)));
    stop(run, sent({ "": 4 }, of("", 2)));
    expect([base.lost, run.tally.lost, other.tally.lost]).toEqual([0, 1, 1]);
  });
});

describe("followed topics", () => {
  test("others - are not looked at, neither in signs of life nor in the Stop", () => {
    const { run, events, gaps, stop } = reader();
    gaps.follow(["det/"]);
    events(run, "det/1", 0, 1);
    stop(run, sent({ "det/1": 3, log: 50 }, of("det/1", 3), of("log", 50)));
    expect(run.tally.lost).toBe(1);
    expect(gaps.unasked(sent({}, of("det/1", 3), of("log", 50), of("motors", 2)))).toBe(52);
  });

  test("none named - all are followed, and nothing was unasked", () => {
    const { gaps } = reader();
    expect(gaps.unasked(sent({}, of("det/1", 3), of("log", 50)))).toBe(0);
  });

  test("the source's account - keeps of what was sent only those asked for", () => {
    const { gaps } = reader();
    const of = (partition: string) => ({ stream: "d", partition, from: 0, to: 3, events: 3 });
    const account = { ...new Tally().counts(), block: "b", runs: [], hops: [], sent: [of("a"), of("b")] };
    const stop = Stop.accounted(new Stop({}, { run: "r" }), account);
    expect(gaps.asked(stop)).toBe(stop);
    gaps.follow(["b"]);
    expect(gaps.asked(stop).account?.sent).toEqual([of("b")]);
    expect(gaps.asked(new Stop({}, { run: "r" })).account).toBeUndefined();
  });
});

describe("a format's own numbers", () => {
  test("begin anywhere, count for each run, and a smaller one begins anew", () => {
    const { run, told, open, gaps, source } = reader(null);
    const other = open("other");
    for (const number of [17, 18, 21]) gaps.native(source, run, number);
    for (const number of [3, 4]) gaps.native(source, other, number);
    for (const number of [0, 1, 3]) gaps.native(source, run, number);
    expect([run.tally.lost, other.tally.lost, told]).toEqual([3, 0, ["r 2", "r 1"]]);
  });
});
