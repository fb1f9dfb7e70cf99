import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Account, type AnyMessage, Block, Event, type Message, NdArray, Start, Stop } from "../../../src/index.ts";
import { type Broker, startRedis } from "../../../src/testing/brokers/index.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "../../../src/transports/memory/index.ts";
import { RedisStreamListener } from "../../../src/transports/redis/redis-stream-listener.ts";
import { RedisStreamPublisher } from "../../../src/transports/redis/redis-stream-publisher.ts";
import { ask, fresh, linkTo, publisherTo, until } from "./places.ts";

let redis: Broker;
beforeAll(async () => {
  redis = await startRedis({ durable: true, own: true });
});
afterAll(async () => redis[Symbol.asyncDispose]());

type Options = Partial<ConstructorParameters<typeof RedisStreamListener<AnyMessage>>[0]>;

/** Reads with a listener of its own into a recording inlet. */
class Reading implements AsyncDisposable {
  readonly inlet: RecordingInlet;
  readonly ended: Promise<unknown>;
  readonly #stop = new AbortController();

  constructor(stream: string, options: Options = {}) {
    const listener = new RedisStreamListener<AnyMessage>({ url: redis.url, stream, ...options });
    this.inlet = new RecordingInlet(listener.codec);
    this.ended = listener.start(this.inlet, this.#stop.signal).catch((error: unknown) => error);
  }

  numbers(): unknown[] {
    return this.inlet.messages.flatMap((message) => (message.type === "event" ? [message.field("n")] : []));
  }

  async took(count: number): Promise<this> {
    await until(() => this.inlet.taken.length >= count, `${count} messages`);
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

async function publish(publisher: RedisStreamPublisher<AnyMessage>, messages: readonly AnyMessage[]): Promise<void> {
  await publisher.publishBatch(messages);
  publisher.attempted("done");
}

describe("redis streams - what is trimmed", () => {
  test("trimmed before a cursor came back - is counted as lost, not skipped", async () => {
    const stream = fresh("trim");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(
      publisher,
      range(0, 10).map((n) => event(n)),
    );
    {
      await using first = await new Reading(stream, { cursor: "c" }).took(10);
      await first.ack(0, 3);
    }
    await ask(redis.url, "XTRIM", stream, "MAXLEN", 4);
    await using second = await new Reading(stream, { cursor: "c" }).took(4);
    expect(second.numbers()).toEqual([6, 7, 8, 9]);
    expect(second.inlet.losses).toEqual([{ messages: 3, reason: "trimmed from the stream before it was read" }]);
    expect(second.inlet.warnings.join()).toContain("3 entries");
  });

  test("everything trimmed - is counted, and a cursor goes on with what comes", async () => {
    const stream = fresh("trim");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(
      publisher,
      range(0, 5).map((n) => event(n)),
    );
    {
      await using first = await new Reading(stream, { cursor: "c" }).took(5);
      await first.ack(0, 1);
    }
    await ask(redis.url, "XTRIM", stream, "MAXLEN", 0);
    await using second = new Reading(stream, { cursor: "c" });
    await until(() => second.inlet.losses.length > 0, "a loss");
    expect(second.inlet.losses[0]?.messages).toBe(4);
    await publish(publisher, [event(5)]);
    await second.took(1);
    expect(second.numbers()).toEqual([5]);
  });

  test("trimmed before a group came to it - is counted once", async () => {
    const stream = fresh("trim");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(
      publisher,
      range(0, 10).map((n) => event(n)),
    );
    {
      await using first = await new Reading(stream, { group: "g", consumer: "a" }).took(10);
      await first.ack();
    }
    await publish(
      publisher,
      range(10, 20).map((n) => event(n)),
    );
    await ask(redis.url, "XTRIM", stream, "MAXLEN", 4);
    {
      await using second = await new Reading(stream, { group: "g", consumer: "a" }).took(4);
      expect(second.numbers()).toEqual([16, 17, 18, 19]);
      expect(second.inlet.losses.map(({ messages }) => messages)).toEqual([6]);
      await second.ack();
    }
    await using third = new Reading(stream, { group: "g", consumer: "a" });
    await publish(publisher, [event(20)]);
    await third.took(1);
    expect(third.inlet.losses).toEqual([]);
  });

  test("trimmed while a group had it in work - is counted when its consumer is dead", async () => {
    const stream = fresh("trim");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(
      publisher,
      range(0, 4).map((n) => event(n)),
    );
    {
      await using _dead = await new Reading(stream, { group: "g", consumer: "dead", claimAfterMs: 100 }).took(4);
    }
    await ask(redis.url, "XTRIM", stream, "MAXLEN", 1);
    await using second = await new Reading(stream, { group: "g", consumer: "b", claimAfterMs: 100 }).took(1);
    expect(second.numbers()).toEqual([3]);
    await until(() => second.inlet.losses.length > 0, "a loss");
    expect(second.inlet.losses.reduce((sum, { messages }) => sum + messages, 0)).toBe(3);
  });

  test("maxBytes - keeps about so much, also after the sizes changed", async () => {
    const stream = fresh("bytes");
    await using publisher = await publisherTo(redis.url, stream, { maxBytes: 200_000 });
    for (const bytes of [100, 10_000]) {
      for (let round = 0; round < 20; round += 1) {
        await publish(
          publisher,
          range(0, 100).map((n) => event(n, undefined, bytes)),
        );
      }
      const used = Number(await ask(redis.url, "MEMORY", "USAGE", stream));
      expect(used).toBeGreaterThan(100_000);
      expect(used).toBeLessThan(500_000);
    }
  });

  test("maxAgeMs - lets old entries go", async () => {
    const stream = fresh("age");
    for (const n of range(1, 201)) await ask(redis.url, "XADD", stream, `${n}-0`, "message", "old");
    await using publisher = await publisherTo(redis.url, stream, { maxAgeMs: 3_600_000 });
    await publish(publisher, [event(1)]);
    expect(Number(await ask(redis.url, "XLEN", stream))).toBeLessThan(150);
  });
});

describe("redis streams - runs", () => {
  test("a cursor in the middle of a run - gets its Start again, as a copy, though it was trimmed", async () => {
    const stream = fresh("runs");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(publisher, [new Start({ a: 1 }, { run: "r" }), ...range(0, 6).map((n) => event(n, "r"))]);
    {
      await using first = await new Reading(stream, { cursor: "c" }).took(7);
      await first.ack(0, 4);
    }
    await ask(redis.url, "XTRIM", stream, "MAXLEN", 3);
    await using second = await new Reading(stream, { cursor: "c" }).took(3);
    expect(second.numbers()).toEqual([3, 4, 5]);
    expect(second.inlet.losses).toEqual([]);
    const [copy] = second.inlet.copies;
    expect(copy?.decoded.message).toMatchObject({ type: "start", run: "r", resumed: true, data: { a: 1 } });
  });

  test("a late joiner at the newest, and at an id - gets the Starts that are open there and no others", async () => {
    const stream = fresh("runs");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(publisher, [new Start({}, { run: "a" }), event(0, "a"), new Start({}, { run: "b" }), event(1, "b")]);
    const middle = String(((await ask(redis.url, "XREVRANGE", stream, "+", "-", "COUNT", 1)) as [[unknown]])[0][0]);
    await publish(publisher, [new Stop({}, { run: "a" }), new Start({}, { run: "c" }), event(2, "c")]);
    await using newest = new Reading(stream, { from: "newest" });
    await using atId = new Reading(stream, { from: { id: middle } });
    await until(() => newest.inlet.readyAt.length + atId.inlet.readyAt.length === 2, "both to be ready");
    await publish(publisher, [event(3, "c")]);
    await until(() => newest.numbers().includes(3) && atId.numbers().includes(3), "the newest event");
    const runs = (one: Reading): unknown[] => one.inlet.copies.map(({ decoded }) => decoded.message.run);
    expect(runs(newest)).toEqual(["b", "c"]);
    expect(runs(atId)).toEqual(["a", "b"]);
    expect(atId.numbers()).toEqual([2, 3]);
  });

  test("recover run - a sum over a run is right after the block was given up in its middle", async () => {
    const stream = fresh("recover");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(publisher, [new Start({}, { run: "r" }), ...range(0, 50).map((n) => event(n, "r"))]);
    const sums: number[] = [];
    const block = (): Block => {
      let sum = 0;
      return new Block({
        name: "sum",
        listeners: [new RedisStreamListener<Message>({ url: redis.url, stream, cursor: "c" })],
        recover: "run",
        operator: (message: Message) => {
          if (message.type === "start") sum = 0;
          if (message.type === "event") sum += message.field("n") as number;
          if (message.type === "stop") sums.push(sum);
          seen += 1;
        },
      });
    };
    let seen = 0;
    const first = block();
    await first.start();
    await until(() => seen === 51, "the first half");
    await first.stop({ abandon: true });
    await publish(publisher, [...range(50, 60).map((n) => event(n, "r")), new Stop({}, { run: "r" })]);
    const second = block();
    await second.start();
    await until(() => sums.length === 1 || sums.length === 2, "the sum");
    await second.stop();
    expect(sums.at(-1)).toBe((59 * 60) / 2);
    expect(String(await ask(redis.url, "HGET", `${stream}:arroyo:cursor:c`, "position"))).toMatch(/^\d+-\d+$/);
  });
});

describe("redis streams - groups", () => {
  test("a consumer that died - its entries are taken over, and what is in work elsewhere is not", async () => {
    const stream = fresh("group");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(
      publisher,
      range(0, 5).map((n) => event(n)),
    );
    await using link = await linkTo(redis.url);
    await link.call(["XGROUP", "CREATE", stream, "g", "0"]);
    // A consumer that is killed leaves just this: entries that are pending and nobody works on.
    await link.call(["XREADGROUP", "GROUP", "g", "dead", "COUNT", 3, "STREAMS", stream, ">"]);
    const options = { group: "g", claimAfterMs: 300 };
    await using alive = await new Reading(stream, { ...options, consumer: "alive" }).took(5);
    expect(alive.numbers().sort()).toEqual([0, 1, 2, 3, 4]);
    await using other = new Reading(stream, { ...options, consumer: "other" });
    await publish(publisher, [event(5)]);
    await until(() => alive.inlet.taken.length + other.inlet.taken.length >= 6, "the next event");
    // Over several times of claimAfterMs, by the server's clock.
    const sinceMs = Number(((await link.call(["TIME"])) as unknown[])[0]) * 1000;
    const later = async (): Promise<boolean> =>
      Number(((await link.call(["TIME"])) as unknown[])[0]) * 1000 > sinceMs + 2_000;
    while (!(await later())) await publish(publisher, []);
    expect(alive.inlet.taken.length + other.inlet.taken.length).toBe(6);
    await alive.ack();
    await other.ack();
    expect(((await link.call(["XPENDING", stream, "g"])) as unknown[])[0]).toBe(0);
    expect(alive.inlet.warnings.join() + other.inlet.warnings.join()).toContain("2 consumers");
  });

  test("a consumer that is full - nobody takes over what it has read and not put, nor does it itself", async () => {
    const stream = fresh("group");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(
      publisher,
      range(0, 20).map((n) => event(n)),
    );
    const options = { group: "g", claimAfterMs: 200 };
    await using full = new Reading(stream, { ...options, consumer: "full" });
    full.inlet.shut();
    await until(() => full.inlet.waiting === 1, "a put that waits");
    await using other = new Reading(stream, { ...options, consumer: "other" });
    await until(() => other.inlet.readyAt.length === 1, "the other one");
    await using link = await linkTo(redis.url);
    const pending = async (): Promise<unknown[][]> =>
      (await link.call(["XPENDING", stream, "g", "-", "+", 100])) as unknown[][];
    // Over several times of claimAfterMs, by the server's clock, each entry stays young.
    const sinceMs = Number(((await link.call(["TIME"])) as unknown[])[0]) * 1000;
    const later = async (): Promise<boolean> =>
      Number(((await link.call(["TIME"])) as unknown[])[0]) * 1000 > sinceMs + 1_000;
    while (!(await later())) await new Promise((resolve) => setImmediate(resolve));
    expect((await pending()).map(([, consumer]) => String(consumer))).toEqual(Array(20).fill("full"));
    expect(other.inlet.taken).toEqual([]);
    full.inlet.open();
    await full.took(20);
    expect(full.numbers()).toEqual(range(0, 20));
    await full.ack();
    await publish(publisher, [event(20)]);
    await until(() => full.inlet.taken.length + other.inlet.taken.length > 20, "the next event");
    expect([...full.numbers(), ...other.numbers()]).toEqual(range(0, 21));
  });

  test("a consumer that leaves - its unfinished entries go to another at once", async () => {
    const stream = fresh("group");
    await using publisher = await publisherTo(redis.url, stream);
    await publish(publisher, [new Start({}, { run: "r" }), event(0, "r"), event(1, "r")]);
    {
      await using first = await new Reading(stream, { group: "g" }).took(3);
      await first.ack(0, 2);
      await first.inlet.taken[2]?.settlement?.nack("stopped");
    }
    await using second = await new Reading(stream, { group: "g" }).took(1);
    expect(second.numbers()).toEqual([1]);
    expect(second.inlet.copies.map(({ decoded }) => decoded.message.run)).toEqual(["r"]);
  });

  test("several consumers - no gap in the sequences is a loss", async () => {
    const stream = fresh("group");
    await using publisher = await publisherTo(redis.url, stream);
    const accounts: Account[] = [];
    let seen = 0;
    const blocks = ["a", "b"].map(
      (name) =>
        new Block({
          name,
          listeners: [new RedisStreamListener<Message>({ url: redis.url, stream, group: "g", consumer: name })],
          operator: () => {
            seen += 1;
          },
        }),
    );
    for (const block of blocks) await block.start();
    for (const block of blocks) await block.ready();
    for (const n of range(0, 200)) await publish(publisher, [event(n)]);
    await until(() => seen === 200, "all events");
    for (const block of blocks) accounts.push(await block.stop());
    expect(accounts.reduce((sum, { received }) => sum + received, 0)).toBe(200);
    for (const { lost } of accounts) expect(lost === 0 || lost === "unknown").toBe(true);
  });
});

describe("redis streams - hostile entries", () => {
  test("entries of others, of other shapes and in the hashes - are rejected one by one", async () => {
    const stream = fresh("hostile");
    await using publisher = await publisherTo(redis.url, stream);
    await using link = await linkTo(redis.url);
    await link.call([
      "HSET",
      `${stream}:arroyo:runs`,
      "not-an-id",
      "x",
      "5-1",
      Buffer.alloc(1000, 255),
      "5-2",
      '- "r"\nAYO',
    ]);
    await link.call(["HSET", `${stream}:arroyo:cursor:c`, "position", "nonsense", "count", "-", "starts", "a b 1-1"]);
    await link.call(["XADD", stream, "*", "message", Buffer.alloc(0), "other", Buffer.alloc(100, 1)]);
    await link.call(["XADD", stream, "*", ...range(0, 200).flatMap((n) => [`f${n}`, Buffer.alloc(10, n)])]);
    await link.call(["XADD", stream, "*", "__proto__", "AYO\u0001"]);
    await publish(publisher, [event(7)]);
    await using reading = await new Reading(stream, { cursor: "c" }).took(1);
    expect(reading.inlet.rejections.length).toBe(3);
    expect(reading.numbers()).toEqual([7]);
  });

  test("a key of another kind, a wrong password, a message over the server's limit - say what to do", async () => {
    const stream = fresh("wrong");
    await ask(redis.url, "SET", stream, "a text");
    await using wrong = new Reading(stream);
    expect(String(await wrong.ended)).toMatch(/WRONGTYPE|something else/);
    const denied = new RedisStreamListener({ url: redis.url, stream, username: "nobody", password: "secret" });
    const inlet = new RecordingInlet(denied.codec);
    const error = await denied.start(inlet, new AbortController().signal).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: "USAGE", retryable: false });
    expect(String(error)).not.toContain("secret");
    await ask(redis.url, "CONFIG", "SET", "proto-max-bulk-len", 1_048_576);
    try {
      await using publisher = await publisherTo(redis.url, fresh("limit"));
      await expect(publisher.publishBatch([event(1, undefined, 2_000_000)])).rejects.toThrow(
        "proto-max-bulk-len 2097152",
      );
      await publish(publisher, [event(1)]);
    } finally {
      await ask(redis.url, "CONFIG", "SET", "proto-max-bulk-len", 536_870_912);
    }
  });
});

describe("redis streams - the server dies", () => {
  test("killed and started again on its data, twice - nothing acknowledged is lost, in order", async () => {
    const [from, to] = [fresh("from"), fresh("to")];
    const source = new MemoryChannel<Message>({ mode: "log" });
    const quiet = <T extends { onWarning: unknown }>(publisher: T): T =>
      Object.assign(publisher, { onWarning: () => undefined });
    const first = new Block({
      name: "in",
      listeners: [new MemoryListener<Message>({ channel: source })],
      publishers: [quiet(new RedisStreamPublisher<Message>({ url: redis.url, stream: from }))],
    });
    const second = new Block({
      name: "over",
      guarantee: "at-least-once",
      listeners: [new RedisStreamListener<Message>({ url: redis.url, stream: from, cursor: "over" })],
      publishers: [quiet(new RedisStreamPublisher<Message>({ url: redis.url, stream: to }))],
    });
    const feed = new MemoryPublisher<Message>({ channel: source });
    feed.begin("feed");
    await feed.open(new AbortController().signal);
    await first.start();
    await second.start();
    const outputs = async (): Promise<number> => Number(await ask(redis.url, "XLEN", to));
    await feed.publish(new Start({}, { run: "r" }));
    for (const round of [0, 1, 2]) {
      for (const n of range(round * 300, round * 300 + 300)) await feed.publish(event(n, "r"));
      if (round === 2) break;
      const enough = round * 300 + 50;
      while ((await outputs()) < enough) await new Promise((resolve) => setImmediate(resolve));
      await redis.kill();
      await redis.start();
    }
    await feed.publish(new Stop({}, { run: "r" }));
    await using reading = new Reading(to);
    await until(() => reading.inlet.messages.some(({ type }) => type === "stop"), "the Stop", 15_000);
    const seen = reading.numbers() as number[];
    expect([...new Set(seen)]).toEqual(range(0, 900));
    const accounts = [await first.stop(), await second.stop()];
    for (const account of accounts) expect(account).toMatchObject({ failed: 0, dropped: 0, left: 0 });
    expect(accounts[1]?.lost).toBe(0);
  });
});

test("redis streams - 32 MB arrive byte for byte", async () => {
  const stream = fresh("large");
  await using publisher = await publisherTo(redis.url, stream);
  const data = new Uint32Array(8 * 1024 * 1024).map((_, at) => Math.imul(at, 2_654_435_761));
  await publish(publisher, [event(0), new Event({ n: 1 }, new NdArray(data, [2048, 4096])), event(2)]);
  await using reading = await new Reading(stream, { cursor: "c" }).took(3);
  const [, large] = reading.inlet.messages as [Event, Event<object, NdArray<"uint32">>, Event];
  expect(
    Buffer.compare(
      Buffer.from(large.payload.data.buffer, large.payload.data.byteOffset, data.byteLength),
      Buffer.from(data.buffer),
    ),
  ).toBe(0);
  expect(large.payload.shape).toEqual([2048, 4096]);
});
