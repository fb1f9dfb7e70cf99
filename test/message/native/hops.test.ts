import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import { LIFECYCLE_TOPIC } from "../../../src/message/native/topic.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { eventOf, INCARNATION, only, RUN, reader, writer } from "./samples.ts";

const event = (run?: string): Event => new Event({}, Uint8Array.of(1), run === undefined ? {} : { run });

describe("sequences", () => {
  test("events - count from 0 for each topic, apart from Starts and Stops", () => {
    const write = writer();
    const read = reader();
    const sequence = (topic?: string): number | undefined =>
      read(only(write(event(RUN), topic === undefined ? undefined : { topic }))).sequence;
    expect(read(only(write(new Start({}, { run: RUN })))).sequence).toBe(0);
    expect([sequence("a"), sequence("b"), sequence("a"), sequence(), sequence("b"), sequence()]).toEqual([
      0, 0, 1, 0, 1, 1,
    ]);
    expect(read(only(write(new Stop({}, { run: RUN })))).sequence).toBe(1);
  });

  test("skip - takes a number, and the next message of the topic says how many were left out", () => {
    const write = writer();
    const read = reader();
    write.skip(event(), { topic: "a" });
    write.skip(event(), { topic: "a" });
    const next = read(only(write(event(), { topic: "a" })));
    expect([next.sequence, next.hop?.skipped]).toEqual([2, 2]);
    expect(read(only(write(event(), { topic: "b" }))).hop?.skipped).toBe(0);
    const after = read(only(write(event(), { topic: "a" })));
    expect([after.sequence, after.hop?.skipped]).toEqual([3, 0]);
    write.skip(new Start({}, { run: RUN }));
    const start = read(only(write(new Start({}, { run: "other" }))));
    expect([start.sequence, start.hop?.skipped]).toEqual([1, 1]);
  });

  test("hop - is the same object while incarnation and topic stay and nothing was left out", () => {
    const write = writer();
    const other = writer("detector", "ffffffffffffffff");
    const read = reader();
    const hop = (frames: readonly (readonly Uint8Array[])[]) => read(only(frames)).hop;
    const first = hop(write(event(), { topic: "a" }));
    expect(first).toEqual({ incarnation: INCARNATION, topic: "a", skipped: 0, shared: false, copy: false });
    const b = hop(write(event(), { topic: "b" }));
    const theirs = hop(other(event(), { topic: "a" }));
    expect(theirs).toEqual({ ...first, incarnation: "ffffffffffffffff" });
    expect(hop(write(event(), { topic: "a" }))).toBe(first);
    expect(hop(write(event(), { topic: "b" }))).toBe(b);
    expect(hop(write(new Event({}, Uint8Array.of(1), { key: "k" }), { topic: "a" }))).toBe(first);
    expect(hop(other(event(), { topic: "a" }))).toBe(theirs);
    write.skip(event(), { topic: "a" });
    expect(hop(write(event(), { topic: "a" }))).toEqual({ ...first, skipped: 1 });
    expect(hop(write(event(), { topic: "a" }))).toBe(first);
  });

  test("many topics - more than a reader remembers are still told apart", () => {
    const write = writer();
    const read = reader();
    for (let turn = 0; turn < 3; turn += 1) {
      for (let i = 0; i < 20; i += 1) {
        const { sequence, hop } = read(only(write(event(), { topic: `topic-${i}` })));
        expect([hop?.topic, sequence]).toEqual([`topic-${i}`, turn]);
      }
    }
  });

  test("topics without end - are refused", () => {
    const write = writer();
    const many = (): void => {
      for (let i = 0; i < 5000; i += 1) write(event(), { topic: `topic-${i}` });
    };
    expect(many).toThrow(UsageError);
    expect(many).toThrow("4096 topics");
  });
});

describe("origins", () => {
  test("a message without one - gets that of this hop", () => {
    const write = writer();
    const read = reader();
    const origin = (frames: readonly (readonly Uint8Array[])[]) => read(only(frames)).message.envelope.origin;
    const start = { stream: "detector", partition: LIFECYCLE_TOPIC, sequence: 0 };
    expect(origin(write(new Start({}, { run: RUN })))).toEqual(start);
    expect(origin(write(event()))).toEqual({ stream: "detector", partition: "", sequence: 0 });
    expect(origin(write(event(), { topic: "a" }))).toEqual({ stream: "detector", partition: "a", sequence: 0 });
    expect(origin(write(event(), { topic: "a" }))).toEqual({ stream: "detector", partition: "a", sequence: 1 });
  });

  test("a message with one - keeps it over any number of hops", () => {
    const origin = { stream: "first", partition: "p", sequence: 77 };
    const read = reader();
    let message = eventOf({ message: new Event({ a: 1 }, Uint8Array.of(1), { origin }) });
    for (const name of ["one", "two", "three"]) {
      message = eventOf(read(only(writer(name)(message, { topic: name }))));
      expect(message.envelope.origin).toEqual(origin);
    }
  });

  test("sent - says what this life sent of a run as its source", () => {
    const write = writer();
    write(event("earlier"), { topic: "a" });
    write(new Start({}, { run: RUN }));
    expect(write.sent(RUN)).toEqual([]);
    for (let i = 0; i < 3; i += 1) write(event(RUN), { topic: "a" });
    write(event("other"), { topic: "a" });
    write.skip(event(RUN), { topic: "a" });
    write(event(RUN), { topic: "a" });
    write(event(RUN));
    write(new Event({}, Uint8Array.of(1), { run: RUN, origin: { stream: "x", partition: "", sequence: 0 } }));
    expect(write.sent(RUN)).toEqual([
      { stream: "detector", partition: "a", from: 1, to: 7, events: 4 },
      { stream: "detector", partition: "", from: 0, to: 1, events: 1 },
    ]);
    const stop = reader()(only(write(new Stop({}, { run: RUN }))));
    expect(stop.hop?.sent).toEqual([
      { topic: "a", events: 4, skipped: 1 },
      { topic: "", events: 2, skipped: 0 },
    ]);
    expect(stop.hop?.next).toEqual(
      new Map([
        ["a", 7],
        ["", 2],
      ]),
    );
    expect(write.sent(RUN)).toEqual([]);
  });

  test("a Stop without a Start - says nothing of what was sent", () => {
    const write = writer();
    write(event(RUN));
    expect(reader()(only(write(new Stop({}, { run: RUN })))).hop).not.toHaveProperty("sent");
  });
});

describe("late joiners", () => {
  test("again - repeats the Starts of the open runs, with their numbers of then and the counters of now", () => {
    const write = writer();
    const read = reader();
    write(event("x"), { topic: "a" });
    const first = read(only(write(new Start({ motor: "x" }, { run: RUN, key: "k", timeMs: 5 }))));
    expect(first.stream).toBe("detector");
    expect(first.hop).toEqual({
      incarnation: INCARNATION,
      topic: LIFECYCLE_TOPIC,
      skipped: 0,
      shared: false,
      copy: false,
      began: new Map([["a", 1]]),
      next: new Map([["a", 1]]),
    });
    write(new Start({}, { run: "second", resumed: true }));
    write(event(RUN), { topic: "a" });
    write(event(RUN), { topic: "b" });

    const [copy, second, ...others] = write.again().map((frames) => read(frames));
    expect(others).toEqual([]);
    const { message } = first;
    expect(copy?.message).toMatchObject({ data: { motor: "x" }, resumed: true, envelope: message.envelope });
    expect(message).toMatchObject({ resumed: false });
    expect([copy?.sequence, copy?.stream]).toEqual([0, "detector"]);
    expect(copy?.hop).toEqual({
      ...first.hop,
      copy: true,
      next: new Map([
        ["a", 2],
        ["b", 1],
      ]),
    });
    expect(second?.message).toMatchObject({ run: "second", resumed: true });
    expect(second?.sequence).toBe(1);

    write(new Stop({}, { run: RUN }));
    expect(write.again()).toHaveLength(1);
    write(new Stop({}, { run: "second" }));
    expect(write.again()).toEqual([]);
  });

  test("many open runs - the oldest is forgotten", () => {
    const write = writer();
    for (let i = 0; i < 70; i += 1) write(new Start({}, { run: `run-${i}` }));
    const runs = write.again().map((frames) => reader()(frames).message.run);
    expect(runs).toHaveLength(64);
    expect(runs[0]).toBe("run-6");
  });

  test("large Starts - are repeated only as far as memory is bounded, and their runs stay open", () => {
    const write = writer();
    const mask = new Uint8Array(5 * 1024 * 1024);
    for (let i = 0; i < 5; i += 1) write(new Start({ mask }, { run: `run-${i}` }));
    const read = reader({ maxHeaderBytes: 2 ** 24 });
    expect(write.again().map((frames) => read(frames).message.run)).toEqual(["run-2", "run-3", "run-4"]);
    expect(read(write.signOfLife() as Uint8Array[]).hop?.open).toHaveLength(5);
  });

  test("a run begun again - is remembered once", () => {
    const write = writer();
    write(new Start({ turn: 1 }, { run: RUN }));
    write(new Start({ turn: 2 }, { run: RUN }));
    expect(reader()(only(write.again())).message).toMatchObject({ data: { turn: 2 } });
  });
});

describe("signs of life", () => {
  test("while runs are open - name them and the next sequences, and take no number themselves", () => {
    const write = writer();
    const read = reader();
    expect(write.signOfLife()).toBeUndefined();
    write(new Start({}, { run: RUN }));
    write(event(RUN), { topic: "a" });
    const { message, stream, control, sequence, hop } = read(write.signOfLife() as Uint8Array[]);
    expect([stream, control, sequence]).toEqual(["detector", true, undefined]);
    expect(message).toMatchObject({ type: "event", run: undefined, metadata: { stream: "detector", open: [RUN] } });
    expect(hop).toMatchObject({ incarnation: INCARNATION, open: [RUN], next: new Map([["a", 1]]) });
    expect(read(only(write(new Stop({}, { run: RUN })))).sequence).toBe(1);
    expect(write.signOfLife()).toBeUndefined();
  });
});

describe("shared streams", () => {
  test("shared - is said by everything that this writer sends, and by nothing that another one sends on", async () => {
    const { nativeCodec } = await import("../../../src/message/native/native-codec.ts");
    const write = nativeCodec.writer({ shared: true });
    const read = reader();
    const start = only(write(new Start({}, { run: RUN })));
    const sent = only(write(event(RUN)));
    const all = [start, sent, write.signOfLife?.() ?? [], ...(write.again?.() ?? [])];
    expect(all.map((frames) => read(frames).hop?.shared)).toEqual([true, true, true, true]);
    expect(read(only(writer()(read(sent).message))).hop?.shared).toBe(false);
    expect(read(only(write(read(sent).message))).hop?.shared).toBe(true);
  });
});
