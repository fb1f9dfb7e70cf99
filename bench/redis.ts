import { RedisStreamPublisher } from "arroyojs/redis";
import { type Broker, startRedis } from "arroyojs/testing";
import { Redis } from "ioredis";
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
const STREAMS: readonly Case[] = [
  { name: "redis-streams-100b", title: "100 bytes", bytes: 100, events: 200_000 },
  { name: "redis-streams-10kb", title: "10 kB", bytes: 10_000, events: 40_000 },
];
const PUBSUB: Case = { name: "redis-pubsub", title: "100 bytes", bytes: 100, events: 400_000 };

/** Measures Redis streams and channels beside bare ioredis. */
export const redis: readonly Row[] = [
  ...STREAMS.map((one) => ({ name: one.name, measure: (size: Size) => streams(one, size) })),
  { name: PUBSUB.name, measure: (size: Size) => pubSub(PUBSUB, size) },
];

async function streams(one: Case, size: Size): Promise<Findings> {
  await using server = await startRedis({ own: true });
  const events = size.quick ? Math.ceil(one.events / 20) : one.events;
  const found = await inTurns(size, {
    block: () => forwarded(server, "block", one, events),
    bare: () => forwarded(server, "bare", one, events),
  });
  const rates = (all: readonly Forwarded[]): number[] => all.map(({ perSecond }) => perSecond / 1000);
  return {
    title: `Redis streams, in → pass-through → out, ${one.title}`,
    method:
      "One process reads a stream as the only consumer of a group and adds to another one, at least once: acknowledged " +
      "after the XADD is confirmed. The stream is full before, and the clock starts after a fifth of it. Ours: a block. Bare: ioredis, XREADGROUP COUNT 500, one " +
      "pipeline of XADD, one XACK. Afterwards every event must stand in the output once, in order, with its payload, " +
      "nothing may be pending, and the account must add up. The server runs on the same machine, without a file.",
    lines: [
      { what: "block, thousand messages/s", values: rates(found.block) },
      { what: "bare, thousand messages/s", values: rates(found.bare) },
      { what: "block, CPU µs/message", values: found.block.map(({ cpuUs }) => cpuUs) },
      { what: "bare, CPU µs/message", values: found.bare.map(({ cpuUs }) => cpuUs) },
      {
        what: "**block / bare**",
        values: ratios(rates(found.block), rates(found.bare)),
        target: { least: LEAST },
      },
    ],
  };
}

async function forwarded(server: Broker, kind: string, one: Case, events: number): Promise<Forwarded> {
  const client = new Redis(server.url, { protocol: 2 });
  try {
    await client.flushall();
    await fill(server.url, one.bytes, events);
    await using company = new Company();
    const forward = company.begin("redis-forward", { kind, url: server.url });
    await forward.word("ready");
    forward.tell("go");
    const until = async (count: number): Promise<number> => {
      for (;;) {
        const length = await client.xlen("out");
        if (length >= count) return length;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const before = await until(events * WARM_UP);
    const beganMs = performance.now();
    forward.tell("warm");
    const measured = (await until(events)) - before;
    const seconds = (performance.now() - beganMs) / 1000;
    // The last ones are acknowledged a little later than they stand there.
    for (;;) if (((await client.xpending("in", "g")) as unknown[])[0] === 0) break;
    forward.tell("end");
    const { cpu, account } = await forward.word<{ cpu: NodeJS.CpuUsage; account?: Record<string, number> }>("ended");
    const isWhole = (key: string): boolean => account?.[key] === events;
    if (account !== undefined && !["received", "finished", "published"].every(isWhole)) {
      throw new Error(`bench: expected an account of ${events} messages, got ${JSON.stringify(account)}`);
    }
    await check(client, one.bytes, events);
    return { perSecond: measured / seconds, cpuUs: (cpu.user + cpu.system) / measured };
  } finally {
    client.disconnect();
  }
}

async function fill(url: string, bytes: number, events: number): Promise<void> {
  const publisher = new RedisStreamPublisher({ url, stream: "in", maxBytes: Number.POSITIVE_INFINITY });
  publisher.onWarning = () => undefined;
  await publishNumbered(publisher, bytes, events);
}

/** Reads the output: the number of each event stands at its end. */
async function check(client: Redis, bytes: number, events: number): Promise<void> {
  let next = 0;
  for (let from = "-"; next < events; ) {
    const entries = (await client.callBuffer("XRANGE", "out", from, "+", "COUNT", 1000)) as [Buffer, Buffer[]][];
    for (const [id, [, value]] of entries) {
      const number = value?.readUInt32LE(value.length - 4);
      if (number !== next || (value?.length ?? 0) < bytes)
        throw new Error(`bench: expected event ${next}, got ${number}`);
      next += 1;
      from = `(${id}`;
    }
    if (entries.length === 0) break;
  }
  if (next !== events || (await client.xlen("out")) !== events) {
    throw new Error(`bench: expected ${events} events in the output, got ${next}`);
  }
}

async function pubSub(one: Case, size: Size): Promise<Findings> {
  await using server = await startRedis({ own: true });
  const events = size.quick ? Math.ceil(one.events / 20) : one.events;
  const found = await inTurns(size, {
    block: () => published(server.url, "block", one.bytes, events),
    bare: () => published(server.url, "bare", one.bytes, events),
  });
  return {
    title: `Redis pub/sub, ${one.title}`,
    method:
      "One process publishes on a channel, another one subscribes. Ours: two blocks, the first with a source of its own " +
      "process. Bare: ioredis, pipelines of 1 000 PUBLISH, one on its way while the next is made; a counter of messages. " +
      "Every message must come. Counted from the first publish to the last arrival.",
    lines: [
      { what: "blocks, thousand messages/s", values: found.block.map((rate) => rate / 1000) },
      { what: "bare, thousand messages/s", values: found.bare.map((rate) => rate / 1000) },
      { what: "**blocks / bare**", values: ratios(found.block, found.bare), target: { least: LEAST } },
    ],
  };
}

async function published(url: string, kind: string, bytes: number, events: number): Promise<number> {
  await using company = new Company();
  const sink = company.begin("redis-pubsub", { role: "sink", kind, url, bytes, events });
  await sink.word("ready");
  const source = company.begin("redis-pubsub", { role: "source", kind, url, bytes, events });
  await source.word("ready");
  source.tell("go");
  const begun = await source.word<{ at: number }>("begun");
  const done = await sink.word<{ at: number }>("done");
  await company.end();
  return events / ((done.at - begun.at) / 1000);
}
