import { randomBytes } from "node:crypto";
import { pathToFileURL } from "node:url";
import { Event } from "../src/message/event.ts";
import type { AnyMessage } from "../src/message/message.ts";
import { Start } from "../src/message/start.ts";
import { Stop } from "../src/message/stop.ts";
import { type Broker, startKafka } from "../src/testing/brokers/index.ts";
import { RecordingInlet } from "../src/testing/conformance/recording-inlet.ts";
import { until } from "../src/testing/conformance/until.ts";
import { KafkaListener } from "../src/transports/kafka/kafka-listener.ts";
import { KafkaPublisher } from "../src/transports/kafka/kafka-publisher.ts";
import { platformaticKafka } from "./platformatic.ts";
import { Program } from "./program.ts";
import type { Findings, Row, Size } from "./row.ts";
import { ratios } from "./spread.ts";
import { section } from "./table.ts";
import { inTurns } from "./turns.ts";

interface Case {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly events: number;
  readonly warmUp: number;
}

interface Forwarded {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const CASES: readonly Case[] = [
  { name: "kafka-100b", title: "100 bytes", bytes: 100, events: 200_000, warmUp: 40_000 },
  { name: "kafka-10kb", title: "10 kB", bytes: 10_000, events: 24_000, warmUp: 4_000 },
  { name: "kafka-1mb", title: "1 MB", bytes: 1_000_000, events: 300, warmUp: 40 },
];
const LARGE = { config: { "max.message.bytes": "33554432" } };
const SESSION_MS = 6_000;
/** A commit that is under way was begun so long ago at most. */
const COMMITTING_MS = 50;
const COMMIT_MS = 100;
const PATIENCE_MS = 60_000;
const BATCH = 1_000;
const ROUNDS = 3;

/** Measures a block between two topics beside a loop over the bare client, at several sizes. */
export const kafkaForward: readonly Row[] = CASES.map((one) => ({
  name: one.name,
  measure: (size) => measure(one, size),
}));

/** Measures how soon a block is at work: into a new group, and after it was killed. */
export const kafkaRestart: Row = { name: "kafka-restart", measure: measureRestart };

async function measure(one: Case, size: Size): Promise<Findings> {
  await using broker = await startKafka({ own: true, heapMb: 1024 });
  const from = topicName("in");
  const { events, warmUp } = size.quick ? { events: Math.ceil(one.events / 20), warmUp: 5 } : one;
  const platformatic = platformaticKafka();
  if (platformatic === undefined) size.say(`${one.name}: without @platformatic/kafka, which could not be installed`);
  await fill(broker, from, events, one.bytes);
  const found = await inTurns(size, {
    block: () => forwarded("block", broker, from, events, warmUp, one.bytes),
    bare: () => forwarded("kafkajs", broker, from, events, warmUp, one.bytes),
    ...(platformatic !== undefined && {
      platformatic: () => forwarded("platformatic", broker, from, events, warmUp, one.bytes, platformatic),
    }),
  });
  const other: readonly Forwarded[] | undefined = found.platformatic;
  const rates = (which: readonly Forwarded[]): number[] => which.map(({ perSecond }) => perSecond);
  const cpu = (which: readonly Forwarded[]): number[] => which.map(({ cpuUs }) => cpuUs);
  return {
    title: `Kafka, topic → pass-through → topic, at least once, ${one.title}`,
    method:
      "One broker and one partition on the same machine; a run of native messages stands in the topic. Ours: a block " +
      `that commits every ${COMMIT_MS} ms what is confirmed. Bare, on kafkajs: a batch in, sends of at most 1 000 ` +
      "messages or 0.9 MB, one at a time, idempotent, and a commit after the last is confirmed; on @platformatic/kafka, " +
      "for information, the same with what has come until then as a batch. All fetch as much at once. Every event must be in the other topic once, in order, with its payload.",
    lines: [
      { what: "block, messages/s", values: rates(found.block) },
      { what: "bare kafkajs, messages/s", values: rates(found.bare) },
      { what: "block, CPU µs/message", values: cpu(found.block) },
      { what: "bare kafkajs, CPU µs/message", values: cpu(found.bare) },
      {
        what: "**block / bare kafkajs**",
        values: ratios(rates(found.block), rates(found.bare)),
        target: { least: 0.9 },
      },
      ...(other === undefined
        ? []
        : [
            { what: "bare @platformatic/kafka, messages/s", values: rates(other) },
            { what: "bare @platformatic/kafka, CPU µs/message", values: cpu(other) },
            { what: "block / bare @platformatic/kafka", values: ratios(rates(found.block), rates(other)) },
          ]),
    ],
  };
}

async function forwarded(
  kind: "block" | "kafkajs" | "platformatic",
  broker: Broker,
  from: string,
  events: number,
  warmUp: number,
  bytes: number,
  module?: string,
): Promise<Forwarded> {
  const to = topicName("out");
  await make(broker, to);
  const groupId = topicName("group");
  const count = events + 2;
  const places = { broker: broker.url, from, to, groupId, module };
  await using program = new Program("kafka-forward", { kind, ...places, count, warmUp });
  const done = await program.word<Forwarded>("done");
  program.tell("end");
  await program.word("ended");
  await check(broker, to, events, bytes, 1);
  return done;
}

async function measureRestart(size: Size): Promise<Findings> {
  await using broker = await startKafka({ own: true, heapMb: 1024 });
  const events = size.quick ? 20_000 : 100_000;
  const from = topicName("in");
  await fill(broker, from, events, 100);
  const found = { first: [] as number[], again: [] as number[], twice: [] as number[], interval: [] as number[] };
  for (let round = 0; round < size.rounds; round += 1) {
    size.say(`kafka-restart: round ${round + 1}`);
    const to = topicName("out");
    await make(broker, to);
    const options = {
      ...{ kind: "block", broker: broker.url, from, to, groupId: topicName("group"), count: events + 2 },
      ...{ warmUp: 1, sessionTimeoutMs: SESSION_MS, commitMs: COMMIT_MS, tells: true },
    };
    const begunAt = performance.now();
    const first = new Program("kafka-forward", options);
    await first.word("first");
    const firstMs = performance.now() - begunAt;
    found.first.push(firstMs);
    await new Promise((resolve) => setTimeout(resolve, 300));
    first.signal("SIGKILL");
    await first.ended;
    const againAt = performance.now();
    await using second = new Program("kafka-forward", options);
    await second.word("first");
    found.again.push(performance.now() - againAt);
    const came = await check(broker, to, events, 100, 2);
    second.tell("end");
    await second.word("ended");
    found.twice.push(came - events - 2);
    found.interval.push(mostWithin(first.words<Published>("at"), COMMIT_MS + COMMITTING_MS));
  }
  const most = Math.max(...found.interval);
  return {
    title: "Kafka: start and restart of a block",
    method:
      "From the start of the process to its first message in the other topic: into a new group, and into the group of " +
      `a process that was killed (SIGKILL) in the midst of its work, with a session time-out of ${SESSION_MS} ms. ` +
      `Twice: messages that are in the other topic for a second time; the target is the most that the killed process ` +
      `published within a commit interval (${COMMIT_MS} ms) and the time of a commit (${COMMITTING_MS} ms). None may be missing.`,
    lines: [
      { what: "**start to first output, ms**", values: found.first, target: { most: 1_000 } },
      { what: "**restart to first output, ms**", values: found.again, target: { most: SESSION_MS + 1_000 } },
      { what: "**messages twice**", values: found.twice, target: { most } },
    ],
  };
}

/** What a process said of itself. */
interface Published {
  readonly published: number;
  readonly ms: number;
}

/** Gives the most that was published within any time of this length. */
function mostWithin(all: readonly Published[], lengthMs: number): number {
  let most = 0;
  let from = 0;
  for (const one of all) {
    while (one.ms - (all[from] as Published).ms > lengthMs) from += 1;
    most = Math.max(most, one.published - (all[from] as Published).published);
  }
  return most;
}

function topicName(what: string): string {
  return `${what}-${randomBytes(4).toString("hex")}`;
}

/** Makes a topic by opening and closing a publisher. */
async function make(broker: Broker, topic: string): Promise<void> {
  const publisher = new KafkaPublisher<AnyMessage>({ brokers: [broker.url], topic, createTopic: LARGE });
  await publisher.open(new AbortController().signal);
  await publisher.close();
}

/** Puts a run into a new topic. */
async function fill(broker: Broker, topic: string, events: number, bytes: number): Promise<void> {
  const publisher = new KafkaPublisher<AnyMessage>({ brokers: [broker.url], topic, createTopic: LARGE });
  publisher.begin("detector");
  await publisher.open(new AbortController().signal);
  const batch = Math.max(1, Math.min(BATCH, Math.floor(8_000_000 / bytes)));
  await publisher.publish(new Start({}, { run: "run" }));
  for (let n = 0; n < events; n += batch) {
    const some = Array.from({ length: Math.min(batch, events - n) }, (_, index) => eventOf(n + index, bytes));
    await publisher.publishBatch(some);
    publisher.attempted("done");
  }
  await publisher.publish(new Stop({}, { run: "run" }));
  await publisher.close();
}

function eventOf(n: number, bytes: number): AnyMessage {
  const payload = new Uint8Array(bytes).fill(n % 251);
  return new Event({ n }, payload, { run: "run" });
}

/** Reads a topic, and gives how many messages came; each event must be there, at most so many times. */
async function check(broker: Broker, topic: string, events: number, bytes: number, most: number): Promise<number> {
  const times = new Uint8Array(events);
  let last = -1;
  let came = 0;
  let different = 0;
  const listener = new KafkaListener<AnyMessage>({ brokers: [broker.url], topic, groupId: topicName("check") });
  const inlet = new RecordingInlet(listener.codec);
  const stop = new AbortController();
  const taking = Object.assign(Object.create(inlet) as RecordingInlet, {
    putDecoded: ({ message }: { message: AnyMessage }) => {
      came += 1;
      if (message.type !== "event") return;
      const n = Number(message.field("n"));
      const payload = message.payload as Uint8Array;
      if (payload.length !== bytes || payload[0] !== n % 251 || payload.at(-1) !== n % 251) different += 1;
      if (most === 1 && n !== last + 1) different += 1;
      last = n;
      times[n] = (times[n] as number) + 1;
    },
    ready: () => undefined,
    partitions: () => undefined,
    connected: () => undefined,
    takeOver: () => undefined,
    limits: inlet.limits,
  });
  const reading = listener.start(taking, stop.signal);
  await until(() => times.every((count) => count > 0), `all events of ${topic}`, PATIENCE_MS);
  await until(() => listener.positions.every(({ position, end }) => position >= end), "the end", PATIENCE_MS);
  stop.abort();
  await reading;
  if (different > 0 || times.some((count) => count > most)) {
    throw new Error(`bench: ${different} events of ${topic} are not as they were sent, or some came too often`);
  }
  return came;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , ...names] = process.argv;
  const size: Size = {
    quick: names.includes("--quick"),
    rounds: names.includes("--quick") ? 1 : ROUNDS,
    say: (text) => process.stdout.write(`${text}\n`),
  };
  const asked = names.filter((name) => !name.startsWith("--"));
  for (const row of [...kafkaForward, kafkaRestart]) {
    if (asked.length > 0 && !asked.includes(row.name)) continue;
    process.stdout.write(`${section(await row.measure(size))}\n\n`);
  }
}
