import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AnyMessage, Block, type BlockEvents, Event, isRetryable } from "../../../src/index.ts";
import { freePorts } from "../../../src/testing/brokers/free-port.ts";
import { type Broker, startProxy, startRabbitMq } from "../../../src/testing/brokers/index.ts";
import { AmqpListener, AmqpPublisher } from "../../../src/transports/amqp/index.ts";
import { certificate, key } from "../kafka/certificate.ts";
import { channelTo, eventually, fresh, publish, publisherTo, until } from "./places.ts";

let rabbit: Broker;
let secure: string;
const folder = mkdtempSync(join(tmpdir(), "arroyo-amqp-tls-"));

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  writeFileSync(join(folder, "cert.pem"), certificate);
  writeFileSync(join(folder, "key.pem"), key, { mode: 0o600 });
  secure = `amqps://guest:guest@127.0.0.1:${port}`;
  rabbit = await startRabbitMq({
    own: true,
    settings: {
      "listeners.ssl.1": `127.0.0.1:${port}`,
      "ssl_options.certfile": join(folder, "cert.pem"),
      "ssl_options.keyfile": join(folder, "key.pem"),
      "ssl_options.verify": "verify_none",
      "ssl_options.fail_if_no_peer_cert": "false",
    },
  });
}, 120_000);
afterAll(async () => {
  await rabbit[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);
const events = (from: number, to: number): Event[] =>
  range(from, to).map((n) => new Event({ n }, new Uint8Array(2_000)));

async function length(queue: string): Promise<number> {
  await using own = await channelTo(rabbit.url);
  return (await own.channel.checkQueue(queue)).messageCount;
}

async function numbersIn(queue: string): Promise<number[]> {
  const seen: number[] = [];
  await using reader = new Block<AnyMessage, AnyMessage>({
    name: "reader",
    listeners: [new AmqpListener<AnyMessage>({ url: rabbit.url, queue })],
    operator: (message) => {
      if (message.type === "event") seen.push(Number(message.field("n")));
    },
  });
  await reader.start();
  await eventually(async () => (await length(queue)) === 0 && reader.account.left === 0, `the end of ${queue}`);
  await reader.stop();
  return seen;
}

async function refusal(options: { url: string; tls?: object }): Promise<unknown> {
  const publisher = new AmqpPublisher<AnyMessage>({ ...options, queue: "t" });
  try {
    return await publisher.open(new AbortController().signal);
  } catch (error) {
    return error;
  } finally {
    await publisher.close();
  }
}

describe("TLS", () => {
  test("TLS - messages come through, with an authority of our own", async () => {
    const [queue, out] = [fresh("secret"), fresh("out")];
    const tls = { ca: certificate };
    await using publisher = await publisherTo({ url: secure, tls, queue });
    // Longer than a frame, so that it is divided.
    await publish(publisher, [...events(0, 10), new Event({ n: 10 }, new Uint8Array(300_000).fill(7))]);
    await using block = new Block<AnyMessage, AnyMessage>({
      name: "secure",
      listeners: [new AmqpListener<AnyMessage>({ url: secure, tls, queue })],
      publishers: [new AmqpPublisher<AnyMessage>({ url: secure, tls, queue: out })],
    });
    await block.start();
    await eventually(async () => (await length(out)) === 11, "all messages");
    await block.stop();
    expect(await numbersIn(out)).toEqual(range(0, 11));
  });

  test("TLS - a certificate of somebody else is refused for good", async () => {
    const error = await refusal({ url: secure });
    expect(String(error)).toMatch(/TLS .* does not come about: .*certificate.*correct tls/i);
    expect(isRetryable(error)).toBe(false);
  });

  test("TLS - a place that does not speak it is refused for good", async () => {
    const error = await refusal({ url: rabbit.url.replace("amqp:", "amqps:"), tls: { ca: certificate } });
    expect(String(error)).toMatch(/TLS with 127.0.0.1:\d+ does not come about: .*wrong version number.*correct tls/);
    expect(isRetryable(error)).toBe(false);
  });
});

describe("a connection that stands still", () => {
  const forwarding = async (port: number, heartbeatMs: number) => {
    const [queue, out] = [fresh("stalled"), fresh("out")];
    const url = rabbit.url.replace(/:\d+$/, `:${port}`);
    const block = new Block<AnyMessage, AnyMessage>({
      name: "stalled",
      listeners: [new AmqpListener<AnyMessage>({ url, queue, heartbeatMs })],
      publishers: [new AmqpPublisher<AnyMessage>({ url, queue: out, heartbeatMs })],
      guarantee: "at-least-once",
    });
    const states: BlockEvents["state"][] = [];
    block.on("state", (news) => states.push(news));
    await block.ready();
    return { queue, out, block, states };
  };

  test("stall - a short one is waited for, and nothing is sent twice", async () => {
    await using proxy = await startProxy({ port: rabbit.port });
    const { queue, out, block, states } = await forwarding(proxy.port, 10_000);
    await using publisher = await publisherTo({ url: rabbit.url, queue });
    await publish(publisher, events(0, 100));
    await eventually(async () => (await length(out)) === 100, "the first");
    proxy.stall();
    await publish(publisher, events(100, 200));
    proxy.resume();
    await eventually(async () => (await length(out)) === 200, "the second");
    await block.stop();
    expect(states.filter(({ state }) => state === "retrying")).toEqual([]);
    expect(await numbersIn(out)).toEqual(range(0, 200));
  });

  test("stall - a long one is a lost connection, after which nothing is missing", async () => {
    await using proxy = await startProxy({ port: rabbit.port });
    const { queue, out, block, states } = await forwarding(proxy.port, 1_000);
    await using publisher = await publisherTo({ url: rabbit.url, queue });
    await publish(publisher, events(0, 100));
    await eventually(async () => (await length(out)) === 100, "the first");
    proxy.stall();
    await publish(publisher, events(100, 200));
    const retries = (): BlockEvents["state"][] => states.filter(({ state }) => state === "retrying");
    await until(() => retries().some(({ part }) => part === "AmqpListener"), "the loss to be seen", 15_000);
    const [first] = retries();
    expect(first).toMatchObject({ attempt: 1, detail: expect.stringMatching(/no connection to .*heartbeat/i) });
    expect(first?.delayMs).toBeGreaterThan(0);
    proxy.resume();
    await eventually(async () => (await length(out)) >= 200, "the second", 30_000);
    await eventually(async () => (await length(queue)) === 0, "the acknowledgements", 30_000);
    await block.stop();
    const seen = await numbersIn(out);
    expect([...new Set(seen)].sort((a, b) => a - b)).toEqual(range(0, 200));
    const ofListener = states.filter(({ part }) => part === "AmqpListener").map(({ state }) => state);
    expect(ofListener.slice(ofListener.indexOf("retrying"))).toEqual(
      expect.arrayContaining(["retrying", "connecting", "ready", "connected"]),
    );
  }, 60_000);
});

test("lag - is told of a queue, also of what is in work", async () => {
  const queue = fresh("lag");
  await using publisher = await publisherTo({ url: rabbit.url, queue });
  await publish(publisher, events(0, 50));
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  await using block = new Block<AnyMessage, AnyMessage>({
    name: "behind",
    listeners: [new AmqpListener<AnyMessage>({ url: rabbit.url, queue })],
    operator: () => held,
  });
  const told: BlockEvents["lag"][] = [];
  block.on("lag", (news) => told.push(news));
  await block.start();
  await until(() => told.length > 0, "the lag");
  go();
  expect(told[0]).toMatchObject({ block: "behind", part: "AmqpListener" });
  // What is on its way just now is in both counts, or in none.
  expect(told[0]?.messages).toBeGreaterThan(40);
  expect(told[0]?.messages).toBeLessThan(60);
});
