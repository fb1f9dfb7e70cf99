import { Event, type Message, Start, Stop } from "arroyojs";
import { blueskyKafka } from "arroyojs/formats/bluesky";
import { ess } from "arroyojs/formats/ess";
import { KafkaListener, KafkaPublisher } from "arroyojs/kafka";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startKafka } from "../../../src/testing/brokers/index.ts";
import { Program } from "../program.ts";
import { counts } from "./arrays.ts";
import { documentsOf, type Named, runsOf } from "./bluesky-documents.ts";
import { Reader, send } from "./reader.ts";
import { said, seen } from "./seen.ts";

const PEER = "test/peers/formats/kafka_peer.py";
const RUNS = 2;

let broker: Broker;
beforeAll(async () => {
  broker = await startKafka({ own: true });
});
afterAll(() => broker[Symbol.asyncDispose]());

const reading = (
  topic: string,
): { brokers: string[]; topic: string; groupId: string; from: "earliest"; createTopic: true } => {
  return { brokers: [broker.url], topic, groupId: "ours", from: "earliest", createTopic: true };
};
const writing = (topic: string): { brokers: string[]; topic: string; createTopic: true } => {
  return { brokers: [broker.url], topic, createTopic: true };
};

describe("bluesky-kafka", () => {
  test("the documents that a run engine publishes are read as they were sent", async () => {
    await using reader = await Reader.open(new KafkaListener({ ...reading("scans"), codec: blueskyKafka() }));
    // From then on there is a topic.
    await reader.ready();
    await using engine = Program.python(PEER, "bluesky-send", broker.url, "scans");
    const sent = runsOf((await engine.lines()) as readonly Named[]);
    await reader.hasStops(RUNS, engine);
    expect(await reader.stop()).toMatchObject({ rejected: 0, failed: 0, lost: 0 });
    expect(reader.starts.map(({ run }) => run)).toEqual([...sent.keys()]);
    for (const [run, documents] of sent) expect(documentsOf(reader.messages, run)).toEqual(documents);
  });

  test("runs of ours reach a dispatcher, and are documents by the rules of event-model", async () => {
    const image = counts("uint16", [2, 3]);
    const messages = Array.from({ length: RUNS }, (_, number): readonly Message[] => {
      const envelope = { run: `run-${number}`, timeMs: 1_700_000_000_250 };
      const event = new Event({ energy: 9.5, name: "µ" }, image, envelope) as unknown as Message;
      return [new Start({ sample: "x" }, envelope), event, new Stop({}, envelope)];
    }).flat();
    await send(messages, new KafkaPublisher({ ...writing("made"), codec: blueskyKafka() }));
    await using dispatcher = Program.python(PEER, "bluesky-receive", broker.url, "made", RUNS);
    const runs = runsOf((await dispatcher.lines()) as readonly Named[]);
    expect([...runs.keys()]).toEqual(["run-0", "run-1"]);
    for (const documents of runs.values()) {
      expect(documents.map(([name]) => name)).toEqual(["start", "descriptor", "event", "stop"]);
      expect(documents[2]?.[1]).toMatchObject({ seq_num: 1, data: { image: seen(image), energy: 9.5, name: "µ" } });
    }
  });
});

describe("ess over Kafka", () => {
  test("records of every schema and type are read as they were made", async () => {
    await using reader = await Reader.open(new KafkaListener({ ...reading("neutrons"), codec: ess() }));
    await reader.ready();
    await using source = Program.python(PEER, "ess-send", broker.url, "neutrons");
    const sent = (await source.lines()) as readonly { type: string; content: unknown }[];
    await reader.hasStops(1, source);
    const read = reader.messages.map((message) => {
      const { type, content } = said(message) as (typeof sent)[number];
      return { type, content };
    });
    expect(read).toEqual(sent.filter(({ type }) => type !== "control"));
    expect(await reader.stop()).toMatchObject({ rejected: 0, failed: 0, lost: 0 });
  });

  test("records of ours are read by Python's readers", async () => {
    const signal = counts("int32", [4, 6]);
    const envelope = { run: "job 7", timeMs: 1_700_000_000_123 };
    const messages = [
      new Start({ instrument_name: "LOKI" }, envelope),
      new Event({ steps: 3 }, signal, envelope) as unknown as Message,
      new Stop({}, envelope),
    ];
    await send(messages, new KafkaPublisher({ ...writing("reduced"), codec: ess() }));
    await using sink = Program.python(PEER, "ess-receive", broker.url, "reduced", messages.length);
    expect(await sink.lines()).toMatchObject([
      { schema: "pl72", read: { job_id: "job 7", instrument_name: "LOKI" } },
      {
        schema: "da00",
        read: {
          data: [
            { name: "signal", data: seen(signal) },
            { name: "steps", data: 3 },
          ],
        },
      },
      { schema: "6s4t", read: { job_id: "job 7", stop_time: 1_700_000_000_123 } },
    ]);
  });
});
