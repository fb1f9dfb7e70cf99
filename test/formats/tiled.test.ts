import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { tiledCodec } from "../../src/formats/tiled/index.ts";
import type { Decoded } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS, limitsOf } from "../../src/message/limits.ts";
import { type DType, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { facilityTests } from "./facility-vectors.ts";

type Fields = Record<string, unknown>;

const packr = new Packr({ useRecords: false, variableMapSize: true });
const pack = (fields: Fields): Uint8Array[] => [new Uint8Array(packr.pack(fields))];
const json = (fields: Fields): Uint8Array[] => [new Uint8Array(Buffer.from(JSON.stringify(fields)))];

function schema(kind: string, itemsize: number, endianness = "little"): Fields {
  return { type: "array-schema", version: 1, data_type: { endianness, kind, itemsize, dt_units: null } };
}

function update(fields: Fields): Fields {
  return { type: "array-data", sequence: 1, timestamp: "2026-03-01T10:00:00.5", offset: null, block: null, ...fields };
}

/** Reads messages with one reader, and gives the last event. */
function read(...messages: readonly (readonly Uint8Array[])[]): Event {
  const all = readAll(...messages);
  const event = all.map(({ message }) => message).findLast(({ type }) => type === "event");
  if (event === undefined) throw new Error("no event came of it");
  return event as Event;
}

function readAll(...messages: readonly (readonly Uint8Array[])[]): readonly Decoded[] {
  const reader = tiledCodec.reader(limitsOf(tiledCodec));
  return messages.flatMap((frames) => reader(frames));
}

describe("arrays", () => {
  const bytes = (array: NodeJS.TypedArray): Buffer => Buffer.from(array.buffer);
  test.each<[string, Fields, Buffer, unknown, unknown[]]>([
    ["uint16", schema("u", 2), bytes(Uint16Array.of(1, 65_535)), [1, 65_535], [1, 65_535]],
    ["big-endian", schema("i", 4, "big"), Buffer.from("00000001fffffffe", "hex"), [1, -2], [1, -2]],
    ["float64", schema("f", 8), bytes(Float64Array.of(0.5, Number.NaN)), [0.5, null], [0.5, Number.NaN]],
    ["bool", schema("b", 1, "not_applicable"), Buffer.of(1, 0), [true, false], [1, 0]],
    ["int64", schema("i", 8), bytes(BigInt64Array.of(1n, -2n)), [1, -2], [1n, -2n]],
  ])("%s - from both envelopes", (_, head, payload, list, expected) => {
    for (const event of [
      read(pack(head), pack(update({ shape: [2, 1], mimetype: "application/octet-stream", payload }))),
      read(json(head), json(update({ shape: [2, 1], payload: (list as unknown[]).map((one) => [one]) }))),
    ]) {
      const array = event.payload as NdArray<DType>;
      expect([...array.data]).toEqual(expected);
      expect(array.shape).toEqual([2, 1]);
    }
  });

  test("no dimension, and no element - are arrays too", () => {
    expect([...(read(json(schema("u", 2)), json(update({ shape: [], payload: 7 }))).payload as NdArray).data]).toEqual([
      7,
    ]);
    const none = read(pack(schema("u", 2)), pack(update({ shape: [0, 5] })));
    expect((none.payload as NdArray).shape).toEqual([0, 5]);
  });

  test("a patch - keeps its offset beside the array", () => {
    const fields = { shape: [1], offset: [3], payload: Buffer.of(1, 0) };
    expect(read(pack(schema("u", 2)), pack(update(fields))).metadata).toEqual({
      ...update({ shape: [1], offset: [3] }),
      payload: { $payload: "bytes" },
    });
  });

  test.each<[string, readonly (readonly Uint8Array[])[], RegExp]>([
    ["before its schema", [pack(update({ shape: [1], payload: Buffer.of(1, 0) }))], /the schema of the node has not/],
    ["after another schema", [pack({ type: "container-schema" }), pack(update({ shape: [1] }))], /not one of arrays/],
    [
      "a number of the wrong size",
      [pack(schema("u", 2)), pack(update({ shape: [2], payload: Buffer.of(1) }))],
      /takes/,
    ],
    ["an unknown kind", [pack(schema("M", 8)), pack(update({ shape: [1], payload: Buffer.alloc(8) }))], /"<M8" is not/],
    ["no shape", [pack(schema("u", 2)), pack(update({ payload: Buffer.of(1, 0) }))], /shape: missing/],
    ["no payload", [pack(schema("u", 2)), pack(update({ shape: [2] }))], /takes 4 bytes, the data has 0/],
    ["no sequence", [pack(schema("u", 2)), pack({ type: "array-data" })], /sequence: missing/],
    ["a list that is too long", [json(schema("u", 2)), json(update({ shape: [1], payload: [1, 2] }))], /got 2$/],
    ["a list that is none", [json(schema("u", 2)), json(update({ shape: [1], payload: 5 }))], /got no list$/],
    [
      "a number too large",
      [json(schema("u", 1)), json(update({ shape: [1], payload: [256] }))],
      /element 0 is no uint8/,
    ],
    ["a text", [json(schema("f", 8)), json(update({ shape: [1], payload: ["a"] }))], /element 0 is no float64/],
    ["a schema without a type", [pack({ type: "array-schema" })], /schema.data_type: expected a map/],
    ["another order", [pack(schema("u", 2, "middle"))], /endianness: expected little, big or not_applicable/],
  ])("%s - is rejected", (_, messages, reason) => {
    expect(() => readAll(...messages)).toThrow(reason);
  });
});

describe("what is no array", () => {
  const child = {
    type: "container-child-created",
    sequence: 1,
    timestamp: "2026-03-01T10:00:00+01:00",
    key: "x",
    structure_family: "array",
    metadata: { sample: "gold" },
  };

  test("of a container - is an event with what it says", () => {
    const event = read(pack({ type: "container-schema", version: 1 }), pack(child));
    expect(event.metadata).toEqual(child);
    expect(event.payload).toEqual(new Uint8Array(0));
    expect(event.envelope.timeMs).toBe(Date.UTC(2026, 2, 1, 9));
  });

  test("a table - keeps its bytes as they are", () => {
    const table = { type: "table-data", sequence: 1, timestamp: "t", mimetype: "application/x", payload: Buffer.of(1) };
    const event = read(pack({ type: "table-schema" }), pack(table));
    expect(event.payload).toEqual(Uint8Array.of(1));
    expect(event.metadata).toMatchObject({ payload: { $payload: "bytes" } });
  });

  test("bytes of another form - stay bytes", () => {
    const fields = { shape: [9], mimetype: "application/x-hdf5", payload: Buffer.of(1, 2, 3) };
    expect(read(pack(schema("u", 2)), pack(update(fields))).payload).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe("runs", () => {
  const one = (sequence: number, timestamp = `2026-03-01T10:00:0${sequence}`): Uint8Array[] =>
    pack(update({ sequence, timestamp, shape: [1], payload: Buffer.of(sequence, 0) }));
  const types = (all: readonly Decoded[]): string[] => all.map(({ message }) => message.type);

  test("a schema that comes again - goes on with the run", () => {
    const head = pack(schema("u", 2));
    expect(types(readAll(head, one(1), head, one(2)))).toEqual(["start", "event", "event"]);
  });

  test("an end - ends the run, and the next update begins another", () => {
    const all = readAll(pack(schema("u", 2)), one(1), json({ end_of_stream: true }), one(3));
    expect(types(all)).toEqual(["start", "event", "stop", "start", "event"]);
    expect(all[3]?.message.run).not.toBe(all[0]?.message.run);
    expect(types(readAll(json({ end_of_stream: true })))).toEqual([]);
  });

  test("what comes twice - is taken once", () => {
    const all = readAll(pack(schema("u", 2)), one(1), one(2), one(2), one(1), one(3));
    expect(all.flatMap(({ sequence }) => sequence ?? [])).toEqual([1, 2, 3]);
  });
});

describe("writing", () => {
  test("what was read - is written with the same bytes, behind its schema", () => {
    const write = tiledCodec.writer();
    const head = pack(schema("i", 4, "big"));
    const body = pack(update({ shape: [1], mimetype: "application/octet-stream", payload: Buffer.of(0, 0, 0, 1) }));
    const event = read(head, body);
    const [first, second] = write(event);
    expect(packr.unpack(first?.[0] as Uint8Array)).toEqual(schema("i", 4, "big"));
    expect(second).toEqual(body);
    expect(write(event).length).toBe(1);
  });

  test("an event made here - is what the server would send", () => {
    const write = tiledCodec.writer();
    expect(write(new Start({}, { run: "7" }))).toEqual([]);
    const image = new NdArray(Uint16Array.of(1, 2), [1, 2]);
    const [head, body] = write(new Event({ temperature: 4 }, image, { run: "7", timeMs: 0 }));
    expect(packr.unpack(head?.[0] as Uint8Array)).toEqual(schema("u", 2));
    expect(packr.unpack(body?.[0] as Uint8Array)).toEqual({
      type: "array-data",
      sequence: 1,
      timestamp: "1970-01-01T00:00:00.000Z",
      offset: null,
      block: null,
      temperature: 4,
      mimetype: "application/octet-stream",
      shape: [1, 2],
      payload: Buffer.of(1, 0, 2, 0),
    });
    const ended = write(new Stop({}, { run: "7" })).flat();
    expect(packr.unpack(ended[0] as Uint8Array)).toEqual({ end_of_stream: true, sequence: 2 });
  });
});

describe("tiled - vectors and hostile bytes", () => {
  facilityTests({
    format: "tiled-stream",
    codec: tiledCodec,
    reasons: {},
    messages: ({ frames }) => frames.map((frame) => [frame]),
    limits: limitsOf(tiledCodec),
  });

  test("a list that is large as text - has a bound of its own", () => {
    const many = json(update({ shape: [400_000], payload: Array.from({ length: 400_000 }, () => 1000) }));
    expect((many[0] as Uint8Array).length).toBeGreaterThan(DEFAULT_LIMITS.maxHeaderBytes);
    expect((read(json(schema("u", 2)), many).payload as NdArray).shape).toEqual([400_000]);
    const tooMany = [new Uint8Array(Buffer.from(`{"a":"${"x".repeat(2 ** 24)}"}`))];
    expect(() => readAll(tooMany)).toThrow(/more than 16777216 bytes/);
  });
});
