import { describe, expect, test } from "vitest";
import { AbortedError } from "../../../src/errors.ts";
import type { Inlet } from "../../../src/listener/listener.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { turns, until } from "../../../src/testing/conformance/until.ts";
import { MemoryChannel } from "../../../src/transports/memory/memory-channel.ts";
import { MemoryListener } from "../../../src/transports/memory/memory-listener.ts";
import { MemoryPublisher } from "../../../src/transports/memory/memory-publisher.ts";
import { event, numbers, publisher, reader, send, start, stopOf } from "./harness.ts";

describe("live memory channel", () => {
  test("readers - each gets every message, and nobody gets what was sent before", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    send(source, event(1));
    const [one, other] = [reader(channel), reader(channel)];
    send(source, event(2));
    send(source, event(3));
    await one.leave();
    send(source, event(4));
    expect(numbers(one.inlet)).toEqual([2, 3]);
    expect(numbers(other.inlet)).toEqual([2, 3, 4]);
    expect(channel.state).toEqual({ mode: "live", publishers: 1, readers: 1, ended: false });
  });

  test("memory that is lent - is copied, since readers may keep it for longer", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    const { inlet } = reader(channel);
    const lent = new Uint16Array(new SharedArrayBuffer(8)).fill(7);
    for (const payload of [new Uint8Array(lent.buffer), new NdArray(lent, [2, 2])])
      send(source, new Event({}, payload));
    lent.fill(9);
    const payloads = inlet.messages.map((message) => (message as Event).payload);
    expect(payloads).toEqual([
      new Uint8Array([7, 0, 7, 0, 7, 0, 7, 0]),
      new NdArray(Uint16Array.of(7, 7, 7, 7), [2, 2]),
    ]);
  });

  test("publish - gives nothing while there is room, and a promise while a reader is full", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    const [slow, fast] = [reader(channel), reader(channel)];
    expect(source.publish(event(1))).toBeUndefined();
    slow.inlet.shut();
    let done = false;
    const waiting = Promise.resolve(source.publish(event(2))).then(() => {
      done = true;
    });
    await turns();
    expect(done).toBe(false);
    expect(numbers(fast.inlet)).toEqual([1, 2]);
    slow.inlet.open();
    await waiting;
    expect(source.publish(event(3))).toBeUndefined();
    expect(numbers(slow.inlet)).toEqual([1, 2, 3]);
  });

  test("publish - of two publishers only one message waits at a full reader, and none is lost", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const sources = [await publisher(channel), await publisher(channel), await publisher(channel)];
    const { inlet } = reader(channel);
    inlet.shut();
    const waits = sources.map((source, index) =>
      source.publishBatch([event(10 * index), event(10 * index + 1), event(10 * index + 2)]),
    );
    await turns();
    expect(inlet.puts).toBe(1);
    inlet.open();
    await Promise.all(waits);
    expect(inlet.overruns).toBe(0);
    expect(numbers(inlet).sort()).toEqual([0, 1, 10, 11, 12, 2, 20, 21, 22]);
    for (const tens of [0, 10, 20]) {
      const own = numbers(inlet).filter((n) => Math.floor((n as number) / 10) * 10 === tens);
      expect(own).toEqual([tens, tens + 1, tens + 2]);
    }
  });

  test("publish - goes on when the full reader leaves", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    const slow = reader(channel);
    slow.inlet.shut();
    const waiting = source.publish(event(1));
    expect(waiting).toBeInstanceOf(Promise);
    await slow.leave();
    await waiting;
    expect(source.publish(event(2))).toBeUndefined();
  });

  test("reader - whose inlet throws fails alone", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    const broken: Inlet<AnyMessage> = {
      ready() {},
      put: () => {
        throw new Error("the inlet is broken");
      },
      putFrames() {},
    };
    const failing = new MemoryListener({ channel }).start(broken, new AbortController().signal);
    const rejecting: Inlet<AnyMessage> = { ...broken, put: () => Promise.reject(new Error("later")) };
    const failingLater = new MemoryListener({ channel }).start(rejecting, new AbortController().signal);
    const good = reader(channel);
    const outcomes = Promise.allSettled([failing, failingLater]);
    await source.publish(event(1));
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    send(source, event(2));
    expect(numbers(good.inlet)).toEqual([1, 2]);
  });

  test("inlet - a plain one of three members gets the messages, and no control message", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const got: string[] = [];
    const inlet: Inlet<AnyMessage> = {
      ready: () => void got.push("ready"),
      put: (message) => void got.push(message.type),
      putFrames() {},
    };
    const source = await publisher(channel);
    send(source, start("r"));
    const ended = new MemoryListener({ channel }).start(inlet, new AbortController().signal);
    send(source, event(1, "r"));
    source.close();
    await ended;
    expect(got).toEqual(["ready", "start", "event"]);
  });

  test("late joiner - gets the open runs' Starts as copies, with the counters of now", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel, { topic: "t" });
    for (const message of [start("a"), start("b"), event(1, "a"), stopOf("b"), event(2, "a")]) send(source, message);
    const { inlet } = reader(channel);
    send(source, event(3, "a"));
    expect(inlet.copies).toHaveLength(1);
    const [copy] = inlet.copies;
    expect(copy?.decoded.message).toMatchObject({ type: "start", run: "a", resumed: true });
    expect(copy?.decoded.sequence).toBe(0);
    expect(copy?.decoded.hop?.next?.get("t")).toBe(2);
    expect(copy?.decoded.hop?.began?.get("t")).toBeUndefined();
    expect(inlet.taken.map(({ decoded }) => decoded.sequence)).toEqual([2]);
  });

  test("late joiner - that is full at once gets all Starts before anything else", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    for (const run of ["a", "b", "c"]) send(source, start(run));
    const inlet = new RecordingInlet(nativeCodec);
    inlet.shut();
    void new MemoryListener({ channel }).start(inlet, new AbortController().signal);
    const waiting = source.publish(event(1, "a"));
    await turns();
    expect(inlet.puts).toBe(1);
    inlet.open();
    await waiting;
    expect(inlet.copies.map(({ decoded }) => decoded.message.run)).toEqual(["a", "b", "c"]);
    expect(numbers(inlet)).toEqual([1]);
    expect(inlet.overruns).toBe(0);
  });

  test("left out on purpose - is told with the next message of the topic", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    const { inlet } = reader(channel);
    send(source, start("r"));
    send(source, event(1, "r"));
    source.leaveOut(event(2, "r"));
    source.leaveOut(event(3, "r"));
    send(source, event(4, "r"));
    send(source, event(5, "r"));
    expect(source.sentOf("r")).toEqual([{ stream: "detector", partition: "", from: 0, to: 5, events: 3 }]);
    send(source, stopOf("r"));
    const events = inlet.taken.filter(({ decoded }) => decoded.message.type === "event");
    expect(events.map(({ decoded }) => [decoded.sequence, decoded.hop?.skipped])).toEqual([
      [0, 0],
      [3, 2],
      [4, 0],
    ]);
    expect(inlet.taken.at(-1)?.decoded.hop?.sent).toEqual([{ topic: "", events: 3, skipped: 2 }]);
  });

  test("life - a new one begins with begin, not with close and open", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel, { endOnClose: false });
    const { inlet } = reader(channel);
    send(source, event(1));
    source.close();
    await source.open(new AbortController().signal);
    send(source, event(2));
    source.close();
    source.begin("block");
    await source.open(new AbortController().signal);
    send(source, event(3));
    const hops = inlet.taken.map(({ decoded }) => decoded);
    expect(hops.map(({ sequence }) => sequence)).toEqual([0, 1, 0]);
    expect(hops[0]?.hop?.incarnation).toBe(hops[1]?.hop?.incarnation);
    expect(hops[0]?.hop?.incarnation).not.toBe(hops[2]?.hop?.incarnation);
    expect(hops.map(({ stream }) => stream)).toEqual(["detector", "detector", "detector"]);
  });

  test("life - one that ends with a run open says so to whoever reads on", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const [left, stays] = [await publisher(channel), await publisher(channel)];
    const { inlet, isOver } = reader(channel);
    send(left, start("r"));
    left.close();
    expect(inlet.control.map(({ decoded }) => decoded.hop?.open)).toEqual([[]]);
    expect(isOver()).toBe(false);
    send(stays, event(1));
    const late = reader(channel);
    expect(late.inlet.copies).toEqual([]);
  });

  test("topics - a reader gets those it asked for, with Starts and Stops, and says which", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const topic = (message: AnyMessage): string => (message.type === "event" ? String(message.field("topic")) : "");
    const source = await publisher(channel, { topic });
    const { inlet } = reader(channel, { topics: ["image/", "log"] });
    send(source, start("r"));
    for (const name of ["image/1", "image", "logs", "other", "image/2", "image/1"]) {
      send(source, new Event({ topic: name }, new Uint8Array(0), { run: "r" }));
    }
    send(source, stopOf("r"));
    const got = inlet.messages.map((message) => (message.type === "event" ? message.field("topic") : message.type));
    expect(got).toEqual(["start", "image/1", "logs", "image/2", "image/1", "stop"]);
    expect(inlet.followed).toEqual([["image/", "log"]]);
  });

  test("waitForReaders - holds open until so many read, and ends with its signal", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = new MemoryPublisher({ channel, waitForReaders: 2 });
    let opened = false;
    const opening = source.open(new AbortController().signal).then(() => {
      opened = true;
    });
    const first = reader(channel);
    await turns();
    expect(opened).toBe(false);
    reader(channel);
    await opening;

    const stop = new AbortController();
    const third = new MemoryPublisher({ channel, waitForReaders: 3 });
    const waiting = third.open(stop.signal);
    stop.abort();
    await expect(waiting).rejects.toBeInstanceOf(AbortedError);
    source.close();
    await first.ended;
  });

  test("end - comes when every publisher made for the channel was opened and closed", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const first = await publisher(channel);
    const second = new MemoryPublisher({ channel });
    const { isOver, ended } = reader(channel);
    first.close();
    await turns();
    expect(isOver(), "one is still to come").toBe(false);
    await second.open(new AbortController().signal);
    send(second, event(1));
    second.close();
    await ended;
  });

  test("end - a publisher that is put in another's place before that one leaves keeps the channel open", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const old = await publisher(channel);
    const { inlet, isOver } = reader(channel);
    const next = await publisher(channel);
    old.close();
    send(next, event(1));
    await turns();
    expect(isOver()).toBe(false);
    expect(numbers(inlet)).toEqual([1]);
  });

  test("end - a publisher with endOnClose false neither ends the channel nor keeps it open", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const silent = await publisher(channel, { endOnClose: false });
    const { isOver, ended } = reader(channel);
    silent.close();
    await turns();
    expect(isOver()).toBe(false);
    await silent.open(new AbortController().signal);
    const source = await publisher(channel);
    source.close();
    await ended;
  });

  test("end - a listener that comes after it ends at once, until a publisher opens again", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    source.close();
    const late = reader(channel);
    await late.ended;
    expect(late.inlet.readyAt).toEqual([0]);
    await source.open(new AbortController().signal);
    const again = reader(channel);
    send(source, event(1));
    source.close();
    await again.ended;
    expect(numbers(again.inlet)).toEqual([1]);
  });

  test("end - a full reader gets what waits before its source ends", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    const { inlet, isOver, ended } = reader(channel);
    inlet.shut();
    const waiting = source.publish(event(1));
    channel.end();
    await turns();
    expect(isOver()).toBe(false);
    inlet.open();
    await waiting;
    await ended;
    expect(numbers(inlet)).toEqual([1]);
  });

  test("end - for good refuses to open again, and says so", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    channel.end();
    channel.end();
    await expect(publisher(channel)).rejects.toThrow(/ended for good/);
    expect(channel.state.ended).toBe(true);
  });

  test("signal - no listener is left on it when start has returned", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    const stop = new AbortController();
    let added = 0;
    const add = stop.signal.addEventListener.bind(stop.signal);
    const remove = stop.signal.removeEventListener.bind(stop.signal);
    stop.signal.addEventListener = ((...all: Parameters<typeof add>) => {
      added += 1;
      add(...all);
    }) as typeof add;
    stop.signal.removeEventListener = ((...all: Parameters<typeof remove>) => {
      added -= 1;
      remove(...all);
    }) as typeof remove;
    const ended = new MemoryListener({ channel }).start(new RecordingInlet(nativeCodec), stop.signal);
    source.close();
    await ended;
    await until(() => added === 0, "the listener on the signal to be gone");
  });
});
