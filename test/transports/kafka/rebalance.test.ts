import { afterAll, beforeAll, expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { KafkaListener } from "../../../src/transports/kafka/kafka-listener.ts";
import { KafkaPublisher } from "../../../src/transports/kafka/kafka-publisher.ts";
import { type Cluster, named, opened, Reader, send, startCluster } from "./cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const PATIENCE_MS = 25_000;

/** Is a block of a group, and what its operator saw. */
interface Worker extends AsyncDisposable {
  readonly block: Block;
  readonly seen: AnyMessage[];
  readonly listener: KafkaListener<AnyMessage>;
}

async function worker(from: string, to: string, recover: "message" | "run" = "message"): Promise<Worker> {
  const { brokers } = cluster;
  const seen: AnyMessage[] = [];
  const listener = new KafkaListener<AnyMessage>({
    ...{ brokers, topic: from, groupId: `group-${from}` },
    ...{ sessionTimeoutMs: 6_000, heartbeatMs: 200, handoverMs: 2_000 },
  });
  const block = new Block<AnyMessage, AnyMessage>({
    name: named("worker"),
    listeners: [listener],
    operator: (message: AnyMessage) => {
      seen.push(message);
      return message;
    },
    publishers: [new KafkaPublisher<AnyMessage>({ brokers, topic: to, createTopic: true })],
    guarantee: "at-least-once",
    recover,
  });
  await block.start();
  await block.ready();
  return {
    block: block as unknown as Block,
    seen,
    listener,
    [Symbol.asyncDispose]: async () => void (await block.stop()),
  };
}

/** Checks that each run is a Start, its events, and a Stop, and gives how its Stops say that it ended. */
function reasonsOf(seen: readonly AnyMessage[]): unknown[] {
  const open = new Set<string>();
  const reasons: unknown[] = [];
  for (const message of seen) {
    const run = message.run as string;
    if (message.type === "start") expect(open.has(run), "a Start in an open run").toBe(false);
    else expect(open.has(run), `a ${message.type} outside of its run`).toBe(true);
    if (message.type === "start") open.add(run);
    if (message.type !== "stop") continue;
    open.delete(run);
    reasons.push(message.reason);
  }
  expect(open.size).toBe(0);
  return reasons;
}

const eventsOf = (messages: readonly AnyMessage[]): number[] =>
  messages.filter(({ type }) => type === "event").map((message) => Number((message as Event).field("n")));
const inOrder = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const keyed = (n: number): Event => new Event({ n }, new Uint8Array(100), { run: "scan", key: `key-${n}` });

test("rebalance - two members come and go under load: all is worked on once, and each sees whole runs", async () => {
  const [from, to] = [named("shared"), named("results")];
  const source = await opened({ brokers: cluster.brokers, topic: from, createTopic: { partitions: 4 } });
  const first = await worker(from, to);
  await send(source, new Start({ scan: 1 }, { run: "scan" }));
  let next = 0;
  const feed = async (count: number): Promise<void> => {
    for (const end = next + count; next < end; next += 20) {
      await send(source, ...Array.from({ length: 20 }, (_, index) => keyed(next + index)));
    }
  };
  await feed(400);
  const second = await worker(from, to);
  await feed(400);
  await until(() => eventsOf(second.seen).length > 0, "events at the second member", PATIENCE_MS);
  expect(first.listener.positions).toHaveLength(2);
  await feed(400);
  await second.block.stop();
  await until(() => first.listener.positions.length === 4, "all partitions at the first member", PATIENCE_MS);
  await feed(400);
  await send(source, new Stop({}, { run: "scan" }));
  await until(
    () => first.seen.at(-1)?.type === "stop" && eventsOf([...first.seen, ...second.seen]).length >= 1_600,
    "the end",
    PATIENCE_MS,
  );
  await first.block.stop();

  expect(inOrder(eventsOf([...first.seen, ...second.seen]))).toEqual(upTo(1_600));
  expect(reasonsOf(first.seen)).toEqual(["interrupted", "interrupted", "completed"]);
  expect(reasonsOf(second.seen)).toEqual(["interrupted"]);
  const starts = [...first.seen, ...second.seen].filter((message) => message.type === "start");
  expect(starts.map(({ resumed }) => resumed)).toEqual([false, true, true, true]);
  expect(starts.every(({ data }) => (data as { scan: number }).scan === 1)).toBe(true);
  await using reading = new Reader({ brokers: cluster.brokers, topic: to, groupId: named("oracle") });
  await reading.until(() => eventsOf(reading.inlet.messages).length >= 1_600, "all results");
  expect(inOrder(eventsOf(reading.inlet.messages))).toEqual(upTo(1_600));
  await source.close();
});

test("rebalance - what another member took meanwhile is not counted as lost", async () => {
  const [from, to] = [named("counted"), named("results")];
  const source = await opened({ brokers: cluster.brokers, topic: from, createTopic: { partitions: 2 } });
  const first = await worker(from, to);
  await send(source, new Start({}, { run: "scan" }), ...upTo(100).map(keyed));
  await until(() => eventsOf(first.seen).length === 100, "the first hundred", PATIENCE_MS);
  const second = await worker(from, to);
  await send(source, ...upTo(100).map((n) => keyed(100 + n)));
  const both = (): number => eventsOf([...first.seen, ...second.seen]).length;
  await until(() => both() === 200, "the second hundred", PATIENCE_MS);
  await second.block.stop();
  await send(source, ...upTo(100).map((n) => keyed(200 + n)), new Stop({}, { run: "scan" }));
  await until(() => both() === 300 && first.seen.at(-1)?.type === "stop", "the third hundred", PATIENCE_MS);
  const account = await first.block.stop();
  expect(account.lost).toBe(0);
  expect(account.received).toBe(account.finished + account.dropped);
  expect(account.reasons).not.toHaveProperty("after-stop");
  await source.close();
});

test("rebalance - with recover run the next member gets the run from its Start", async () => {
  const [from, to] = [named("whole"), named("results")];
  const source = await opened({ brokers: cluster.brokers, topic: from });
  const first = await worker(from, to, "run");
  await send(source, new Start({}, { run: "scan" }), ...upTo(50).map(keyed));
  await until(() => eventsOf(first.seen).length === 50, "the first half", PATIENCE_MS);
  await first.block.stop();
  const second = await worker(from, to, "run");
  await send(source, ...upTo(50).map((n) => keyed(50 + n)), new Stop({}, { run: "scan" }));
  await until(() => second.seen.at(-1)?.type === "stop", "the end of the run", PATIENCE_MS);
  expect(eventsOf(second.seen)).toEqual(upTo(100));
  expect(reasonsOf(second.seen)).toEqual(["completed"]);
  await second.block.stop();
  await using third = await worker(from, to, "run");
  await send(source, new Start({}, { run: "next" }), new Stop({}, { run: "next" }));
  await until(() => third.seen.length === 2, "the next run", PATIENCE_MS);
  expect(third.seen.map(({ run }) => run)).toEqual(["next", "next"]);
  await source.close();
});
