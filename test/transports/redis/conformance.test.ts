import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { AnyMessage } from "../../../src/message/message.ts";
import { type Broker, startProxy } from "../../../src/testing/brokers/index.ts";
import { type ListenerSource, listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { type PublisherTarget, publisherSuite } from "../../../src/testing/conformance/publisher.ts";
import { RedisListener } from "../../../src/transports/redis/redis-listener.ts";
import { RedisPublisher } from "../../../src/transports/redis/redis-publisher.ts";
import { RedisStreamListener } from "../../../src/transports/redis/redis-stream-listener.ts";
import { RedisStreamPublisher } from "../../../src/transports/redis/redis-stream-publisher.ts";
import { fresh, linkTo, publisherTo, server, until } from "./places.ts";

const NO_END = "a stream or channel of Redis never ends";

let redis: Broker;
/** Accepts and never answers. */
let mute: Server;
const muted = new Set<Socket>();
beforeAll(async () => {
  redis = await server();
  mute = createServer((socket) => muted.add(socket)).listen(0, "127.0.0.1");
});
afterAll(async () => {
  for (const socket of muted) socket.destroy();
  mute.close();
  await redis[Symbol.asyncDispose]();
});

const muteUrl = (): string => `redis://127.0.0.1:${(mute.address() as { port: number }).port}`;

/** A stream behind a proxy, with listeners that share a cursor or a group. */
async function streamSource(kind: "cursor" | "group"): Promise<ListenerSource> {
  const stream = fresh("source");
  const proxy = await startProxy({ port: redis.port });
  const publisher = await publisherTo(redis.url, stream);
  const link = await linkTo(redis.url);
  const place = kind === "cursor" ? { cursor: "one" } : { group: "all", consumer: "one" };
  return {
    make: () => new RedisStreamListener<AnyMessage>({ url: `redis://127.0.0.1:${proxy.port}`, stream, ...place }),
    send: async (messages) => {
      await publisher.publishBatch(messages);
      publisher.attempted("done");
    },
    sendGarbage: async (bytes) => {
      await link.call(["XADD", stream, "*", "message", Buffer.from(bytes)]);
    },
    cut: () => proxy.cut(),
    [Symbol.asyncDispose]: async () => {
      await publisher.close();
      link.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

for (const kind of ["cursor", "group"] as const) {
  describe(`redis stream listener, ${kind}`, () => {
    const cases = listenerSuite({
      name: `redis stream listener, ${kind}`,
      replay: kind === "cursor" ? "log" : "unacked",
      source: () => streamSource(kind),
      cannot: {
        "end - start returns when the source ends, after its last message": NO_END,
      },
    });
    for (const each of cases) test(each.name, each.run);
  });
}

describe("redis stream publisher", () => {
  const target = async (): Promise<PublisherTarget> => {
    const stream = fresh("target");
    const proxy = await startProxy({ port: redis.port });
    return {
      make: () => {
        const publisher = new RedisStreamPublisher<AnyMessage>({ url: `redis://127.0.0.1:${proxy.port}`, stream });
        publisher.onWarning = () => undefined;
        return publisher;
      },
      read: () => new RedisStreamListener<AnyMessage>({ url: redis.url, stream }),
      makeWaiting: () => new RedisStreamPublisher<AnyMessage>({ url: muteUrl(), stream }),
      cut: () => proxy.refuse(),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  };
  const cases = publisherSuite({ name: "redis stream publisher", confirms: true, target });
  for (const each of cases) test(each.name, each.run);
});

describe("redis stream publisher, joined at the newest", () => {
  const target = async (): Promise<PublisherTarget> => {
    const stream = fresh("target");
    return {
      make: () => {
        const publisher = new RedisStreamPublisher<AnyMessage>({ url: redis.url, stream });
        publisher.onWarning = () => undefined;
        return publisher;
      },
      read: () => new RedisStreamListener<AnyMessage>({ url: redis.url, stream, from: "newest" }),
      [Symbol.asyncDispose]: async () => {},
    };
  };
  const cases = publisherSuite({ name: "redis stream publisher", confirms: true, target });
  const joins = cases.filter(({ name }) => name.startsWith("late joiner"));
  for (const each of joins) test(each.name, each.run);
});

describe("redis pub/sub listener", () => {
  const source = async (): Promise<ListenerSource> => {
    const channel = fresh("channel");
    const proxy = await startProxy({ port: redis.port });
    const link = await linkTo(redis.url);
    const publisher = new RedisPublisher<AnyMessage>({ url: redis.url, channel });
    publisher.begin("test");
    await publisher.open(new AbortController().signal);
    return {
      make: () => new RedisListener<AnyMessage>({ url: `redis://127.0.0.1:${proxy.port}`, channels: channel }),
      send: async (messages) => {
        for (const message of messages) await publisher.publish(message);
      },
      sendGarbage: async (bytes) => {
        await link.call(["PUBLISH", channel, Buffer.from(bytes)]);
      },
      cut: () => proxy.cut(),
      [Symbol.asyncDispose]: async () => {
        await publisher.close();
        link.close();
        await proxy[Symbol.asyncDispose]();
      },
    };
  };
  const cases = listenerSuite({
    name: "redis pub/sub listener",
    replay: "none",
    source,
    cannot: { "end - start returns when the source ends, after its last message": NO_END },
  });
  for (const each of cases) test(each.name, each.run);
});

describe("redis pub/sub publisher", () => {
  const target = async (): Promise<PublisherTarget> => {
    const channel = fresh("channel");
    const proxy = await startProxy({ port: redis.port });
    const url = `redis://127.0.0.1:${proxy.port}`;
    return {
      make: () => new RedisPublisher<AnyMessage>({ url, channel }),
      read: () => new RedisListener<AnyMessage>({ url: redis.url, channels: channel }),
      known: (publisher, readers) =>
        until(() => (publisher as RedisPublisher<AnyMessage>).readers === readers, `${readers} readers`),
      makeWaiting: () => new RedisPublisher<AnyMessage>({ url: redis.url, channel: fresh("x"), waitForSubscribers: 1 }),
      cut: () => proxy.refuse(),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  };
  const cases = publisherSuite({ name: "redis pub/sub publisher", confirms: false, target });
  for (const each of cases) test(each.name, each.run);
});
