import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { AnyMessage } from "../../../src/message/message.ts";
import { type ListenerSource, listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { publisherSuite } from "../../../src/testing/conformance/publisher.ts";
import type { PublisherTarget } from "../../../src/testing/conformance/publisher-target.ts";
import { KafkaListener } from "../../../src/transports/kafka/kafka-listener.ts";
import { KafkaPublisher } from "../../../src/transports/kafka/kafka-publisher.ts";
import { type Cluster, named, opened, startCluster } from "./cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const PATIENCE_MS = 20_000;
const LARGE = { config: { "max.message.bytes": "33554432" } };

async function source(): Promise<ListenerSource> {
  const { brokers, proxy } = cluster;
  const topic = named("source");
  const groupId = named("group");
  const publisher = await opened({ brokers, topic }, "source");
  const raw = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await raw.connect();
  const common = { brokers, topic, groupId, handoverMs: 200, sessionTimeoutMs: 6_000 };
  return {
    make: () => new KafkaListener<AnyMessage>(common),
    send: async (messages) => {
      await publisher.publishBatch(messages);
      publisher.attempted("done");
    },
    sendGarbage: async (bytes) => {
      await raw.send({ topic, messages: [{ value: Buffer.from(bytes), partition: 0 }] });
    },
    cut: () => proxy.cut(),
    [Symbol.asyncDispose]: async () => {
      await publisher.close();
      await raw.disconnect();
    },
  };
}

function target(): PublisherTarget {
  const { brokers, proxy } = cluster;
  const topic = named("target");
  return {
    make: () => new KafkaPublisher<AnyMessage>({ brokers, topic, createTopic: LARGE, retryMs: 500 }),
    makeWaiting: () => {
      // Connections are taken and nobody answers.
      proxy.stall();
      return new KafkaPublisher<AnyMessage>({ brokers, topic, createTopic: LARGE });
    },
    read: () => new KafkaListener<AnyMessage>({ brokers, topic, createTopic: LARGE, groupId: named("reader") }),
    cut: () => proxy.refuse(),
    [Symbol.asyncDispose]: async () => proxy.resume(),
  };
}

describe("kafka listener", () => {
  const cases = listenerSuite({
    name: "kafka listener",
    replay: "log",
    source,
    cannot: { "end - start returns when the source ends, after its last message": "a topic has no end" },
    patienceMs: PATIENCE_MS,
  });
  for (const each of cases) test(each.name, each.run);
});

describe("kafka publisher", () => {
  const cases = publisherSuite({ name: "kafka publisher", confirms: true, target, patienceMs: PATIENCE_MS });
  for (const each of cases) test(each.name, each.run);
});
