import { describe, expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { turns } from "../../../src/testing/conformance/until.ts";
import { MemoryChannel, type MemoryChannelOptions } from "../../../src/transports/memory/memory-channel.ts";
import { MemoryListener } from "../../../src/transports/memory/memory-listener.ts";
import { event, events, numbers, publisher, type Reader, reader, send, start, stopOf } from "./harness.ts";

const log = (options: MemoryChannelOptions = {}): MemoryChannel<AnyMessage> =>
  new MemoryChannel({ ...options, mode: "log" });

async function ackFirst({ inlet }: Reader, count: number): Promise<void> {
  for (const { settlement } of inlet.taken.slice(0, count)) await settlement?.ack();
}

describe("memory log", () => {
  test("publish - keeps messages for whoever comes later, without waiting", async () => {
    const channel = log();
    const source = await publisher(channel);
    send(source, start("r"), ...events(0, 3, "r"), stopOf("r"));
    expect(numbers(reader(channel).inlet)).toEqual(["start", 0, 1, 2, "stop"]);
    send(source, event(9));
    expect(numbers(reader(channel).inlet)).toEqual(["start", 0, 1, 2, "stop", 9]);
    expect(channel.state.kept).toMatchObject({ first: 0, next: 6 });
  });

  test("from - oldest, newest, a position, or where the group is", async () => {
    const channel = log();
    const source = await publisher(channel);
    send(source, ...events(0, 5));
    expect(numbers(reader(channel).inlet)).toEqual([0, 1, 2, 3, 4]);
    expect(numbers(reader(channel, { from: "oldest" }).inlet)).toEqual([0, 1, 2, 3, 4]);
    expect(numbers(reader(channel, { from: { position: 3 } }).inlet)).toEqual([3, 4]);
    const newest = reader(channel, { from: "newest" });
    send(source, event(5));
    expect(numbers(newest.inlet)).toEqual([5]);
    expect(numbers(reader(channel, { from: { position: 6 } }).inlet)).toEqual([]);
    await expect(reader(channel, { from: { position: 7 } }).ended).rejects.toThrow(/expected a position up to 6/);
  });

  test("from - sets a group once; the same listener goes on from there when it is started again", async () => {
    const channel = log();
    const source = await publisher(channel);
    send(source, ...events(0, 5));
    const listener = new MemoryListener({ channel, group: "g", from: { position: 2 } });
    for (const expected of [
      [2, 3, 4],
      [3, 4],
    ]) {
      const inlet = new RecordingInlet(nativeCodec);
      const stop = new AbortController();
      const ended = listener.start(inlet, stop.signal);
      expect(numbers(inlet)).toEqual(expected);
      await inlet.taken[0]?.settlement?.ack();
      stop.abort();
      await ended;
    }
    expect(channel.state.committed).toEqual({ g: 4 });
  });

  test("group - goes on where it finished, and gets the Starts of the open runs again, resumed", async () => {
    const channel = log();
    const source = await publisher(channel);
    send(source, start("a"), event(1, "a"), start("b"), event(2, "b"), stopOf("a"), event(3, "b"));
    const first = reader(channel, { group: "g" });
    await ackFirst(first, 4);
    await first.leave();
    const second = reader(channel, { group: "g" });
    expect(numbers(second.inlet)).toEqual(["stop", 3]);
    expect(second.inlet.copies.map(({ decoded }) => decoded.message)).toMatchObject([
      { type: "start", run: "a", resumed: true },
      { type: "start", run: "b", resumed: true },
    ]);
    expect(second.inlet.copies.every(({ settlement }) => settlement === undefined)).toBe(true);
    expect(second.inlet.losses).toEqual([]);
  });

  test("group - what is acknowledged after its reader left counts, as when a block drains", async () => {
    const channel = log();
    const source = await publisher(channel);
    send(source, ...events(0, 4));
    const first = reader(channel, { group: "g" });
    await first.leave();
    await ackFirst(first, 3);
    expect(channel.state.committed).toEqual({ g: 3 });
    expect(numbers(reader(channel, { group: "g" }).inlet)).toEqual([3]);
  });

  test("group - what is acknowledged late does not undo going back", async () => {
    const channel = log();
    const source = await publisher(channel);
    send(source, ...events(0, 4));
    const first = reader(channel, { group: "g" });
    await first.leave();
    const back = reader(channel, { group: "g", from: "oldest" });
    await ackFirst(first, 4);
    await back.leave();
    expect(numbers(reader(channel, { group: "g" }).inlet)).toEqual([0, 1, 2, 3]);
  });

  test("group - a message that was given back holds the rest for the next reader", async () => {
    const channel = log();
    const source = await publisher(channel);
    send(source, ...events(0, 5));
    const first = reader(channel, { group: "g" });
    await first.inlet.taken[1]?.settlement?.nack("failed");
    await ackFirst(first, 5);
    await first.leave();
    expect(numbers(reader(channel, { group: "g" }).inlet)).toEqual([1, 2, 3, 4]);
  });

  test("group - has one reader at a time, and each group reads for itself", async () => {
    const channel = log();
    const source = await publisher(channel);
    const one = reader(channel, { group: "g" });
    await expect(reader(channel, { group: "g" }).ended).rejects.toThrow(/the group "g" has a reader already/);
    const other = reader(channel, { group: "h" });
    send(source, event(1));
    await one.leave();
    const next = reader(channel, { group: "g" });
    expect([numbers(one.inlet), numbers(other.inlet), numbers(next.inlet)]).toEqual([[1], [1], [1]]);
  });

  test("topics - those that are left out do not hold the position", async () => {
    const channel = log();
    const topic = (message: AnyMessage): string => (message.type === "event" && message.field("n") === 1 ? "b" : "a");
    const source = await publisher(channel, { topic });
    send(source, ...events(0, 3));
    const first = reader(channel, { group: "g", topics: ["a"] });
    expect(numbers(first.inlet)).toEqual([0, 2]);
    await ackFirst(first, 2);
    await first.leave();
    expect(channel.state.committed).toEqual({ g: 3 });
  });

  test("bound - the oldest are trimmed when nobody reads, by messages and by bytes", async () => {
    const channel = log({ maxMessages: 3 });
    const source = await publisher(channel);
    send(source, ...events(0, 10));
    expect(numbers(reader(channel).inlet)).toEqual([7, 8, 9]);
    expect(channel.state.kept).toMatchObject({ first: 7, next: 10 });

    const narrow = log({ maxBytes: 10_000 });
    const large = await publisher(narrow);
    for (let n = 0; n < 10; n += 1) send(large, new Event({ n }, new Uint8Array(3_000)));
    expect(numbers(reader(narrow).inlet)).toEqual([7, 8, 9]);
    send(large, new Event({ n: 10 }, new Uint8Array(1_000_000)));
    expect(numbers(reader(narrow).inlet), "the newest stays, however large").toEqual([10]);
  });

  test("bound - a publisher waits for a reader that has not taken the oldest, and nothing is lost", async () => {
    const channel = log({ maxMessages: 3 });
    const source = await publisher(channel);
    const slow = reader(channel, { shut: true });
    let done = false;
    const sending = Promise.resolve(source.publishBatch(events(0, 20))).then(() => {
      done = true;
    });
    await turns();
    expect(done).toBe(false);
    expect(channel.state.kept?.next).toBeLessThanOrEqual(5);
    slow.inlet.open();
    await sending;
    expect(numbers(slow.inlet)).toEqual(numbersUpTo(20));
    expect(slow.inlet.losses).toEqual([]);
  });

  test("bound - a reader that leaves holds nothing up", async () => {
    const channel = log({ maxMessages: 2 });
    const source = await publisher(channel);
    const slow = reader(channel, { shut: true });
    const sending = source.publishBatch(events(0, 10));
    await turns();
    await slow.leave();
    await sending;
    expect(channel.state.kept).toMatchObject({ first: 8, next: 10 });
  });

  test("trimmed - what a group had not finished is told as lost, once", async () => {
    const channel = log({ maxMessages: 4 });
    const source = await publisher(channel);
    send(source, start("a"), ...events(0, 3, "a"));
    const first = reader(channel, { group: "g" });
    await ackFirst(first, 2);
    await first.leave();
    send(source, ...events(3, 9, "a"), stopOf("a"));
    const second = reader(channel, { group: "g" });
    expect(second.inlet.losses).toEqual([
      { messages: 5, reason: "trimmed from the memory channel before it was read" },
    ]);
    expect(second.inlet.copies.map(({ decoded }) => decoded.message.run)).toEqual(["a"]);
    expect(second.inlet.copies[0]?.decoded.hop?.next).toBeUndefined();
    expect(numbers(second.inlet)).toEqual([6, 7, 8, "stop"]);
    await second.leave();
    expect(reader(channel, { group: "g" }).inlet.losses).toEqual([]);
  });

  test("trimmed - what a group finished, or never wanted, or never knew of, is not lost", async () => {
    const channel = log({ maxMessages: 2 });
    const topic = (message: AnyMessage): string =>
      message.type === "event" && (message.field("n") as number) % 2 === 1 ? "odd" : "even";
    const source = await publisher(channel, { topic });
    send(source, ...events(0, 4));
    const first = reader(channel, { group: "odd only", topics: ["odd"] });
    await first.leave();
    send(source, ...events(4, 8));
    expect(reader(channel, { group: "odd only", topics: ["odd"] }).inlet.losses).toMatchObject([{ messages: 2 }]);
    expect(reader(channel, { group: "never read" }).inlet.losses).toEqual([]);
    expect(reader(channel).inlet.losses).toEqual([]);

    const inWork = reader(channel, { group: "in work" });
    send(source, ...events(8, 14));
    await ackFirst(inWork, inWork.inlet.taken.length);
    await inWork.leave();
    expect(reader(channel, { group: "in work" }).inlet.losses, "trimmed while it was in work").toEqual([]);
  });

  test("trimmed - a position that was asked for and is gone is told as lost", async () => {
    const channel = log({ maxMessages: 2 });
    const source = await publisher(channel);
    send(source, ...events(0, 10));
    for (const group of [{}, { group: "g" }]) {
      const { inlet } = reader(channel, { ...group, from: { position: 3 } });
      expect(inlet.losses).toMatchObject([{ messages: 5 }]);
      expect(numbers(inlet)).toEqual([8, 9]);
    }
  });

  test("trimmed - a reader that begins later gets the Starts of the runs that are open there", async () => {
    const channel = log({ maxMessages: 2 });
    const source = await publisher(channel);
    const gone = await publisher(channel);
    send(gone, start("of a life that ended"));
    gone.close();
    send(source, start("a"), start("b"), stopOf("a"), ...events(0, 5, "b"));
    const { inlet } = reader(channel);
    expect(inlet.copies.map(({ decoded }) => decoded.message.run)).toEqual(["b"]);
    expect(numbers(inlet)).toEqual([3, 4]);
    const newest = reader(channel, { from: "newest" });
    expect(newest.inlet.copies.map(({ decoded }) => decoded.message.run)).toEqual(["b"]);
  });

  test("kept - a message does not keep a much larger received buffer alive", async () => {
    const channel = log();
    const source = await publisher(channel);
    const chunk = new Uint8Array(1 << 16);
    send(source, new Event({ n: 1 }, chunk.subarray(100, 200)));
    const { inlet } = reader(channel);
    const [message] = inlet.messages;
    expect(message?.type === "event" && (message.payload as Uint8Array).buffer.byteLength).toBe(100);
  });

  test("end - readers get all that was published, then their source ends; a later one too", async () => {
    const channel = log();
    const source = await publisher(channel);
    const slow = reader(channel, { shut: true });
    send(source, ...events(0, 3));
    source.close();
    await turns();
    expect(slow.isOver()).toBe(false);
    slow.inlet.open();
    await slow.ended;
    expect(numbers(slow.inlet)).toEqual([0, 1, 2]);
    const late = reader(channel);
    await late.ended;
    expect(numbers(late.inlet)).toEqual([0, 1, 2]);
  });

  test("end - a life that ends with a run open says so to every reader, also later ones", async () => {
    const channel = log();
    const source = await publisher(channel, { endOnClose: false });
    send(source, start("r"));
    source.close();
    for (let round = 0; round < 2; round += 1) {
      const { inlet } = reader(channel);
      expect(inlet.control.map(({ decoded }) => decoded.hop?.open)).toEqual([[]]);
    }
  });

  test("dispose - forgets what is kept, and ends the readers", async () => {
    const channel = log();
    const source = await publisher(channel);
    const one = reader(channel, { group: "g" });
    send(source, ...events(0, 3));
    channel[Symbol.dispose]();
    await one.ended;
    expect(channel.state).toMatchObject({ ended: true, readers: 0, kept: { first: 3, next: 3, bytes: 0 } });
  });

  test("memory - many messages through a small log leave nothing behind", async () => {
    const channel = log({ maxMessages: 100 });
    const source = await publisher(channel);
    const inlet = { ready() {}, put() {}, putFrames() {} };
    void new MemoryListener({ channel, group: "g" }).start(inlet, new AbortController().signal);
    for (let n = 0; n < 20_000; n += 1) send(source, event(n % 256));
    expect(channel.state.kept).toMatchObject({ first: 19_900, next: 20_000 });
    expect(numbers(reader(channel).inlet)).toHaveLength(100);
  });
});

function numbersUpTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
