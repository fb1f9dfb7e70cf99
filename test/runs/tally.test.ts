import { describe, expect, test } from "vitest";
import { Tally } from "../../src/runs/tally.ts";

describe("tally", () => {
  test("left - is what is not finished, dropped, failed or dead", () => {
    const tally = new Tally();
    Object.assign(tally, { received: 10, finished: 4, dropped: 3, failed: 1, dead: 1, filtered: 2, reduced: 1 });
    expect(tally.left).toBe(1);
    expect(tally.counts()).toMatchObject({ received: 10, left: 1, lost: 0 });
  });

  test("reasons - are counted by name", () => {
    const tally = new Tally();
    tally.because("no-start");
    tally.because("no-start", 4);
    tally.because("after-stop");
    expect(tally.counts().reasons).toEqual({ "no-start": 5, "after-stop": 1 });
  });

  test("reasons - of words from outside are bounded, and what is beyond is counted together", () => {
    const tally = new Tally();
    for (let index = 0; index < 1_000; index += 1) tally.because(`process: odd ${index}`);
    const { reasons } = tally.counts();
    expect(Object.keys(reasons)).toHaveLength(101);
    expect(reasons["other reasons"]).toBe(900);
    expect(reasons["process: odd 99"]).toBe(1);
  });

  test("reasons - our own are not crowded out, and known ones go on counting", () => {
    const tally = new Tally();
    for (let index = 0; index < 200; index += 1) tally.because(`process: odd ${index}`);
    tally.because("no-start", 2);
    tally.because("process: odd 7");
    expect(tally.counts().reasons).toMatchObject({ "no-start": 2, "process: odd 7": 2, "other reasons": 100 });
  });

  test("reasons - stay bounded when tallies are added up", () => {
    const sum = new Tally();
    for (let run = 0; run < 30; run += 1) {
      const tally = new Tally();
      for (let index = 0; index < 50; index += 1) tally.because(`process: odd ${run} ${index}`);
      sum.add(tally);
    }
    const reasons = Object.values(sum.counts().reasons);
    expect(reasons).toHaveLength(101);
    expect(reasons.reduce((total, times) => total + times, 0)).toBe(1_500);
  });

  test("add - adds every number, and what is unknown stays unknown", () => {
    const one = new Tally();
    const other = new Tally();
    Object.assign(one, { received: 3, events: 1, finished: 2, published: 2, publishedEvents: 1, lost: 5 });
    Object.assign(other, { received: 4, dead: 1, failed: 1, dropped: 1, rejected: 2, droppedUpstream: 3, lost: 1 });
    one.add(other);
    expect(one.counts()).toMatchObject({ received: 7, finished: 2, dead: 1, failed: 1, dropped: 1, left: 2 });
    expect(one.counts()).toMatchObject({ events: 1, publishedEvents: 1, rejected: 2, droppedUpstream: 3, lost: 6 });
    other.lostUnknown = true;
    one.add(other);
    expect(one.counts().lost).toBe("unknown");
  });
});
