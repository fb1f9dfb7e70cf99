import { type DType, Event, type Message, type NdArray, Start, Stop } from "arroyojs";
import { ess } from "arroyojs/formats/ess";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { expect, test } from "vitest";
import { Addresses } from "../ends.ts";
import { Program } from "../program.ts";
import { counts } from "./arrays.ts";
import { Reader, send } from "./reader.ts";
import { said, seen } from "./seen.ts";

const PEER = "test/peers/formats/ess_peer.py";
const TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"] as const;
const NS = 1_700_000_000_123_456_789n;

interface Said {
  readonly type: string;
  readonly content: unknown;
}

test("ess - messages of every schema and type that Python makes are read as they were made", async () => {
  await using addresses = await Addresses.open();
  const address = addresses.next();
  await using source = Program.python(PEER, "send", address);
  await using reader = await Reader.open(new ZmqListener({ connect: address, socket: "pull", codec: ess() }));
  await reader.hasStops(1, source);
  const sent = (await source.lines()) as readonly Said[];
  const read = reader.messages.map((message) => {
    const { type, content } = said(message) as Said;
    return { type, content };
  });
  expect(read).toEqual(sent.filter(({ type }) => type !== "control"));
  const events = sent.filter(({ type }) => type === "event").length;
  expect(await reader.stop()).toMatchObject({ events, rejected: 0, lost: 0, failed: 0 });
  expect(reader.messages.every(({ run }) => run === "job 7")).toBe(true);
});

/** An event with the content of a schema, whose arrays stand where they belong. */
function event(schema: string, content: object): Message {
  return new Event({ schema, ...content }, new Uint8Array(0), { run: "job 7" }) as unknown as Message;
}

const pulses = { reference_time: counts("int64", [3]), reference_time_index: indices(0, 4, 10) };
const times = counts("int32", [10], 5);

function indices(...of: number[]): NdArray<DType> {
  const array = counts("int32", [of.length]);
  array.data.set(of);
  return array;
}

const EV44 = {
  source_name: "loki",
  message_id: 7,
  ...pulses,
  time_of_flight: times,
  pixel_id: counts("int32", [10], 6),
};

test("ess - messages of ours are read by Python's readers", async () => {
  await using addresses = await Addresses.open();
  const bind = addresses.next();
  const arrays = TYPES.map((dtype) => counts(dtype, [4, 6], 2));
  const messages: readonly Message[] = [
    new Start({ instrument_name: "LOKI", scan: 7 }, { run: "job 7", timeMs: 1_700_000_000_123 }) as unknown as Message,
    event("ev44", EV44),
    ...TYPES.map((dtype) => event("f144", { source_name: "one", timestamp: NS, value: 5, dtype })),
    ...TYPES.map((dtype) => event("f144", { source_name: "zero", timestamp: NS, value: 0, dtype })),
    ...TYPES.map((dtype) => event("f144", { source_name: "many", timestamp: NS, value: counts(dtype, [5]), dtype })),
    ...arrays.map((data) => event("ad00", { source_name: "camera", id: 3, timestamp: NS, data, attributes: [] })),
    ...arrays.map((payload) => {
      const envelope = { run: "job 7", timeMs: 1_700_000_000_123 };
      return new Event({ energy: 9.5, name: "µ", steps: 3 }, payload, envelope) as unknown as Message;
    }),
    event("x5f2", {
      software_name: "x",
      software_version: "1",
      service_id: "s",
      host_name: "h",
      process_id: 4_000_000_000,
      update_interval: 5000,
      status_json: "{}",
    }),
    new Stop({}, { run: "job 7", timeMs: 1_700_000_001_000 }),
  ];
  await using sink = Program.python(PEER, "receive", bind, messages.length);
  await send(messages, new ZmqPublisher({ bind, socket: "push", codec: ess() }));
  const lines = (await sink.lines()) as readonly { schema: string; read: unknown }[];
  const of = (schema: string): readonly unknown[] =>
    lines.filter((one) => one.schema === schema).map(({ read }) => read);
  const nanoseconds = { integer: String(NS) };
  expect(of("pl72")).toMatchObject([
    {
      job_id: "job 7",
      run_name: "job 7",
      start_time: 1_700_000_000_123,
      instrument_name: "LOKI",
      metadata: '{"scan":7}',
      nexus_structure: "{}",
    },
  ]);
  expect(of("6s4t")).toMatchObject([{ job_id: "job 7", run_name: "job 7", stop_time: 1_700_000_001_000 }]);
  expect(of("ev44")).toEqual([seen(EV44)]);
  const value = (name: string, of: unknown): unknown => ({
    source_name: name,
    timestamp_unix_ns: nanoseconds,
    value: of,
  });
  expect(of("f144")).toEqual([
    ...TYPES.map(() => value("one", 5)),
    ...TYPES.map(() => value("zero", 0)),
    ...TYPES.map((dtype) => value("many", seen(counts(dtype, [5])))),
  ]);
  expect(of("ad00")).toEqual(
    arrays.map((data) => {
      return {
        source_name: "camera",
        unique_id: 3,
        timestamp_ns: nanoseconds,
        dimensions: [4, 6],
        data: seen(data),
        attributes: [],
      };
    }),
  );
  expect(of("da00")).toMatchObject(
    arrays.map((signal) => ({
      source_name: "arroyojs",
      timestamp_ns: { integer: "1700000000123000000" },
      data: [
        { name: "signal", data: seen(signal), shape: [4, 6] },
        { name: "energy", data: 9.5 },
        { name: "name", data: "µ" },
        { name: "steps", data: 3 },
      ],
    })),
  );
  expect(of("x5f2")).toMatchObject([{ software_name: "x", process_id: 4_000_000_000, status_json: "{}" }]);
});
