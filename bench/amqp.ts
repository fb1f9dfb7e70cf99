import { type ConfirmChannel, connect } from "amqplib";
import { AmqpPublisher } from "arroyojs/amqp";
import { type Broker, startRabbitMq } from "arroyojs/testing";
import { Company } from "./company.ts";
import { publishNumbered } from "./numbered-events.ts";
import type { Findings, Row, Size } from "./row.ts";
import { ratios } from "./spread.ts";
import { inTurns } from "./turns.ts";

interface Case {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly events: number;
}

interface Forwarded {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const LEAST = 0.9;
/** After which part of the events the clock starts: connecting and compiling are measured elsewhere. */
const WARM_UP = 0.2;
/** How many messages the bare client has on the way: as a block's batches. */
const WINDOW = 1_000;
const CASES: readonly Case[] = [
  { name: "amqp-100b", title: "100 bytes", bytes: 100, events: 60_000 },
  { name: "amqp-10kb", title: "10 kB", bytes: 10_000, events: 30_000 },
];

/** Measures queues of RabbitMQ beside bare amqplib. */
export const amqp: readonly Row[] = CASES.map((one) => ({
  name: one.name,
  measure: (size: Size) => queues(one, size),
}));

async function queues(one: Case, size: Size): Promise<Findings> {
  await using broker = await startRabbitMq({ own: true });
  const events = size.quick ? Math.ceil(one.events / 20) : one.events;
  const found = await inTurns(size, {
    block: () => forwarded(broker, "block", one, events),
    bare: () => forwarded(broker, "bare", one, events),
  });
  const rates = (all: readonly Forwarded[]): number[] => all.map(({ perSecond }) => perSecond / 1000);
  return {
    title: `RabbitMQ queue → pass-through → queue, ${one.title}`,
    method:
      "One process reads a durable queue and publishes persistent messages to another one, at least once: acknowledged " +
      "after they are confirmed. The queue is full before, and the clock starts after a fifth of it. Ours: a block. Bare: amqplib, a confirm channel with up to " +
      `${2 * WINDOW} messages on the way, acknowledged with one word for each batch. Afterwards every event must stand in ` +
      "the output once, in order, with its payload, the input must be empty, and the account must add up. The broker runs " +
      "on the same machine.",
    lines: [
      { what: "block, thousand messages/s", values: rates(found.block) },
      { what: "bare, thousand messages/s", values: rates(found.bare) },
      { what: "block, CPU µs/message", values: found.block.map(({ cpuUs }) => cpuUs) },
      { what: "bare, CPU µs/message", values: found.bare.map(({ cpuUs }) => cpuUs) },
      { what: "**block / bare**", values: ratios(rates(found.block), rates(found.bare)), target: { least: LEAST } },
    ],
  };
}

async function forwarded(broker: Broker, kind: string, one: Case, events: number): Promise<Forwarded> {
  const model = await connect(broker.url);
  try {
    const channel = await model.createConfirmChannel();
    for (const queue of ["in", "out"]) {
      await channel.deleteQueue(queue);
      await channel.assertQueue(queue, { durable: true });
    }
    await fill(broker.url, one.bytes, events);
    await using company = new Company();
    const forward = company.begin("amqp-forward", { kind, url: broker.url, window: WINDOW });
    await forward.word("ready");
    forward.tell("go");
    const until = async (count: number): Promise<number> => {
      for (;;) {
        const { messageCount } = await channel.checkQueue("out");
        if (messageCount >= count) return messageCount;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const before = await until(events * WARM_UP);
    const beganMs = performance.now();
    forward.tell("warm");
    const measured = (await until(events)) - before;
    const seconds = (performance.now() - beganMs) / 1000;
    forward.tell("end");
    const { cpu, account } = await forward.word<{ cpu: NodeJS.CpuUsage; account?: Record<string, number> }>("ended");
    const isWhole = (key: string): boolean => account?.[key] === events;
    if (account !== undefined && !["received", "finished", "published"].every(isWhole)) {
      throw new Error(`bench: expected an account of ${events} messages, got ${JSON.stringify(account)}`);
    }
    await company.end();
    await check(channel, one.bytes, events);
    return { perSecond: measured / seconds, cpuUs: (cpu.user + cpu.system) / measured };
  } finally {
    await model.close();
  }
}

async function fill(url: string, bytes: number, events: number): Promise<void> {
  const publisher = new AmqpPublisher({ url, queue: "in" });
  await publishNumbered(publisher, bytes, events);
}

/** Reads the output: the number of each event stands at its end. */
async function check(channel: ConfirmChannel, bytes: number, events: number): Promise<void> {
  const { messageCount } = await channel.checkQueue("in");
  if (messageCount !== 0) throw new Error(`bench: ${messageCount} events were not acknowledged`);
  let next = 0;
  let trouble: string | undefined;
  const { consumerTag } = await channel.consume(
    "out",
    (message) => {
      if (message === null) return;
      const { content } = message;
      const number = content.readUInt32LE(content.length - 4);
      if (number !== next || content.length < bytes) trouble ??= `expected event ${next}, got ${number}`;
      next += 1;
    },
    { noAck: true },
  );
  while (next < events && trouble === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  await channel.cancel(consumerTag);
  if (trouble !== undefined) throw new Error(`bench: ${trouble}`);
}
