import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { AbortedError, SplitRunError, UsageError } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { inTime, until } from "../../../src/testing/conformance/until.ts";
import { ZmqListener, type ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher, type ZmqPublisherOptions } from "../../../src/transports/zmq/zmq-publisher.ts";
import { Places } from "./places.ts";

const PATIENCE_MS = 10_000;
const never = new AbortController().signal;

class Reader extends Attempt {
  readonly listener: ZmqListener<AnyMessage>;

  constructor(options: ZmqListenerOptions<AnyMessage>) {
    const listener = new ZmqListener<AnyMessage>({ engine: "libzmq", ...options });
    super(listener, PATIENCE_MS);
    this.listener = listener;
  }

  get address(): string {
    return this.listener.endpoints[0] as string;
  }

  /** What came, in short: s, e or p and the run or the number. */
  get seen(): string[] {
    return this.inlet.messages.map((message) =>
      message.type === "event"
        ? `e${message.metadata.number}`
        : `${message.type === "start" ? "s" : "p"}${message.run}`,
    );
  }

  get events(): number[] {
    return this.inlet.messages.flatMap((message) =>
      message.type === "event" ? [Number(message.metadata.number)] : [],
    );
  }

  get copies(): string[] {
    return this.inlet.copies.map(({ decoded }) => (decoded.message as Start).run);
  }
}

const open: ZmqPublisher[] = [];

/** Opens a publisher that is closed after the test. */
async function publishing(options: ZmqPublisherOptions): Promise<ZmqPublisher> {
  const publisher = new ZmqPublisher({ engine: "libzmq", ...options });
  open.push(publisher);
  await publisher.open(never);
  return publisher;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((publisher) => publisher.close()));
});

function event(number: number, run?: string): Event {
  return new Event({ number }, Uint8Array.of(number % 256), run === undefined ? {} : { run });
}

describe("pub - waitForSubscribers", () => {
  test("two - holds open until both are there, with whatever topics", async () => {
    await using places = new Places();
    const address = await places.free();
    const publisher = new ZmqPublisher({ bind: address, waitForSubscribers: 2, engine: "libzmq" });
    open.push(publisher);
    let isOpen = false;
    const opening = publisher.open(never).then(() => {
      isOpen = true;
    });
    await using first = new Reader({ connect: address, topics: ["a", "b", "c"] });
    await first.ready();
    await until(() => publisher.readers === 1, "one subscriber");
    expect(isOpen).toBe(false);
    await using second = new Reader({ connect: address });
    await opening;
    await publisher.publish(new Start({}, { run: "r" }));
    await first.until(() => first.seen.length === 1, "the Start at the first");
    await second.until(() => second.seen.length === 1, "the Start at the second");
  });

  test("nobody comes - open ends with its signal, and with close", async () => {
    const stop = new AbortController();
    const publisher = new ZmqPublisher({ bind: "tcp://127.0.0.1:*", waitForSubscribers: 1, engine: "libzmq" });
    const opening = publisher.open(stop.signal);
    stop.abort();
    await expect(opening).rejects.toThrow(AbortedError);
    const again = publisher.open(never);
    const outcome = expect(again).rejects.toThrow("waiting for 1 subscribers: stopped before it was finished");
    await until(() => publisher.endpoints.length > 0, "the address");
    await publisher.close();
    await outcome;
  });
});

describe("pub - who joins late", () => {
  test("with a topic of its own - gets the Starts of the open runs first, then the events", async () => {
    await using places = new Places();
    const address = await places.free();
    const publisher = await publishing({ bind: address, topic: "t" });
    for (const run of ["one", "two", "three"]) await publisher.publish(new Start({ scan: run }, { run }));
    await publisher.publish(event(1, "one"));
    await publisher.publish(new Stop({}, { run: "two" }));
    await using late = new Reader({ connect: address, topics: ["t"] });
    await late.until(() => late.copies.length === 2, "the Starts of the open runs");
    await publisher.publish(event(2, "one"));
    await publisher.publish(new Stop({}, { run: "one" }));
    await late.until(() => late.seen.length === 2, "what came afterwards");
    expect(late.copies).toEqual(["one", "three"]);
    expect(late.seen).toEqual(["e2", "pone"]);
    expect(late.inlet.copies.every(({ decoded }) => (decoded.message as Start).resumed)).toBe(true);
    expect(late.inlet.copies[0]?.decoded.message).toMatchObject({ data: { scan: "one" } });
  });

  test("a flood of subscribers - all get the Starts", async () => {
    await using places = new Places();
    const address = await places.free();
    const publisher = await publishing({ bind: address });
    await publisher.publish(new Start({}, { run: "r" }));
    const crowd = Array.from({ length: 40 }, () => new Reader({ connect: address }));
    for (const reader of crowd) await reader.until(() => reader.copies.length > 0, "a Start");
    expect(publisher.readers).toBe(40);
    await Promise.all(crowd.map((reader) => reader.abort()));
    await until(() => publisher.readers === 0, "nobody left");
  });
});

describe("signs of life", () => {
  test("while a run is open - name the open runs, and end with it", async () => {
    await using places = new Places();
    const address = await places.free();
    const publisher = await publishing({ bind: address, stream: "detector", waitForSubscribers: 0 });
    await using reader = new Reader({ connect: address });
    await until(() => publisher.readers === 1, "a subscriber");
    await publisher.publish(new Start({}, { run: "r" }));
    await publisher.publish(event(1, "r"));
    await reader.until(() => reader.inlet.control.length > 0, "a sign of life");
    const { hop, stream } = reader.inlet.control[0]?.decoded ?? {};
    expect(stream).toBe("detector");
    expect(hop?.open).toEqual(["r"]);
    await publisher.publish(new Stop({}, { run: "r" }));
    await reader.until(() => reader.seen.length === 3, "the Stop");
    expect(reader.seen).toEqual(["sr", "e1", "pr"]);
  });
});

describe("push - to several", () => {
  test("each - gets every Start and Stop, and events go round", async () => {
    await using readers = await crowd(3);
    const publisher = await publishing({ connect: readers.all.map((one) => one.address), socket: "push" });
    expect(publisher.shared).toBe(true);
    await until(() => publisher.readers === 3, "all pullers");
    await publisher.publish(new Start({}, { run: "r" }));
    for (let number = 0; number < 300; number += 1) await publisher.publish(event(number, "r"));
    await publisher.publish(new Stop({}, { run: "r" }));
    for (const [index, reader] of readers.all.entries()) {
      await reader.until(() => reader.seen.at(-1) === "pr", "the Stop");
      expect(reader.seen[0]).toBe("sr");
      expect(reader.events).toEqual(Array.from({ length: 100 }, (_, turn) => turn * 3 + ((index + 3) % 3)));
      expect(reader.inlet.taken.every(({ decoded }) => decoded.hop?.shared === true)).toBe(true);
    }
  });

  test("one who never came - costs nothing, and gets the Start when he comes", async () => {
    await using places = new Places();
    const absent = await places.free();
    await using reader = new Reader({ bind: "tcp://127.0.0.1:*", socket: "pull" });
    await reader.ready();
    const publisher = await publishing({ connect: [absent, reader.address], socket: "push", lingerMs: 0 });
    await until(() => publisher.readers === 1, "one puller");
    await publisher.publish(new Start({}, { run: "r" }));
    for (let number = 0; number < 20; number += 1) await publisher.publish(event(number, "r"));
    await reader.until(() => reader.events.length === 20, "all events");
    await using late = new Reader({ bind: absent, socket: "pull" });
    await late.until(() => late.copies.length === 1, "the Start");
    expect(late.seen).toEqual([]);
    for (let number = 20; number < 30; number += 1) await publisher.publish(event(number, "r"));
    await publisher.publish(new Stop({}, { run: "r" }));
    for (const one of [late, reader]) await one.until(() => one.seen.at(-1) === "pr", "the Stop");
    expect(late.events).toHaveLength(5);
    expect([...reader.events, ...late.events].sort((a, b) => a - b)).toEqual([...Array(30).keys()]);
  });

  test("one who does not take - is left out, the others go on, and nothing is lost", async () => {
    await using readers = await crowd(2, { maxBytes: 2, messageBytes: 1 });
    const [slow, quick] = readers.all as [Reader, Reader];
    const options = { socket: "push", maxBytes: 2, messageBytes: 1 } as const;
    const publisher = await publishing({ connect: [slow.address, quick.address], ...options });
    await until(() => publisher.readers === 2, "both pullers");
    slow.inlet.shut();
    const payload = new Uint8Array(1_000_000);
    const count = 60;
    for (let number = 0; number < count; number += 1) await publisher.publish(new Event({ number }, payload));
    await quick.until(() => quick.events.length > count / 2, "more than half of it at the quick one");
    slow.inlet.open();
    await slow.until(() => slow.events.length + quick.events.length === count, "all events");
    expect([...slow.events, ...quick.events].sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
  });

  test("nobody there - publish waits, until somebody comes or close", async () => {
    await using places = new Places();
    const [first, second] = [await places.free(), await places.free()];
    const publisher = await publishing({ connect: [first, second], socket: "push", lingerMs: 0 });
    let isSent = false;
    const sending = Promise.resolve(publisher.publish(event(1))).then(() => {
      isSent = true;
    });
    await until(() => publisher.endpoints.length === 2, "the addresses");
    expect(isSent).toBe(false);
    await using reader = new Reader({ bind: second, socket: "pull" });
    await inTime(sending, "publish", PATIENCE_MS);
    await reader.until(() => reader.events.length === 1, "the event");
    await reader.abort();
    await until(() => publisher.readers === 0, "nobody there");
    const waiting = publisher.publish(event(2));
    const outcome = expect(waiting).rejects.toThrow(AbortedError);
    await publisher.close();
    await outcome;
  });
});

describe("push - that binds", () => {
  test("a second puller - is refused while runs flow, with the remedy", async () => {
    await using places = new Places();
    const address = await places.free();
    const publisher = await publishing({ bind: address, socket: "push" });
    expect(publisher.shared).toBe(true);
    await using first = new Reader({ connect: address, socket: "pull" });
    await publisher.publish(new Start({}, { run: "r" }));
    await using second = new Reader({ connect: address, socket: "pull" });
    await second.ready();
    await until(() => publisher.readers === 2, "two pullers");
    expect(() => publisher.publish(event(1, "r"))).toThrow(SplitRunError);
    expect(() => publisher.publish(event(1, "r"))).toThrow(
      /2 pullers are connected to tcp:.* split the run "r" between/,
    );
    expect(() => publisher.publish(new Start({}, { run: "s" }))).toThrow(/connect: \["tcp:\/\/...", "tcp:\/\/..."\]/);
    await second.abort();
    await until(() => publisher.readers === 1, "one puller");
    await publisher.publish(new Stop({}, { run: "r" }));
    await first.until(() => first.seen.at(-1) === "pr", "the Stop");
  });

  test("without runs - several pullers share", async () => {
    await using places = new Places();
    const address = await places.free();
    const publisher = await publishing({ bind: address, socket: "push" });
    await using first = new Reader({ connect: address, socket: "pull" });
    await using second = new Reader({ connect: address, socket: "pull" });
    await until(() => publisher.readers === 2, "two pullers");
    for (let number = 0; number < 100; number += 1) await publisher.publish(event(number));
    await first.until(() => first.events.length + second.events.length === 100, "all events");
    expect(first.events.length).toBe(50);
  });

  test("a puller that comes back - gets the Starts of the open runs again", async () => {
    await using places = new Places();
    const address = await places.free();
    const publisher = await publishing({ bind: address, socket: "push" });
    const first = new Reader({ connect: address, socket: "pull" });
    await publisher.publish(new Start({}, { run: "r" }));
    await first.until(() => first.seen.length === 1, "the Start");
    await first.abort();
    await until(() => publisher.readers === 0, "nobody there");
    await using second = new Reader({ connect: address, socket: "pull" });
    await second.until(() => second.copies.length === 1, "the Start again");
    await publisher.publish(event(1, "r"));
    await second.until(() => second.events.length === 1, "the event");
    expect(second.copies).toEqual(["r"]);
  });
});

describe("life", () => {
  test("a publisher on the same port again - its readers read on", async () => {
    await using places = new Places();
    const address = await places.free();
    await using reader = new Reader({ connect: address });
    for (let life = 0; life < 3; life += 1) {
      const publisher = await publishing({ bind: address, waitForSubscribers: 1 });
      await publisher.publish(event(life));
      await publisher.close();
    }
    await reader.until(() => reader.events.length === 3, "a message of each life");
    expect(reader.events).toEqual([0, 1, 2]);
    const incarnations = reader.inlet.taken.map(({ decoded }) => decoded.hop?.incarnation);
    expect(new Set(incarnations).size).toBe(3);
  });

  test("close - resolves when what was published has left, also to a slow reader", async () => {
    await using reader = new Reader({ bind: "tcp://127.0.0.1:*", socket: "pull", maxBytes: 2, messageBytes: 1 });
    await reader.ready();
    const publisher = await publishing({ connect: reader.address, socket: "push" });
    reader.inlet.shut();
    const count = 30;
    for (let number = 0; number < count; number += 1) {
      await publisher.publish(new Event({ number }, new Uint8Array(1_000_000)));
    }
    let isClosed = false;
    const closing = publisher.close().then(() => {
      isClosed = true;
    });
    await reader.until(() => reader.inlet.waiting > 0, "a put that waits");
    expect(isClosed).toBe(false);
    reader.inlet.open();
    await inTime(closing, "close", PATIENCE_MS);
    await reader.until(() => reader.events.length === count, "all events");
  });

  test("close - ends after its linger where nobody takes, and says what that means", async () => {
    await using places = new Places();
    const publisher = new ZmqPublisher({
      connect: await places.free(),
      socket: "push",
      lingerMs: 50,
      engine: "libzmq",
    });
    const warnings: string[] = [];
    publisher.onWarning = (message) => warnings.push(message);
    await publisher.open(never);
    await publisher.publish(event(1));
    await inTime(publisher.close(), "close", PATIENCE_MS);
    expect(warnings).toEqual(["ZmqPublisher: 50 ms after close some messages had no taker and are lost"]);
  });

  test("publish before open, and after close - is refused", async () => {
    const publisher = new ZmqPublisher({ bind: "tcp://127.0.0.1:*", engine: "libzmq" });
    expect(() => publisher.publish(event(1))).toThrow(UsageError);
    await publisher.open(never);
    await expect(publisher.open(never)).rejects.toThrow(/is open already/);
    await publisher.close();
    expect(() => publisher.publish(event(1))).toThrow(/is not open; call open before publish/);
  });

  test("an address for everybody - is a warning", async () => {
    const publisher = new ZmqPublisher({ bind: "tcp://*:*", engine: "libzmq" });
    const warnings: string[] = [];
    publisher.onWarning = (message) => warnings.push(message);
    await publisher.open(never);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^ZmqPublisher: tcp:\/\/\*:\* can be reached by anybody on the network/);
    await publisher.close();
  });
});

describe("ipc", () => {
  test("a path where somebody answers - is refused, and he is not disturbed", async () => {
    await using places = new Places();
    const address = await places.free("ipc");
    const first = await publishing({ bind: address });
    await expect(publishing({ bind: address })).rejects.toThrow(/cannot bind to ipc:.*: another socket is there/);
    await using reader = new Reader({ connect: address });
    await reader.ready();
    await until(() => first.readers === 1, "a subscriber");
  });

  test("the file - goes with the socket", async () => {
    await using places = new Places();
    const address = await places.free("ipc");
    const path = address.slice("ipc://".length);
    const publisher = await publishing({ bind: address });
    expect(existsSync(path)).toBe(true);
    await publisher.close();
    expect(existsSync(path)).toBe(false);
  });
});

/** Gives pullers that are bound and ready. */
async function crowd(
  size: number,
  options: Partial<ZmqListenerOptions<AnyMessage>> = {},
): Promise<AsyncDisposable & { readonly all: readonly Reader[] }> {
  const all = Array.from({ length: size }, () => new Reader({ bind: "tcp://127.0.0.1:*", socket: "pull", ...options }));
  await Promise.all(all.map((reader) => reader.ready()));
  return {
    all,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((reader) => reader[Symbol.asyncDispose]()));
    },
  };
}
