import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import { isRetryable } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { startProxy } from "../../../src/testing/brokers/index.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { KafkaListener } from "../../../src/transports/kafka/kafka-listener.ts";
import { KafkaPublisher } from "../../../src/transports/kafka/kafka-publisher.ts";
import { connectOnce } from "../../../src/transports/kafka/kafkajs-connecting.ts";
import { MemoryChannel } from "../../../src/transports/memory/memory-channel.ts";
import { MemoryListener } from "../../../src/transports/memory/memory-listener.ts";
import { MemoryPublisher } from "../../../src/transports/memory/memory-publisher.ts";
import { type Cluster, named, numbers, opened, Reader, send, startCluster } from "./cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const PATIENCE_MS = 28_000;
const SUMMING = fileURLToPath(new URL("programs/summing.ts", import.meta.url));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const event = (n: number, run?: string): Event =>
  new Event({ n }, Uint8Array.of(n % 256), run === undefined ? {} : { run });
const idsOf = (messages: readonly AnyMessage[]): number[] =>
  messages.filter(({ type }) => type === "event").map((message) => Number((message as Event).field("n")));
const groupOf = (topic: string): string => `group-of-${topic}`;

/** Reads all of a topic, and gives the ids that came. */
async function idsIn(topic: string, count: number): Promise<readonly number[]> {
  await using reading = new Reader({ brokers: cluster.brokers, topic, groupId: named("oracle") });
  await reading.until(() => new Set(idsOf(reading.inlet.messages)).size >= count, `${count} ids in ${topic}`);
  return idsOf(reading.inlet.messages);
}

/** A block from a channel of this process into a topic, and one from there into another topic. */
async function chain(options: { readonly sessionTimeoutMs?: number } = {}) {
  const [from, to] = [named("in"), named("out")];
  const { brokers } = cluster;
  const quick = { brokers, requestTimeoutMs: 1_000, connectTimeoutMs: 1_000 };
  const channel = new MemoryChannel<AnyMessage>({ mode: "log" });
  const source = new MemoryPublisher<AnyMessage>({ channel, stream: "source" });
  await source.open(new AbortController().signal);
  const sent = new KafkaPublisher<AnyMessage>({ ...quick, topic: from, createTopic: true, retryMs: 500 });
  const feed = new Block<AnyMessage, AnyMessage>({
    name: "feed",
    listeners: [new MemoryListener<AnyMessage>({ channel, group: "feed" })],
    publishers: [sent],
    guarantee: "at-least-once",
  });
  await feed.start();
  const listener = new KafkaListener<AnyMessage>({
    ...{ ...quick, topic: from, groupId: groupOf(from), createTopic: true },
    ...{ sessionTimeoutMs: options.sessionTimeoutMs ?? 3_000, handoverMs: 500 },
  });
  const forward = new Block<AnyMessage, AnyMessage>({
    name: "forward",
    listeners: [listener],
    publishers: [new KafkaPublisher<AnyMessage>({ ...quick, topic: to, createTopic: true, retryMs: 500 })],
    guarantee: "at-least-once",
  });
  await forward.start();
  await forward.ready();
  return {
    to,
    forward,
    publish: (...messages: readonly AnyMessage[]) => source.publishBatch(messages),
    forwarded: (count: number) => until(() => forward.account.published >= count, `${count} forwarded`, PATIENCE_MS),
    [Symbol.asyncDispose]: async () => {
      await source.close();
      await feed.stop();
      await forward.stop();
    },
  };
}

test("trap - a send that was given up does not swallow the message after it", async () => {
  const topic = named("given-up");
  const { brokers, proxy } = cluster;
  const publisher = await opened({ brokers, topic, requestTimeoutMs: 300, retryMs: 300 });
  await send(publisher, event(0));
  proxy.dropAnswers();
  const error = await publisher.publish(event(1)).catch((caught: unknown) => caught);
  publisher.attempted("failed");
  proxy.resume();
  expect(isRetryable(error)).toBe(true);
  await send(publisher, event(2));
  await publisher.close();
  const ids = await idsIn(topic, 3);
  expect(ids).toEqual([0, 1, 2]);
});

test("trap - answers that are lost in between cost a repetition, and no message twice at the reader", async () => {
  await using blocks = await chain();
  const { proxy } = cluster;
  await blocks.publish(...upTo(100).map((n) => event(n)));
  await blocks.forwarded(100);
  proxy.dropAnswers();
  await blocks.publish(...upTo(100).map((n) => event(100 + n)));
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  proxy.resume();
  await blocks.publish(...upTo(100).map((n) => event(200 + n)));
  await blocks.forwarded(300);
  expect(new Set(await idsIn(blocks.to, 300))).toEqual(new Set(upTo(300)));
});

test("trap - a consumer whose client stops for ever begins again", async () => {
  await using blocks = await chain({ sessionTimeoutMs: 1_500 });
  const { proxy } = cluster;
  await blocks.publish(event(0));
  await blocks.forwarded(1);
  // Longer than the session: the group goes on without this member.
  proxy.stall();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  proxy.resume();
  await blocks.publish(...upTo(50).map((n) => event(1 + n)));
  await blocks.forwarded(51);
  expect(new Set(await idsIn(blocks.to, 51))).toEqual(new Set(upTo(51)));
});

test("trap - a connection that broke is made once, whoever asks for it, and is gone when it is closed", async () => {
  await using proxy = await startProxy({ port: cluster.broker.port });
  const kafka = new Kafka({ brokers: [`127.0.0.1:${proxy.port}`], logLevel: logLevel.NOTHING });
  connectOnce(kafka);
  // A consumer whose heartbeat, commit and questions meet a broken connection beside the one by which it fetches.
  const [create] = Object.getOwnPropertySymbols(kafka).filter((one) => String(one).includes("createCluster"));
  const made = (kafka as unknown as Record<symbol, (options: object) => Made>)[create as symbol]?.({});
  const pool = await made?.connectionPoolBuilder.build();
  await Promise.all(upTo(5).map(() => pool?.getConnection(0)));
  await until(() => proxy.connections > 0, "a connection", PATIENCE_MS);
  expect(proxy.connections).toBe(1);
  await pool?.destroy();
  await until(() => proxy.connections === 0, "the connection to be gone", PATIENCE_MS);
});

/** What of the client is not public. */
interface Made {
  readonly connectionPoolBuilder: {
    build(): Promise<{ getConnection(index: number): Promise<unknown>; destroy(): Promise<void> }>;
  };
}

test("broker - killed and started again on its data: nothing is missing", async () => {
  await using blocks = await chain();
  const { broker } = cluster;
  const retrying: unknown[] = [];
  blocks.forward.on("state", ({ part, state }) => state === "retrying" && retrying.push(part));
  const publishing = (async () => {
    for (let n = 0; n < 300; n += 1) {
      await blocks.publish(event(n));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await blocks.forwarded(20);
  await broker.kill();
  await broker.start();
  await publishing;
  await until(() => blocks.forward.account.published >= 300, "all forwarded", PATIENCE_MS);
  // The client's own restart is off, as it tells nobody.
  expect(retrying).toContain("KafkaListener");
  expect(new Set(await idsIn(blocks.to, 300))).toEqual(new Set(upTo(300)));
}, 60_000);

test("kill -9 - of the consumer: with recover run the sum of the run is right", async () => {
  const [from, to] = [named("numbers"), named("sums")];
  const source = await opened({ brokers: cluster.brokers, topic: from });
  const results = await opened({ brokers: cluster.brokers, topic: to });
  await results.close();
  const children: ChildProcess[] = [];
  const begin = async (): Promise<{ child: ChildProcess; counts: unknown[] }> => {
    const child = fork(SUMMING, [cluster.brokers[0] as string, from, to], { execArgv: ["--import", "tsx"] });
    children.push(child);
    const counts: unknown[] = [];
    child.on("message", (count) => counts.push(count));
    await until(() => counts.includes("ready") || child.exitCode !== null, "the child to be ready", PATIENCE_MS);
    expect(child.exitCode).toBe(null);
    return { child, counts };
  };
  try {
    const first = await begin();
    await send(source, new Start({}, { run: "scan" }), ...upTo(500).map((n) => event(n, "scan")));
    await until(() => first.counts.at(-1) === 500, "half of the run", PATIENCE_MS);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    await send(source, ...upTo(500).map((n) => event(500 + n, "scan")), new Stop({}, { run: "scan" }));
    const second = await begin();
    await until(() => second.counts.at(-1) === 1_000, "all of the run", PATIENCE_MS);
    await using reading = new Reader({ brokers: cluster.brokers, topic: to, groupId: named("oracle") });
    await reading.until(() => reading.inlet.messages.some(({ type }) => type === "stop"), "the sum");
    const sums = reading.inlet.messages.filter((message) => message.type === "event");
    expect(sums.map((message) => [message.field("sum"), message.field("count")])).toEqual([[499_500, 1_000]]);
    second.child.kill("SIGTERM");
    await once(second.child, "exit");
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await source.close();
  }
}, 60_000);

test("poison - goes to the dead letters with its bytes, and the commit passes it", async () => {
  const [from, to] = [named("poison"), named("out")];
  const { brokers } = cluster;
  const folder = await mkdtemp(join(tmpdir(), "arroyo-poison-"));
  const source = await opened({ brokers, topic: from });
  const raw = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await raw.connect();
  await send(source, event(0));
  await raw.send({ topic: from, messages: [{ value: "no message", partition: 0 }] });
  await send(source, event(1));
  await raw.disconnect();
  const options = { brokers, topic: from, groupId: groupOf(from), sessionTimeoutMs: 6_000 };
  const block = new Block<AnyMessage, AnyMessage>({
    name: "careful",
    listeners: [new KafkaListener<AnyMessage>(options)],
    publishers: [new KafkaPublisher<AnyMessage>({ brokers, topic: to, createTopic: true })],
    onError: "dead-letter",
    deadLetters: { path: folder },
  });
  await block.start();
  await until(() => block.account.published === 2, "both messages", PATIENCE_MS);
  const account = await block.stop();
  expect(account).toMatchObject({ received: 3, finished: 2, dead: 1, rejected: 1 });
  expect((await readdir(folder)).length).toBeGreaterThan(0);
  await send(source, event(2));
  await using reading = new Reader(options);
  expect(numbers(await reading.takes(1))).toEqual([2]);
  await source.close();
  await rm(folder, { recursive: true });
});
