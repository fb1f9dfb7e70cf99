import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AnyMessage, Block, Event, type Message, Start, Stop } from "../../../src/index.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { type Broker, startProxy, startRabbitMq } from "../../../src/testing/brokers/index.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import {
  AmqpListener,
  type AmqpListenerOptions,
  AmqpPublisher,
  AmqpStreamListener,
  type AmqpStreamListenerOptions,
} from "../../../src/transports/amqp/index.ts";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "../../../src/transports/memory/index.ts";
import { channelTo, eventually, fresh, publish, publisherTo, until } from "./places.ts";

let rabbit: Broker;
beforeAll(async () => {
  rabbit = await startRabbitMq({ own: true, settings: { max_message_size: 20_000_000 } });
}, 120_000);
afterAll(() => rabbit[Symbol.asyncDispose]());

/** Reads with a listener of its own into a recording inlet. */
class Reading implements AsyncDisposable {
  readonly inlet: RecordingInlet;
  readonly ended: Promise<unknown>;
  readonly #stop = new AbortController();

  constructor(listener: AmqpListener<AnyMessage> | AmqpStreamListener<AnyMessage>) {
    this.inlet = new RecordingInlet(listener.codec);
    this.ended = listener.start(this.inlet, this.#stop.signal).catch((error: unknown) => error);
  }

  static queue(options: Partial<AmqpListenerOptions<AnyMessage>>): Reading {
    return new Reading(new AmqpListener<AnyMessage>({ url: rabbit.url, lingerMs: 0, ...options }));
  }

  static stream(options: Omit<AmqpStreamListenerOptions<AnyMessage>, "url">): Reading {
    return new Reading(new AmqpStreamListener<AnyMessage>({ url: rabbit.url, lingerMs: 0, ...options }));
  }

  numbers(): unknown[] {
    return this.inlet.messages.flatMap((message) => (message.type === "event" ? [message.field("n")] : []));
  }

  types(): string[] {
    return this.inlet.messages.map(({ type }) => type);
  }

  async took(count: number): Promise<this> {
    await until(() => this.inlet.taken.length >= count, `${count} messages, got ${this.inlet.taken.length}`, 15_000);
    return this;
  }

  async ack(from = 0, to = this.inlet.taken.length): Promise<void> {
    for (const { settlement } of this.inlet.taken.slice(from, to)) await settlement?.ack();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }
}

const event = (n: number, run?: string, bytes = 10): Event => {
  const payload = new Uint8Array(bytes).fill(n);
  return run === undefined ? new Event({ n }, payload) : new Event({ n }, payload, { run });
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

async function left(queue: string): Promise<number> {
  await using own = await channelTo(rabbit.url);
  return (await own.channel.checkQueue(queue)).messageCount;
}

describe("amqp queues - runs", () => {
  test("a reader that goes in the midst of a run - leaves its Start to the next one, resumed, and not after its Stop", async () => {
    const queue = fresh("runs");
    await using publisher = await publisherTo({ url: rabbit.url, queue });
    const run = "scan-1";
    await publish(publisher, [new Start({}, { run }), ...range(0, 4).map((n) => event(n, run))]);
    {
      await using first = await Reading.queue({ queue }).took(5);
      await first.ack(0, 3);
    }
    await publish(publisher, [new Stop({}, { run })]);
    {
      await using second = await Reading.queue({ queue }).took(4);
      expect(second.types()).toEqual(["start", "event", "event", "stop"]);
      expect(second.inlet.messages[0]).toMatchObject({ type: "start", run, resumed: true });
      expect(second.numbers()).toEqual([2, 3]);
      // The Stop first: it waits for what came before it.
      await second.inlet.taken[3]?.settlement?.ack();
      await second.ack();
    }
    expect(await left(queue)).toBe(0);
  });

  test("several readers - are warned, and what one of them misses is not counted as lost", async () => {
    const queue = fresh("shared");
    await using publisher = await publisherTo({ url: rabbit.url, queue });
    await using first = Reading.queue({ queue });
    await until(() => first.inlet.readyAt.length === 1, "the first reader");
    await publish(publisher, [event(0)]);
    await first.took(1);
    await using second = Reading.queue({ queue });
    await until(() => second.inlet.readyAt.length === 1, "the second reader");
    expect(second.inlet.warnings.join()).toMatch(/has \d other consumers/);
    expect(first.inlet.taken[0]?.decoded.hop?.shared).toBe(true);
  });

  test("exclusive - refuses others, retryably, as its own last connection may still be there", async () => {
    const queue = fresh("exclusive");
    await using publisher = await publisherTo({ url: rabbit.url, queue });
    await publish(publisher, [event(0)]);
    await using first = await Reading.queue({ queue, exclusive: true }).took(1);
    expect(first.inlet.taken[0]?.decoded.hop?.shared).toBe(false);
    await using second = Reading.queue({ queue, exclusive: true });
    expect(await second.ended).toMatchObject({ code: "CONNECTION", retryable: true });
  });

  test("recover run over a queue - is refused at the start", async () => {
    const listener = new AmqpListener<AnyMessage>({ url: rabbit.url, queue: "any" });
    const options = { name: "b", listeners: [listener], recover: "run" } as const;
    await expect((async () => new Block(options).start())()).rejects.toThrow(/recover "run" needs a log/);
  });
});

describe("amqp queues - memory", () => {
  test("messages of 1 MB and a reader that is full - so many are on the way as fit, and growing sizes are noticed", async () => {
    const queue = fresh("memory");
    await using publisher = await publisherTo({ url: rabbit.url, queue });
    const small = range(0, 600).map((n) => event(n));
    const large = range(600, 640).map((n) => event(n, undefined, 1_000_000));
    await publish(publisher, small);
    await publish(publisher, large);
    await using reading = Reading.queue({ queue, prefetchBytes: 4_000_000 });
    await reading.took(640);
    expect(reading.numbers()).toEqual(range(0, 640));
    await reading.ack();
    await eventually(async () => (await left(queue)) === 0, "all to be acknowledged");
    reading.inlet.shut();
    await publish(publisher, large);
    await until(() => reading.inlet.waiting === 1, "a put that waits");
    // Three fit; as many more may have been on their way to the consumer before.
    await eventually(async () => (await left(queue)) <= 37, "3 to be on the way");
    expect(await left(queue)).toBeGreaterThanOrEqual(32);
    reading.inlet.open();
    await reading.took(680);
    expect(reading.numbers().slice(640)).toEqual(range(600, 640));
  });

  test("an operator that holds all it gets - is given more than fit at first", async () => {
    const queue = fresh("hold");
    await using publisher = await publisherTo({ url: rabbit.url, queue });
    await publish(
      publisher,
      range(0, 100).map((n) => event(n, undefined, 10_000)),
    );
    await using reading = await Reading.queue({ queue, prefetchBytes: 100_000 }).took(100);
    expect(reading.numbers()).toEqual(range(0, 100));
  });

  test("a message beyond the broker's limit - is refused by name, and the next ones go out", async () => {
    const queue = fresh("large");
    await using publisher = await publisherTo({ url: rabbit.url, queue });
    const large = event(1, undefined, 21_000_000);
    for (let time = 0; time < 2; time += 1) {
      await expect(publisher.publish(large)).rejects.toThrow(/max_message_size of .* is 20000000.*= 33554432/);
    }
    await publish(publisher, [event(2)]);
    await using reading = await Reading.queue({ queue }).took(1);
    expect(reading.numbers()).toEqual([2]);
  });

  test("a queue that is full - refuses publishers, who may try again", async () => {
    const queue = fresh("full");
    await using publisher = await publisherTo({ url: rabbit.url, queue, declare: { maxMessages: 2 } });
    await publish(publisher, [event(0), event(1)]);
    await expect(publisher.publish(event(2))).rejects.toMatchObject({ code: "CONNECTION", retryable: true });
  });
});

describe("amqp queues - poison", () => {
  test("a message that fails - goes to the dead-letter exchange, and the next block goes on behind it", async () => {
    const [queue, dead] = [fresh("poison"), fresh("dead")];
    await using own = await channelTo(rabbit.url);
    await own.channel.assertExchange(dead, "fanout", { durable: true });
    await own.channel.assertQueue(dead);
    await own.channel.bindQueue(dead, dead, "");
    const declare = { type: "quorum", deadLetterExchange: dead } as const;
    await using publisher = await publisherTo({ url: rabbit.url, queue, declare });
    await publish(
      publisher,
      range(0, 6).map((n) => event(n)),
    );
    const seen: unknown[] = [];
    const make = (): Block<AnyMessage, AnyMessage> =>
      new Block<AnyMessage, AnyMessage>({
        name: "poisoned",
        listeners: [new AmqpListener<AnyMessage>({ url: rabbit.url, queue, declare })],
        operator: (message: AnyMessage) => {
          if (message.type === "event" && message.field("n") === 2) throw new Error("poison");
          if (message.type === "event") seen.push(message.field("n"));
          return undefined;
        },
      });
    const first = make();
    await first.start();
    await expect(first.finished).rejects.toThrow("poison");
    await first.stop().catch(() => undefined);
    const second = make();
    await second.start();
    await until(() => seen.includes(5), "the last message");
    await second.stop();
    expect([...new Set(seen)]).toEqual([0, 1, 3, 4, 5]);
    await using buried = await Reading.queue({ queue: dead }).took(1);
    expect(buried.numbers()).toEqual([2]);
    expect(await left(queue)).toBe(0);
  });
});

describe("amqp exchanges", () => {
  test("topics - a reader of some gets those and all Starts and Stops", async () => {
    const exchange = { name: fresh("topics"), type: "topic" } as const;
    await using reading = Reading.queue({ exchange, keys: ["roi.*"] });
    await until(() => reading.inlet.readyAt.length === 1, "the reader");
    await using publisher = await publisherTo({
      url: rabbit.url,
      exchange,
      mandatory: false,
      key: (message) => (message.type === "event" && Number(message.field("n")) % 2 === 1 ? "roi.1" : "frame"),
    });
    const run = "r";
    await publish(publisher, [new Start({}, { run }), ...range(0, 4).map((n) => event(n, run)), new Stop({}, { run })]);
    await reading.took(4);
    expect(reading.types()).toEqual(["start", "event", "event", "stop"]);
    expect(reading.inlet.taken[1]?.decoded.hop).toMatchObject({ topic: "roi.1", shared: true });
  });

  test("nobody is bound - publish fails where it confirms", async () => {
    const exchange = { name: fresh("nobody"), type: "direct" } as const;
    await using publisher = await publisherTo({ url: rabbit.url, exchange });
    await expect(publisher.publish(event(1))).rejects.toThrow(/no queue took a message.*bind a queue/);
  });
});

describe("amqp - what is wrong is said", () => {
  test.each([
    ["a wrong password", { url: "amqp://guest:wrong@" }, /does not let us/],
    ["a virtual host that is not there", { vhost: "/nowhere" }, /virtual host/],
    ["a queue that has to be there and is not", { declare: false as const }, /no queue.*make it/],
  ])("%s - ends the attempt for good", async (_name, wrong, message) => {
    const given = "url" in wrong ? rabbit.url.replace("amqp://guest:guest@", wrong.url ?? "") : rabbit.url;
    const url = "vhost" in wrong ? `${given}${wrong.vhost}` : given;
    const options = "declare" in wrong ? { declare: wrong.declare } : {};
    await using reading = Reading.queue({ url, queue: fresh("wrong"), ...options });
    const error = await reading.ended;
    expect(error).toMatchObject({ retryable: false });
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain("wrong@");
  });

  test("a queue made otherwise - is not taken as if it fitted", async () => {
    const queue = fresh("otherwise");
    await using _first = await publisherTo({ url: rabbit.url, queue });
    const second = new AmqpPublisher({ url: rabbit.url, queue, declare: { type: "quorum" } });
    await expect(second.open(new AbortController().signal)).rejects.toThrow(/made otherwise/);
  });
});

describe("amqp streams", () => {
  test("a cursor that goes on in the midst of a run - is given its Start, and nothing before", async () => {
    const queue = fresh("stream");
    await using publisher = await publisherTo({ url: rabbit.url, queue, declare: { type: "stream" } });
    const run = "scan-2";
    await publish(publisher, [new Start({ a: 1 }, { run }), ...range(0, 5).map((n) => event(n, run))]);
    {
      await using first = await Reading.stream({ queue, cursor: "c" }).took(6);
      await first.ack(0, 3);
    }
    await publish(publisher, [new Stop({}, { run })]);
    {
      await using second = await Reading.stream({ queue, cursor: "c" }).took(4);
      expect(second.inlet.copies[0]?.decoded.message).toMatchObject({
        type: "start",
        run,
        resumed: true,
        data: { a: 1 },
      });
      expect(second.numbers()).toEqual([2, 3, 4]);
      await second.ack();
    }
    await publish(publisher, [event(9)]);
    await using third = await Reading.stream({ queue, cursor: "c" }).took(1);
    expect(third.inlet.copies).toEqual([]);
    expect(third.numbers()).toEqual([9]);
  });

  test("stopped while more of it waits - what is in work is committed all the same", async () => {
    const queue = fresh("stopped");
    await using publisher = await publisherTo({ url: rabbit.url, queue, declare: { type: "stream" } });
    await publish(
      publisher,
      range(0, 50).map((n) => event(n)),
    );
    const first = Reading.stream({ queue, cursor: "c", lingerMs: 5_000 });
    first.inlet.shut();
    await until(() => first.inlet.waiting === 1, "a put that waits");
    await first[Symbol.asyncDispose]();
    await first.ack();
    const count = first.inlet.taken.length;
    expect(count).toBeLessThan(50);
    await using second = await Reading.stream({ queue, cursor: "c" }).took(50 - count);
    expect(second.numbers()).toEqual(range(count, 50));
  });

  test("from - an offset, the newest, a time", async () => {
    const queue = fresh("from");
    await using publisher = await publisherTo({ url: rabbit.url, queue, declare: { type: "stream" } });
    await publish(
      publisher,
      range(0, 10).map((n) => event(n)),
    );
    await using fromOffset = await Reading.stream({ queue, from: { offset: 7 } }).took(3);
    expect(fromOffset.numbers()).toEqual([7, 8, 9]);
    await using newest = Reading.stream({ queue, from: "newest" });
    await until(() => newest.inlet.readyAt.length === 1, "the reader");
    await using fromTime = await Reading.stream({ queue, from: { timeMs: 0 } }).took(10);
    expect(fromTime.numbers()).toEqual(range(0, 10));
  });
});

describe("amqp - what breaks", () => {
  test.each(["queue", "stream"] as const)(
    "connections that are cut again and again, %s - nothing is missing, in a chain of blocks",
    async (kind) => {
      const queue = fresh("cut");
      await using proxy = await startProxy({ port: rabbit.port });
      const url = rabbit.url.replace(String(rabbit.port), String(proxy.port));
      const [source, sink] = [
        new MemoryChannel<AnyMessage>({ mode: "log" }),
        new MemoryChannel<AnyMessage>({ mode: "log" }),
      ];
      const declare = kind === "stream" ? ({ declare: { type: "stream" } } as const) : {};
      await using sending = new Block<AnyMessage, AnyMessage>({
        name: "sending",
        listeners: [new MemoryListener<AnyMessage>({ channel: source })],
        publishers: [new AmqpPublisher<AnyMessage>({ url, queue, ...declare })],
        guarantee: "at-least-once",
      });
      await using receiving = new Block<AnyMessage, AnyMessage>({
        name: "receiving",
        listeners: [
          kind === "stream"
            ? new AmqpStreamListener<AnyMessage>({ url, queue, cursor: "c" })
            : new AmqpListener<AnyMessage>({ url, queue }),
        ],
        publishers: [new MemoryPublisher<AnyMessage>({ channel: sink })],
      });
      const seen = new Set<unknown>();
      const order: string[] = [];
      const reader = new RecordingInlet(nativeCodec);
      const stop = new AbortController();
      const reading = new MemoryListener<AnyMessage>({ channel: sink }).start(reader, stop.signal);
      await sending.start();
      await receiving.start();
      const run = "r";
      const writer = new MemoryPublisher<AnyMessage>({ channel: source });
      await writer.open(stop.signal);
      const messages: Message[] = [
        new Start({}, { run }),
        ...range(0, 300).map((n) => event(n, run)),
        new Stop({}, { run }),
      ];
      for (const [at, message] of messages.entries()) {
        await writer.publish(message);
        if (at % 100 === 50) proxy.cut();
      }
      const stopped = (): boolean => reader.messages.some(({ type }) => type === "stop");
      await until(stopped, "the Stop", 20_000);
      for (const message of reader.messages) {
        order.push(message.type);
        if (message.type === "event") seen.add(message.field("n"));
      }
      expect([...seen].sort((a, b) => Number(a) - Number(b))).toEqual(range(0, 300));
      expect(order[0]).toBe("start");
      expect(order.filter((type) => type === "start")).toHaveLength(1);
      stop.abort();
      await reading;
    },
    40_000,
  );

  test("a reader that is killed - what it had not acknowledged comes to the next one, and nothing is missing", async () => {
    const [queue, out] = [fresh("killed"), fresh("out")];
    await using publisher = await publisherTo({ url: rabbit.url, queue });
    const run = "k";
    await publish(publisher, [
      new Start({}, { run }),
      ...range(0, 3000).map((n) => event(n, run)),
      new Stop({}, { run }),
    ]);
    const begin = () =>
      fork(fileURLToPath(new URL("programs/forward.ts", import.meta.url)), [rabbit.url, queue, out], {
        execArgv: ["--import", "tsx"],
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
    const first = begin();
    await once(first, "message");
    first.kill("SIGKILL");
    await once(first, "exit");
    const second = begin();
    try {
      await using reading = Reading.queue({ queue: out, prefetch: 10_000 });
      const stopped = (): boolean => reading.inlet.messages.some(({ type }) => type === "stop");
      await until(stopped, "the Stop", 20_000);
      expect([...new Set(reading.numbers())].sort((a, b) => Number(a) - Number(b))).toEqual(range(0, 3000));
      await eventually(async () => (await left(queue)) === 0, "all to be acknowledged");
    } finally {
      second.kill("SIGKILL");
      await once(second, "exit");
    }
  }, 60_000);

  test("a broker that is killed and started on its data - nothing confirmed is missing", async () => {
    const queue = fresh("broker");
    const source = new MemoryChannel<AnyMessage>({ mode: "log" });
    await using sending = new Block<AnyMessage, AnyMessage>({
      name: "sending",
      listeners: [new MemoryListener<AnyMessage>({ channel: source })],
      publishers: [new AmqpPublisher<AnyMessage>({ url: rabbit.url, queue })],
    });
    await sending.start();
    const writer = new MemoryPublisher<AnyMessage>({ channel: source });
    await writer.open(new AbortController().signal);
    for (const n of range(0, 100)) await writer.publish(event(n));
    await rabbit.kill();
    const writing = (async () => {
      for (const n of range(100, 200)) await writer.publish(event(n));
    })();
    await rabbit.start();
    await writing;
    await using reading = Reading.queue({ queue, prefetch: 1000 });
    // A node that was just started may refuse the first attempt; the block tries again.
    await until(() => new Set(reading.numbers()).size === 200, "all 200", 20_000);
    expect([...new Set(reading.numbers())]).toEqual(range(0, 200));
  }, 90_000);
});
