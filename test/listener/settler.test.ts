import { describe, expect, test } from "vitest";
import { event, InletSubject, start, stop } from "./inlet-subject.ts";

const recover = (): InletSubject => new InletSubject({ replay: "log", recoverRuns: true });

/** Puts messages under their own names. */
function put(subject: InletSubject, ...names: readonly string[]): void {
  for (const name of names) {
    const [kind, run = "", n] = name.split(" ");
    const message = kind === "start" ? start(run) : kind === "stop" ? stop(run) : event(Number(n), run);
    void subject.put(name, message);
  }
}

describe("settlement with recover: run", () => {
  test("a run - is acked when its Stop and all else is finished, its Start last", () => {
    const subject = recover();
    put(subject, "start r", "event r 1", "event r 2", "stop r");
    const [first, one, two, last] = subject.take();
    first?.done();
    last?.done();
    two?.done();
    expect(subject.settled).toEqual([]);
    one?.done();
    expect(subject.settled.slice().sort()).toEqual(["ack event r 1", "ack event r 2", "ack start r", "ack stop r"]);
    expect(subject.settled.at(-1)).toBe("ack start r");
  });

  test("runs that overlap - none is acked before all are", () => {
    const subject = recover();
    put(subject, "start a", "start b", "event a 1", "stop a");
    subject.finish();
    expect(subject.settled).toEqual([]);
    put(subject, "start c", "stop b");
    subject.finish();
    expect(subject.settled).toEqual([]);
    put(subject, "stop c");
    subject.finish();
    expect(subject.settled).toHaveLength(7);
    expect(subject.settled.every((how) => how.startsWith("ack"))).toBe(true);
  });

  test("runs one after the other - each is acked for itself", () => {
    const subject = recover();
    put(subject, "start a", "stop a", "start b");
    subject.finish();
    expect(subject.settled).toEqual(["ack stop a", "ack start a"]);
  });

  test("one message fails - the whole run is given back, and what comes of it later too", () => {
    const subject = recover();
    put(subject, "start r", "event r 1", "event r 2");
    subject.queue.shift()?.done();
    subject.conclude("refused");
    expect(subject.settled).toEqual(["nack start r failed", "nack event r 1 failed"]);
    put(subject, "stop r");
    subject.finish();
    expect(subject.settled.slice(2)).toEqual(["nack event r 2 stopped", "nack stop r stopped"]);
  });

  test("one run is given back - so are those that overlap with it or came later, and none before", () => {
    const subject = recover();
    put(subject, "start a", "stop a", "start b", "start c", "stop c", "event b 1");
    for (let taken = 0; taken < 5; taken += 1) subject.queue.shift()?.done();
    expect(subject.settled).toEqual(["ack stop a", "ack start a"]);
    subject.conclude("refused");
    expect(subject.settled.slice(2)).toEqual([
      "nack start b failed",
      "nack event b 1 failed",
      "nack start c stopped",
      "nack stop c stopped",
    ]);
  });

  test("the source breaks within a run - it is given back, as we leave it", () => {
    const subject = recover();
    put(subject, "start r", "event r 1");
    subject.finish();
    subject.inlet.end("interrupted", "unseen");
    expect(subject.finish()).toEqual(["stop r interrupted"]);
    expect(subject.settled).toEqual(["nack start r stopped", "nack event r 1 stopped"]);
  });

  test("the end - gives back all that is kept, once", () => {
    const subject = recover();
    put(subject, "start r", "event r 1");
    subject.finish();
    for (let times = 0; times < 2; times += 1) subject.inlet.giveBackRuns();
    expect(subject.settled).toEqual(["nack start r stopped", "nack event r 1 stopped"]);
  });

  test("what belongs to no run - is settled one by one", () => {
    const subject = recover();
    put(subject, "start r");
    void subject.put("log", event(1));
    subject.finish();
    expect(subject.settled).toEqual(["ack log"]);
  });
});

describe("settlement message by message", () => {
  test("each outcome - says to its source what it has to know", () => {
    const outcomes = ["finished", "dropped", "failed", "dead", "refused", "stopped"] as const;
    const subject = new InletSubject();
    for (const outcome of outcomes) void subject.put(outcome, event(1));
    for (const outcome of outcomes) subject.conclude(outcome);
    expect(subject.settled).toEqual([
      "ack finished",
      "ack dropped",
      "ack failed",
      "ack dead",
      "nack refused failed",
      "nack stopped stopped",
    ]);
    expect(subject.ledger.counts()).toMatchObject({
      received: 6,
      finished: 1,
      dropped: 1,
      failed: 2,
      dead: 1,
      left: 1,
    });
  });
});
