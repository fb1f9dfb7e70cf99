import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import type { BlockOptions } from "../../../src/block/options.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage, Message } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { inTime, until } from "../../../src/testing/conformance/until.ts";
import type { EngineName } from "../../../src/transports/zmq/ends.ts";
import { ZmqListener, type ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { Places, type Transport } from "./places.ts";

const PATIENCE_MS = 10_000;
const never = new AbortController().signal;
const COUNT = 200;
/** On both sides of what is lent, and of changing length. */
const LENGTHS = [20_000, 32_768, 300_000, 301_000, 900_000, 900_000, 1_000_000, 50_000];

function payload(number: number): Uint8Array {
  const bytes = new Uint8Array(LENGTHS[number % LENGTHS.length] as number);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at + number * 7) & 255;
  return bytes;
}

function isRight(event: Event): boolean {
  const bytes = event.payload as Uint8Array;
  return Buffer.compare(bytes, payload(Number(event.metadata["number"]))) === 0;
}

async function sendRun(source: ZmqPublisher, count = COUNT): Promise<void> {
  await source.publish(new Start({}, { run: "r" }));
  for (let number = 0; number < count; number += 1) {
    await source.publish(new Event({ number }, payload(number), { run: "r" }));
  }
  await source.publish(new Stop({}, { run: "r" }));
}

interface Between {
  readonly operator?: (message: Message) => AnyMessage | undefined | Promise<AnyMessage>;
  readonly listener?: Partial<ZmqListenerOptions>;
  readonly publishers?: BlockOptions["publishers"];
  readonly guarantee?: "at-most-once";
}

/** Sends a run through a block that reuses buffers, and waits for its end there. */
async function through({ operator = (message) => message, listener, publishers, guarantee }: Between): Promise<void> {
  await using places = new Places();
  const address = await places.free();
  await using block = new Block({
    name: "reuse",
    listeners: [new ZmqListener({ bind: address, socket: "pull", reuseBuffers: true, ...listener })],
    operator,
    ...(publishers === undefined ? {} : { publishers }),
    ...(guarantee === undefined ? {} : { guarantee }),
  });
  await block.ready();
  const source = new ZmqPublisher({ connect: address, socket: "push", stream: "detector" });
  await source.open(never);
  await sendRun(source);
  await until(() => block.account.finished === COUNT + 2, "the end of the run", PATIENCE_MS);
  expect(block.account).toMatchObject({ lost: 0, rejected: 0, failed: 0 });
  await source.close();
}

describe("reused buffers", () => {
  for (const readInPlace of [true, false]) {
    test(`${readInPlace ? "in place" : "by events"} - memory is used again, and right for each message`, async () => {
      const memories = new Set<ArrayBufferLike>();
      let large = 0;
      let right = 0;
      await through({
        listener: { readInPlace },
        operator: (message) => {
          if (message.type !== "event") return undefined;
          const { payload: bytes } = message as Event<unknown, Uint8Array>;
          if (bytes.buffer instanceof SharedArrayBuffer) {
            large += 1;
            memories.add(bytes.buffer);
          }
          if (isRight(message)) right += 1;
          return undefined;
        },
      });
      expect(right).toBe(COUNT);
      expect(large).toBeGreaterThan(COUNT / 2);
      expect(memories.size).toBeLessThan(large / 2);
    });
  }

  test("keep - what is kept stays as it was", async () => {
    const kept: Event[] = [];
    await through({
      operator: (message) => {
        if (message.type === "event") kept.push(message.with({ metadata: { ...message.metadata } }).keep());
        return undefined;
      },
    });
    expect(kept.map(isRight)).toEqual(Array(COUNT).fill(true));
    expect(kept.some((event) => (event.payload as Uint8Array).buffer instanceof SharedArrayBuffer)).toBe(false);
  });

  test("an operator that takes its time - has the payload until it is done", async () => {
    let right = 0;
    await through({
      operator: async (message) => {
        for (let turn = 0; turn < 3; turn += 1) await setImmediate();
        if (message.type === "event" && isRight(message)) right += 1;
        return message;
      },
    });
    expect(right).toBe(COUNT);
  });

  test("at most once - where everything is settled at once, nothing is used again", async () => {
    const memories: ArrayBufferLike[] = [];
    await through({
      guarantee: "at-most-once",
      operator: (message) => {
        if (message.type === "event") memories.push((message.payload as Uint8Array).buffer);
        return undefined;
      },
    });
    const lent = memories.filter((memory) => memory instanceof SharedArrayBuffer);
    expect(new Set(lent).size).toBe(lent.length);
  });

  for (const [socket, engine, transport] of [
    ["push", "zmtp", "tcp"],
    ["pub", "zmtp", "tcp"],
    ["push", "zmtp", "ipc"],
    ["push", "zmtp", "inproc"],
    ["push", "libzmq", "tcp"],
    ["pub", "libzmq", "tcp"],
  ] as readonly ["push" | "pub", EngineName, Transport][]) {
    test(`sent on by a ${socket} of ${engine} over ${transport} - right also for a slow reader`, async () => {
      await using places = new Places();
      const address = await places.free(transport);
      const wrong: unknown[] = [];
      let events = 0;
      let isOver = false;
      await using reader = new Block({
        name: "reader",
        listeners: [new ZmqListener({ bind: address, socket: socket === "pub" ? "sub" : "pull", engine })],
        operator: async (message: Message) => {
          if (message.type === "stop") isOver = true;
          if (message.type !== "event") return undefined;
          events += 1;
          await setImmediate();
          if (!isRight(message)) wrong.push(message.metadata["number"]);
          return undefined;
        },
        maxMessages: 4,
      });
      await reader.ready();
      const waitForSubscribers = socket === "pub" ? { waitForSubscribers: 1 } : {};
      await through({
        publishers: [new ZmqPublisher({ connect: address, socket, engine, ...waitForSubscribers })],
      });
      await until(() => isOver, "the Stop", PATIENCE_MS);
      expect(wrong).toEqual([]);
      if (socket === "push") expect(events).toBe(COUNT);
    });
  }

  test("two subscribers, one who never reads - the other one gets what was sent", async () => {
    await using places = new Places();
    const address = await places.free();
    const wrong: unknown[] = [];
    let isOver = false;
    const publisher = new ZmqPublisher({ bind: address, waitForSubscribers: 2, maxBytes: 4_000_000, lingerMs: 0 });
    await using reader = new Block({
      name: "reader",
      listeners: [new ZmqListener({ connect: address })],
      operator: (message: Message) => {
        if (message.type === "stop") isOver = true;
        if (message.type === "event" && !isRight(message)) wrong.push(message.metadata["number"]);
        return undefined;
      },
    });
    await reader.start();
    const stop = new AbortController();
    const stalled = new ZmqListener({ connect: address });
    const stalling = stalled.start(
      { ready: () => undefined, put: () => undefined, putFrames: () => new Promise(() => undefined) },
      stop.signal,
    );
    await through({ publishers: [publisher] });
    await until(() => isOver, "the Stop", PATIENCE_MS);
    expect(wrong).toEqual([]);
    stop.abort();
    await inTime(stalling, "the stalled one to end");
  });

  test("libzmq - is refused, and the other engine named", () => {
    expect(() => new ZmqListener({ connect: "tcp://127.0.0.1:1", engine: "libzmq", reuseBuffers: true })).toThrow(
      'ZmqListener: engine "libzmq" cannot reuse buffers; leave reuseBuffers out, or take engine: "zmtp"',
    );
  });
});
