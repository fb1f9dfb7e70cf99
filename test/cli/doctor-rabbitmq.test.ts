import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChannelModel, connect } from "amqplib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type Broker, startProxy, startRabbitMq } from "../../src/testing/index.ts";
import { lookedAt, sent } from "./looking/sent-and-looked.ts";
import { testIo } from "./test-io.ts";

/** The user may read from and write to what has an "a" in its name. */
const RIGHTS = {
  "default_permissions.configure": ".*",
  "default_permissions.read": ".*a.*",
  "default_permissions.write": ".*a.*",
};
const PASSWORD = "canary-77aa";
const cwd = mkdtempSync(join(tmpdir(), "arroyo-doctor-rabbitmq-"));
let broker: Broker;
let model: ChannelModel;

beforeAll(async () => {
  broker = await startRabbitMq({ own: true, settings: RIGHTS });
  model = await connect(broker.url);
  const channel = await model.createChannel();
  await channel.assertQueue("bad", { durable: false, arguments: { "x-max-length": 10, "x-message-ttl": 60_000 } });
  await channel.assertQueue("quarry", { arguments: { "x-queue-type": "quorum", "x-delivery-limit": 3 } });
  await channel.assertQueue("tape", { arguments: { "x-queue-type": "stream", "x-max-age": "1h" } });
  await channel.assertQueue("tasks");
  await channel.assertExchange("scans", "topic");
  await channel.assertExchange("closed", "topic");
  await channel.assertQueue("closed");
  await channel.close();
}, 90_000);
afterAll(async () => {
  await model.close();
  await broker[Symbol.asyncDispose]();
  rmSync(cwd, { recursive: true });
});

async function consulted(yaml: string, words: readonly string[] = []) {
  writeFileSync(join(cwd, "blocks.yaml"), yaml);
  const io = testIo({ cwd, env: { PASSWORD } });
  const code = await main(["doctor", "blocks.yaml", ...words], io);
  expect(io.out.text + io.err.text).not.toContain(PASSWORD);
  return { code, text: io.out.text.replaceAll(`127.0.0.1:${broker.port}`, "HOST") };
}

const part = (use: string, options: string, url: string = broker.url): string =>
  `{ use: ${use}, options: { url: "${url}", ${options} } }`;
const of = (level: string, text: string): string[] =>
  text.split("\n").filter((line) => line.startsWith(`${level.padEnd(7)}  amqp`));

describe("doctor", () => {
  test("how queues were made that lose messages - is learnt, and named with the remedy", async () => {
    const { code, text } = await consulted(`blocks:
  - name: reduce
    listeners:
      - ${part("amqp", "queue: quarry")}
      - ${part("amqp-stream", "queue: tape, cursor: reduce, declare: false")}
    publishers:
      - ${part("amqp", "queue: bad")}
      - ${part("amqp", "queue: new, declare: { type: quorum }")}
      - ${part("amqp", "exchange: scans")}
`);
    expect(of("warning", text)).toEqual([
      "warning  amqp HOST quarry (blocks.yaml:4:16): a message that was given 3 times is thrown away (x-delivery-limit), and there is no dead-letter exchange; make it anew with deadLetterExchange, or with a higher deliveryLimit",
      "warning  amqp HOST tape (blocks.yaml:5:16): it keeps messages for 60 minutes (x-max-age): a reader that is behind by more loses some; keep more: maxAgeMs",
      "warning  amqp HOST bad (blocks.yaml:7:16): it is not durable: it is gone when the broker is restarted; make it anew with durable: true",
      "warning  amqp HOST bad (blocks.yaml:7:16): beyond x-max-length 10 the oldest messages fall out, confirmed or not (x-overflow drop-head); make it anew with overflow: reject, so that publishers wait",
      "warning  amqp HOST bad (blocks.yaml:7:16): messages that nobody took for 60 s are thrown away (x-message-ttl); make it anew without maxAgeMs, or with a longer one",
    ]);
    expect(code).toBe(0);
    for (const fact of [
      /^ok {7}amqp HOST: RabbitMQ \d+\.\d+\.\d+ answers/m,
      /^ok {7}amqp HOST new: is not there yet; it would be made, as a durable quorum queue$/m,
      /^ok {7}amqp HOST exchange scans: is there, and the user may write to it$/m,
    ]) {
      expect(text).toMatch(fact);
    }
    const channel = await model.createChannel();
    channel.on("error", () => undefined);
    await expect(channel.checkQueue("new")).rejects.toThrow(/NOT_FOUND/);
  });

  test("what is made otherwise, is missing, or is refused - is said as such", async () => {
    const wrong = broker.url.replace("guest:guest", `guest:\${${"PASSWORD"}}`);
    const { code, text } = await consulted(`blocks:
  - name: reduce
    listeners:
      - ${part("amqp", "queue: quarry, declare: { type: quorum }")}
      - ${part("amqp", "queue: none, declare: false")}
      - ${part("amqp", "exchange: none")}
      - ${part("amqp", "queue: tasks", wrong)}
      - ${part("amqp", "queue: tasks", `${broker.url}/nowhere`)}
`);
    expect(code).toBe(1);
    expect(of("error", text)).toEqual([
      expect.stringMatching(
        /quarry \(\S+:4:16\): it is there already, and made otherwise: .*inequivalent arg 'x-delivery-limit'.*; say what it is, leave "declare" out/,
      ),
      'error    amqp HOST none (blocks.yaml:5:16): there is no such queue; make it, or leave out "declare: false"',
      "error    amqp HOST exchange none (blocks.yaml:6:16): there is no such exchange; make it, or say how: exchange: { name, type }",
      expect.stringMatching(/:7:16\): does not let us: .*ACCESS_REFUSED.*; check username and password/),
      expect.stringMatching(
        /HOST\/nowhere \(\S+:8:16\): .*check that the virtual host is there and that the user may use it/,
      ),
    ]);
  });

  test("rights - what the user may not read or write is named", async () => {
    const { text } = await consulted(`blocks:
  - name: reduce
    listeners: [${part("amqp", "queue: closed")}]
    publishers: [${part("amqp", "exchange: closed")}]
`);
    expect(of("error", text)).toEqual([
      "error    amqp HOST closed (blocks.yaml:3:24): the user may not read it; rabbitmqctl set_permissions: read has to fit closed",
    ]);
    expect(of("warning", text)).toEqual([
      expect.stringMatching(
        /exchange closed \(\S+\): is there, and the user may not .*write.* it; rabbitmqctl set_permissions: write has to fit closed$/,
      ),
    ]);
  });

  test("a broker that stands still - the deadline ends it", async () => {
    await using proxy = await startProxy({ port: broker.port });
    proxy.stall();
    const url = `amqp://127.0.0.1:${proxy.port}/%2F/tasks`;
    const io = testIo({ cwd });
    expect(await main(["doctor", url, "--timeout", "0.5"], io)).toBe(1);
    expect(io.out.lines[0]).toBe(
      `error    ${url}: no answer within 500 ms; who is there accepts connections and stands still, or the network swallows them; give it more time with --timeout`,
    );
  });
});

describe("look and send", () => {
  const host = (): string => broker.url;

  test("an exchange - is watched by a queue of its own, which is gone afterwards", { timeout: 30_000 }, async () => {
    const url = `${host()}?exchange=scans`;
    let isOver = false;
    const looking = lookedAt(url).finally(() => {
      isOver = true;
    });
    // Until somebody listens an exchange gives messages back.
    while (!isOver) await Promise.race([sent("1\n", url, "--run", "scan-1"), looking]);
    expect(await looking).toMatchObject({ format: "arroyo/1", message: { run: "scan-1", metadata: { value: 1 } } });
  });

  test("a stream - is watched from the oldest", { timeout: 30_000 }, async () => {
    const url = `${host()}?stream=tape`;
    await sent("1\n2\n", url, "--run", "scan-1");
    expect(await lookedAt(`${url}&from=oldest`)).toMatchObject({ message: { run: "scan-1", metadata: { value: 1 } } });
  });

  test("a work queue - is refused, and read with --take", async () => {
    const url = `${host()}/%2F/tasks`;
    await sent("1\n2\n", url, "--run", "scan-1");
    const io = testIo();
    expect(await main(["look", url, "--once"], io)).toBe(2);
    expect(io.err.text).toContain(
      "a queue gives each message once: who reads takes it away from the others; give --take",
    );
    expect(io.err.text).not.toContain("guest:guest");
    const channel = await model.createChannel();
    expect((await channel.checkQueue("tasks")).messageCount).toBe(4);
    expect(await lookedAt(url, "--take")).toMatchObject({ message: { metadata: { value: 1 } } });
    expect((await channel.checkQueue("tasks")).messageCount).toBeLessThan(4);
    await channel.close();
  });

  test("an address without a queue - says how to write one", async () => {
    const io = testIo();
    expect(await main(["look", `${host()}/work`, "--once"], io)).toBe(2);
    expect(io.err.text).toContain(
      "the first part of its path is the virtual host, and it names no queue; write arroyo look amqp://HOST/%2F/work",
    );
  });
});
