import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { freePorts } from "../../src/testing/brokers/free-port.ts";
import { type Broker, startKafka, startProxy } from "../../src/testing/index.ts";
import { certificate, key } from "../transports/kafka/certificate.ts";
import { lookedAt, sent } from "./looking/sent-and-looked.ts";
import { testIo } from "./test-io.ts";

const PASSWORD = "canary-77aa";
const cwd = mkdtempSync(join(tmpdir(), "arroyo-doctor-kafka-"));
let broker: Broker;
let admin: Admin;
let secure: string;

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  secure = `127.0.0.1:${port}`;
  broker = await startKafka({
    own: true,
    secure: { port, certificate, key, users: { ada: PASSWORD } },
    settings: { "offsets.retention.minutes": 60 },
  });
  admin = new Kafka({ brokers: [broker.url], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const configEntries = [
    { name: "retention.ms", value: "3600000" },
    { name: "retention.bytes", value: "1000000" },
    { name: "cleanup.policy", value: "compact" },
  ];
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      { topic: "frames", numPartitions: 2 },
      { topic: "short", configEntries },
    ],
  });
}, 60_000);
afterAll(async () => {
  await admin.disconnect();
  await broker[Symbol.asyncDispose]();
  rmSync(cwd, { recursive: true });
});

async function consulted(yaml: string, words: readonly string[] = []) {
  writeFileSync(join(cwd, "blocks.yaml"), yaml);
  writeFileSync(join(cwd, "ca.pem"), certificate);
  const io = testIo({ cwd, env: { PASSWORD } });
  const code = await main(["doctor", "blocks.yaml", ...words], io);
  expect(io.out.text + io.err.text).not.toContain(PASSWORD);
  return { code, text: io.out.text.replaceAll(broker.url, "HOST").replaceAll(secure, "SECURE") };
}

const part = (options: string, place: string = broker.url): string =>
  `{ use: kafka, options: { brokers: ["${place}"], ${options} } }`;
const of = (level: string, text: string): string[] =>
  text.split("\n").filter((line) => line.startsWith(`${level.padEnd(7)}  kafka`));

describe("doctor", () => {
  test("limits that break promises - are named, with the place and the remedy", async () => {
    const { code, text } = await consulted(`blocks:
  - name: reduce
    listeners: [${part("topic: short, groupId: workers, sessionTimeoutMs: 500")}]
    publishers:
      - ${part('topic: short, maxBatchBytes: 4000000, createTopic: { config: { "retention.ms": "100000" } }')}
      - ${part("topic: missing")}
      - ${part("topic: made, createTopic: { partitions: 2 }")}
`);
    expect(code).toBe(1);
    expect(of("error", text)).toEqual([
      "error    kafka HOST short (blocks.yaml:3:24): the brokers allow the group workers a sessionTimeoutMs from 1000 to 1800000, and it asks for 500; set one in between, or change group.min.session.timeout.ms",
      "error    kafka HOST missing (blocks.yaml:6:16): there is no such topic, or the user may not see it; make it, or write createTopic: true",
    ]);
    expect(of("warning", text)).toEqual([
      "warning  kafka HOST short (blocks.yaml:3:24): cleanup.policy is compact: of messages with one key only the newest stays, and those without a key are refused; set it to delete",
      "warning  kafka HOST short (blocks.yaml:3:24): retention.ms is 3600000 (60 minutes): a reader that is behind by more loses messages; raise it to what a night and a weekend need",
      "warning  kafka HOST short (blocks.yaml:3:24): retention.bytes is 1000000 (1 MB in a partition): a reader that is behind by more loses messages; raise it, or set -1 and keep by retention.ms",
      "warning  kafka HOST short (blocks.yaml:3:24): offsets.retention.minutes is 60: a group without members forgets where it is after 60 minutes; raise it at the brokers, to more than the longest pause",
      "warning  kafka HOST short (blocks.yaml:5:16): max.message.bytes is 1048588, and maxBatchBytes asks for 4000000: batches are made smaller; raise the topic's max.message.bytes, or set a smaller maxBatchBytes",
      "warning  kafka HOST short (blocks.yaml:5:16): retention.ms is 3600000, and createTopic asks for 100000; the topic is there, and stays as it is; kafka-configs --alter --topic short --add-config retention.ms=100000",
    ]);
    expect(text).toContain(
      "ok       kafka HOST made: is not there yet; it would be made, with 2 partitions and 1 copy",
    );
    expect((await admin.listTopics()).includes("made")).toBe(false);
    expect((await admin.listGroups()).groups).toEqual([]);
  });

  test("TLS and passwords - what is wrong is said as such", async () => {
    const sasl = (password: string): string => `sasl: { mechanism: plain, username: ada, password: "${password}" }`;
    const password = `\${${"PASSWORD"}}`;
    const tls = "tls: { ca: !file ca.pem }";
    const { text } = await consulted(`blocks:
  - name: reduce
    listeners:
      - ${part(`topic: frames, groupId: a, ${tls}, ${sasl(password)}`, secure)}
      - ${part(`topic: frames, groupId: b, ${tls}, ${sasl(`x${password}`)}`, secure)}
      - ${part(`topic: frames, groupId: c, tls: true, ${sasl(password)}`, secure)}
      - ${part("topic: frames, groupId: d", secure)}
`);
    expect(text).toMatch(/^ok {7}kafka SECURE: 1 broker answers/m);
    expect(of("error", text)).toEqual([
      "error    kafka SECURE (blocks.yaml:5:16): the brokers do not accept the user or the password; correct sasl",
      expect.stringMatching(/:6:16\): its certificate is not accepted: self-signed certificate; give the authority/),
      "error    kafka SECURE (blocks.yaml:7:16): hangs up: TLS is spoken at this port; write tls: true",
    ]);
  });

  test("brokers that stand still - the deadline ends it", async () => {
    await using proxy = await startProxy({ port: broker.port });
    proxy.stall();
    const { code, text } = await consulted(
      `blocks: [{ name: a, listeners: [${part("topic: frames, groupId: a", `127.0.0.1:${proxy.port}`)}] }]\n`,
      ["--timeout", "0.5"],
    );
    expect(code).toBe(1);
    expect(of("error", text)[0]).toMatch(/: no answer within 500 ms; /);
  });
});

describe("look and send", () => {
  test("a topic - is watched from the newest, in a group that is gone afterwards", { timeout: 30_000 }, async () => {
    const url = `kafka://${broker.url}/frames`;
    await sent("1\n2\n", url, "--run", "scan-1");
    let isOver = false;
    const looking = lookedAt(url).finally(() => {
      isOver = true;
    });
    while (!isOver) await sent("3\n", url, "--run", "scan-2");
    expect(await looking).toMatchObject({
      format: "arroyo/1",
      lost: 0,
      message: { run: "scan-2", metadata: { value: 3 } },
    });
    expect(await lookedAt(`${url}?from=oldest`)).toMatchObject({ message: { run: "scan-1", metadata: { value: 1 } } });
    expect((await admin.listGroups()).groups).toEqual([]);
  });

  test("another format - is guessed from the bytes", { timeout: 30_000 }, async () => {
    await admin.createTopics({ topics: [{ topic: "foreign" }], waitForLeaders: true });
    await sent('{"a":1}\n', `kafka://${broker.url}/foreign`, "--format", "json", "--no-run");
    expect(await lookedAt(`kafka://${broker.url}/foreign?from=oldest`)).toMatchObject({
      format: "json",
      message: { metadata: { a: 1 } },
    });
  });

  test("a group - is only read with --take", async () => {
    const io = testIo();
    expect(await main(["look", `kafka://${broker.url}/frames?group=workers`, "--once"], io)).toBe(2);
    expect(io.err.text).toContain(
      "who reads in the group workers takes from its other members; give --take to do that",
    );
  });

  test("no such topic - is said, and nothing is made", async () => {
    const io = testIo();
    expect(await main(["look", `kafka://${broker.url}/none`, "--once"], io)).toBe(2);
    expect(io.err.text).toContain('there is no topic "none"');
  });
});
