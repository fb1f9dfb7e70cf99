import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { AnyMessage } from "../../../src/message/message.ts";
import { type Broker, startProxy, startRabbitMq, type TcpProxy } from "../../../src/testing/brokers/index.ts";
import { type ListenerSource, listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { type PublisherTarget, publisherSuite } from "../../../src/testing/conformance/publisher.ts";
import { AmqpListener, AmqpPublisher, AmqpStreamListener } from "../../../src/transports/amqp/index.ts";
import { channelTo, fresh, publish, publisherTo, readable } from "./places.ts";

const NO_END = "a queue of RabbitMQ never ends";
/** What was given out and is never settled is not waited for. */
const LINGER_MS = 200;

let rabbit: Broker;
/** Accepts and never answers. */
let mute: Server;
const muted = new Set<Socket>();
beforeAll(async () => {
  rabbit = await startRabbitMq();
  mute = createServer((socket) => muted.add(socket)).listen(0, "127.0.0.1");
}, 120_000);
afterAll(async () => {
  for (const socket of muted) socket.destroy();
  mute.close();
  await rabbit[Symbol.asyncDispose]();
});

const through = (proxy: TcpProxy): string => {
  const url = new URL(rabbit.url);
  url.port = String(proxy.port);
  return url.href;
};
const muteUrl = (): string => `amqp://127.0.0.1:${(mute.address() as { port: number }).port}`;

type Kind = "classic" | "quorum" | "stream" | "temporary";

async function source(kind: Kind): Promise<ListenerSource> {
  const queue = fresh("source");
  const proxy = await startProxy({ port: rabbit.port });
  const url = through(proxy);
  const exchange = { name: `x-${queue}`, type: "topic" } as const;
  const publisher = await publisherTo(
    kind === "temporary"
      ? { url: rabbit.url, exchange, mandatory: false }
      : { url: rabbit.url, queue, declare: { type: kind } },
  );
  if (kind === "stream") await readable(rabbit.url, queue);
  const own = await channelTo(rabbit.url);
  return {
    make: () => {
      if (kind === "temporary") return new AmqpListener<AnyMessage>({ url, exchange, lingerMs: LINGER_MS });
      if (kind === "stream") {
        return new AmqpStreamListener<AnyMessage>({ url, queue, cursor: "one", lingerMs: LINGER_MS });
      }
      return new AmqpListener<AnyMessage>({ url, queue, lingerMs: LINGER_MS });
    },
    send: (messages) => publish(publisher, messages),
    sendGarbage: async (bytes) => {
      if (kind === "temporary") own.channel.publish(exchange.name, "", Buffer.from(bytes));
      else own.channel.sendToQueue(queue, Buffer.from(bytes));
      await own.channel.waitForConfirms();
    },
    cut: () => proxy.cut(),
    [Symbol.asyncDispose]: async () => {
      await publisher.close();
      await own[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

for (const kind of ["classic", "quorum", "stream", "temporary"] as const) {
  describe(`amqp listener, ${kind}`, () => {
    const cases = listenerSuite({
      name: `amqp listener, ${kind}`,
      replay: kind === "temporary" ? "none" : kind === "stream" ? "log" : "unacked",
      source: () => source(kind),
      cannot: { "end - start returns when the source ends, after its last message": NO_END },
    });
    for (const each of cases) test(each.name, each.run, 20_000);
  });
}

describe("amqp publisher, stream", () => {
  const target = async (): Promise<PublisherTarget> => {
    const queue = fresh("target");
    const proxy = await startProxy({ port: rabbit.port });
    const declare = { type: "stream" } as const;
    await (await publisherTo({ url: rabbit.url, queue, declare })).close();
    await readable(rabbit.url, queue);
    return {
      make: () => new AmqpPublisher<AnyMessage>({ url: through(proxy), queue, declare }),
      read: () => new AmqpStreamListener<AnyMessage>({ url: rabbit.url, queue, lingerMs: LINGER_MS }),
      makeWaiting: () => new AmqpPublisher<AnyMessage>({ url: muteUrl(), queue }),
      cut: () => proxy.refuse(),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  };
  const cases = publisherSuite({ name: "amqp publisher, stream", confirms: true, target });
  for (const each of cases) test(each.name, each.run, 20_000);
});

describe("amqp publisher, exchange", () => {
  const target = async (): Promise<PublisherTarget> => {
    const proxy = await startProxy({ port: rabbit.port });
    const exchange = { name: fresh("exchange"), type: "fanout" } as const;
    return {
      make: () => new AmqpPublisher<AnyMessage>({ url: through(proxy), exchange, mandatory: false }),
      read: () => new AmqpListener<AnyMessage>({ url: rabbit.url, exchange, lingerMs: LINGER_MS }),
      makeWaiting: () => new AmqpPublisher<AnyMessage>({ url: muteUrl(), exchange }),
      cut: () => proxy.refuse(),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  };
  const cases = publisherSuite({
    name: "amqp publisher, exchange",
    confirms: false,
    target,
    cannot: {
      "late joiner - gets the Starts of the open runs, resumed":
        "an exchange tells nobody who is bound to it; a stream has them",
    },
  });
  for (const each of cases) test(each.name, each.run, 20_000);
});
