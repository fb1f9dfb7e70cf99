import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import { isRetryable } from "../../../src/errors.ts";
import type { BlockEvents } from "../../../src/events.ts";
import { Event } from "../../../src/message/event.ts";
import { jsonCodec } from "../../../src/message/json-codec.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { KafkaListener, type KafkaListenerOptions } from "../../../src/transports/kafka/kafka-listener.ts";
import { KafkaPublisher } from "../../../src/transports/kafka/kafka-publisher.ts";
import { type Cluster, named, numbers, opened, Reader, send, startCluster } from "./cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const event = (n: number, run?: string, key?: string): Event =>
  new Event({ n }, Uint8Array.of(n % 256), {
    ...(run === undefined ? {} : { run }),
    ...(key === undefined ? {} : { key }),
  });
const events = (from: number, to: number, run?: string): Event[] =>
  Array.from({ length: to - from }, (_, index) => event(from + index, run));

function reader(topic: string, options: Partial<KafkaListenerOptions<AnyMessage>> = {}): Reader {
  return new Reader({ brokers: cluster.brokers, topic, groupId: "readers", createTopic: true, ...options });
}

const groupOf = (topic: string): string => `group-of-${topic}`;
const admin = () => new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).admin();

async function deleteBefore(topic: string, offset: number): Promise<void> {
  const watcher = admin();
  await watcher.connect();
  // It has to know the topic first.
  await watcher.fetchTopicOffsets(topic);
  await watcher.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  await watcher.disconnect();
}

test("wire form - header and payload follow each other in one body", async () => {
  const topic = named("body");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  await send(publisher, event(1));
  await publisher.close();
  const consumer = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).consumer({
    groupId: "raw",
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const value = await new Promise<Buffer>((resolve) => {
    void consumer.run({ eachMessage: async ({ message }) => resolve(message.value as Buffer) });
  });
  await consumer.disconnect();
  expect(value.subarray(0, 3).toString()).toBe("AYO");
  expect(value.at(-1)).toBe(1);
});

test("partitions - a Start is given with each, a Stop once, after the events of all", async () => {
  const topic = named("runs");
  const publisher = await opened({ brokers: cluster.brokers, topic, createTopic: { partitions: 4 } });
  const runs = Array.from({ length: 30 }, (_, index) => `run-${index}`);
  for (const run of runs) {
    const keyed = Array.from({ length: 20 }, (_, n) => event(n, run, `key-${n}`));
    await send(publisher, new Start({}, { run }), ...keyed, new Stop({}, { run }));
  }
  await using reading = reader(topic, { groupId: groupOf(topic) });
  await reading.until(() => reading.inlet.messages.filter(({ type }) => type === "stop").length === 30, "30 Stops");
  for (const run of runs) {
    const its = reading.inlet.messages.filter((message) => message.run === run);
    expect(its.at(-1)?.type).toBe("stop");
    const came = its.filter(({ type }) => type === "event").map((message) => (message as Event).field("n"));
    expect(came.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20 }, (_, n) => n));
    const origins = its.filter(({ type }) => type === "start").map(({ envelope }) => JSON.stringify(envelope.origin));
    expect(origins).toHaveLength(4);
    expect(new Set(origins).size).toBe(1);
  }
  await publisher.close();
});

test("commit - holds the positions of the open runs' Starts, from which the next reader gets them again", async () => {
  const topic = named("open");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  const groupId = groupOf(topic);
  await send(publisher, new Start({ scan: 7 }, { run: "long" }), ...events(0, 5, "long"));
  {
    await using first = reader(topic, { groupId });
    await first.takes(6);
    await first.ack(0, 4);
  }
  const watcher = admin();
  await watcher.connect();
  const [found] = await watcher.fetchOffsets({ groupId, topics: [topic] });
  await watcher.disconnect();
  expect(found?.partitions).toEqual([{ partition: 0, offset: "4", metadata: "arroyo/1 0" }]);
  await using second = reader(topic, { groupId });
  await second.takes(2);
  const [copy] = second.inlet.copies;
  expect(copy?.decoded.message).toMatchObject({ type: "start", run: "long", resumed: true, data: { scan: 7 } });
  expect(numbers(second.inlet.messages)).toEqual([3, 4]);
  await publisher.close();
});

test("commit - nothing is committed past what is not finished", async () => {
  const topic = named("prefix");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  await send(publisher, ...events(0, 10));
  {
    await using first = reader(topic, { groupId: groupOf(topic) });
    await first.takes(10);
    await first.ack(5, 10);
    await first.ack(0, 3);
  }
  await using second = reader(topic, { groupId: groupOf(topic) });
  expect(numbers(await second.takes(7))).toEqual([3, 4, 5, 6, 7, 8, 9]);
  await publisher.close();
});

test("draining - what is finished after start returned is still committed", async () => {
  const topic = named("late");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  await send(publisher, ...events(0, 3));
  const first = reader(topic, { groupId: groupOf(topic) });
  await first.takes(3);
  await first.stop();
  await first.ack(0, 3);
  await send(publisher, event(3));
  await using second = reader(topic, { groupId: groupOf(topic) });
  expect(numbers(await second.takes(1))).toEqual([3]);
  await publisher.close();
});

test("from - earliest, latest and a time set the group, which goes on from there", async () => {
  const topic = named("from");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  const groupId = groupOf(topic);
  await send(publisher, ...events(0, 3));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const timeMs = Date.now();
  await send(publisher, ...events(3, 5));
  {
    await using latest = reader(topic, { groupId, from: "latest" });
    await latest.ready();
    await send(publisher, event(5));
    expect(numbers(await latest.takes(1))).toEqual([5]);
    await latest.ack(0, 1);
  }
  {
    await using timed = reader(topic, { groupId, from: { timeMs } });
    expect(numbers(await timed.takes(3))).toEqual([3, 4, 5]);
    await timed.ack(0, 1);
    for (const { settlement } of timed.inlet.taken.slice(1)) await settlement?.nack("stopped");
  }
  {
    await using goingOn = reader(topic, { groupId });
    expect(numbers(await goingOn.takes(2))).toEqual([4, 5]);
    await goingOn.ack(0, 2);
  }
  await using earliest = reader(topic, { groupId, from: "earliest" });
  expect(numbers(await earliest.takes(6))).toEqual([0, 1, 2, 3, 4, 5]);
  await publisher.close();
});

test("out of range - what was deleted is counted as lost, or ends the listener with what to do", async () => {
  const topic = named("deleted");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  const groupId = groupOf(topic);
  await send(publisher, ...events(0, 10));
  {
    await using first = reader(topic, { groupId });
    await first.takes(10);
    await first.ack(0, 2);
  }
  await deleteBefore(topic, 6);
  const refused = reader(topic, { groupId, outOfRange: "fail" });
  const error = await refused.fails();
  expect(String(error)).toMatch(/partition 0 of .*offset 2 is out of range, the topic has 6 to 10/);
  expect(isRetryable(error)).toBe(false);
  await using second = reader(topic, { groupId });
  expect(numbers(await second.takes(4))).toEqual([6, 7, 8, 9]);
  expect(second.inlet.losses).toEqual([{ messages: 4, reason: "deleted from the topic before it was read" }]);
  await publisher.close();
});

test("out of range - while it reads: the same", async () => {
  const topic = named("overtaken");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  await using reading = reader(topic, { groupId: groupOf(topic), maxPartitionBytes: 600 });
  await reading.ready();
  reading.inlet.shut();
  for (let n = 0; n < 60; n += 1) await send(publisher, event(n));
  await reading.until(() => reading.inlet.waiting > 0, "a put that waits");
  await deleteBefore(topic, 50);
  reading.inlet.open();
  await reading.until(() => numbers(reading.inlet.messages).at(-1) === 59, "the last message");
  const lost = reading.inlet.losses.reduce((sum, { messages }) => sum + messages, 0);
  expect(lost).toBeGreaterThan(0);
  expect(lost + reading.inlet.taken.length).toBe(60);
  await publisher.close();
});

test("topics - one that is missing is named, or made as asked", async () => {
  const topic = named("made");
  const missing = await reader(topic, { createTopic: false }).fails();
  expect(String(missing)).toContain(`there is no topic "${topic}"`);
  expect(isRetryable(missing)).toBe(false);
  const publisher = new KafkaPublisher({ brokers: cluster.brokers, topic });
  await expect(publisher.open(new AbortController().signal)).rejects.toThrow("say createTopic: true");
  await using reading = reader(topic, { createTopic: { partitions: 3 } });
  await reading.ready();
  expect(reading.listener.positions.map(({ partition }) => partition).toSorted()).toEqual([0, 1, 2]);
});

test("brokers - that nobody is at are a retryable error", async () => {
  const nobody = new Reader({ brokers: ["127.0.0.1:1"], topic: "t", groupId: "g", connectTimeoutMs: 200 });
  expect(isRetryable(await nobody.fails())).toBe(true);
});

test("large - what the topic does not take is refused with what to raise, and the next message goes", async () => {
  const topic = named("large");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  const error = await publisher.publish(new Event({}, new Uint8Array(2_000_000))).catch((caught: unknown) => caught);
  expect(String(error)).toContain("max.message.bytes");
  expect(isRetryable(error)).toBe(false);
  publisher.attempted("failed");
  await send(publisher, event(1));
  await using reading = reader(topic, { groupId: groupOf(topic) });
  expect(numbers(await reading.takes(1))).toEqual([1]);
  await publisher.close();
});

test("other formats - get key, headers and time from the record", async () => {
  const topic = named("json");
  const publisher = await opened({ brokers: cluster.brokers, topic, codec: jsonCodec, timestamps: "message" });
  const raw = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).producer();
  await raw.connect();
  await raw.send({
    topic,
    messages: [
      {
        key: "k",
        value: '{"type":"event","metadata":{"temperature":4}}',
        headers: { unit: ["K", "kelvin"], source: "cryo" },
        timestamp: "1000",
      },
      { key: "k", value: null },
    ],
  });
  await raw.disconnect();
  await using reading = reader(topic, { codec: jsonCodec, groupId: groupOf(topic) });
  const [message] = await reading.takes(1);
  expect(message?.envelope).toMatchObject({ key: "k", timeMs: 1000 });
  const headers = message?.envelope.headers?.map(([name, value]) => [
    name,
    Buffer.from(value as Uint8Array).toString(),
  ]);
  expect(headers).toEqual([
    ["unit", "K"],
    ["unit", "kelvin"],
    ["source", "cryo"],
  ]);
  await publisher.close();
});

test("keys and headers - come along in the native form, and gzip changes nothing", async () => {
  const topic = named("gzip");
  const publisher = await opened({ brokers: cluster.brokers, topic, compression: "gzip" });
  const sent = new Event({ n: 1 }, new Uint8Array(10_000), {
    key: "k",
    headers: [
      ["a", "1"],
      ["a", Uint8Array.of(2)],
    ],
  });
  await send(publisher, sent);
  await using reading = reader(topic, { groupId: groupOf(topic) });
  const [came] = await reading.takes(1);
  expect(came?.envelope).toMatchObject({
    key: "k",
    headers: [
      ["a", "1"],
      ["a", Uint8Array.of(2)],
    ],
  });
  await publisher.close();
});

test("compression - one without a codec says at open what to install", async () => {
  const publisher = new KafkaPublisher({
    brokers: cluster.brokers,
    topic: named("snappy"),
    createTopic: true,
    compression: "snappy",
  });
  await expect(publisher.open(new AbortController().signal)).rejects.toThrow("kafkajs-snappy");
});

test("back-pressure - a reader that takes nothing for longer than the session stays a member", async () => {
  const topic = named("full");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  await using reading = reader(topic, { groupId: groupOf(topic), sessionTimeoutMs: 1_500, handoverMs: 100 });
  await reading.ready();
  reading.inlet.shut();
  await send(publisher, ...events(0, 50));
  await reading.until(() => reading.inlet.waiting > 0, "a put that waits");
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  reading.inlet.open();
  expect(numbers(await reading.takes(50))).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(reading.inlet.divisions).toEqual([[], ["0"]]);
  expect(reading.inlet.overruns).toBe(0);
  await publisher.close();
});

test("positions - say how far behind the reader is", async () => {
  const topic = named("lag");
  const publisher = await opened({ brokers: cluster.brokers, topic });
  await send(publisher, ...events(0, 8));
  await using reading = reader(topic, { groupId: groupOf(topic) });
  await reading.takes(8);
  expect(reading.listener.lag).toBe(8);
  await reading.ack(0, 5);
  await reading.until(() => reading.listener.lag === 3, "a lag of 3");
  expect(reading.listener.positions).toEqual([{ partition: 0, position: 8, committed: 5, end: 8, lag: 3 }]);
  await publisher.close();
});

test("positions - a block tells how far it is behind, for each partition", async () => {
  const topic = named("told");
  const publisher = await opened({ brokers: cluster.brokers, topic, createTopic: { partitions: 2 } });
  // What is sent together goes to one partition.
  await send(publisher, ...events(0, 8));
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  await using block = new Block<AnyMessage, AnyMessage>({
    name: "behind",
    listeners: [new KafkaListener<AnyMessage>({ brokers: cluster.brokers, topic, groupId: groupOf(topic) })],
    operator: () => held,
  });
  const told: BlockEvents["lag"][] = [];
  block.on("lag", (news) => told.push(news));
  await block.start();
  await until(() => told.length > 0, "the lag", 15_000);
  expect(told[0]).toMatchObject({ block: "behind", part: "KafkaListener", messages: 8 });
  expect(Object.values(told[0]?.partitions ?? {}).sort()).toEqual([0, 8]);
  go();
  await publisher.close();
});
