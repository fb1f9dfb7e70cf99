import { describe, expect, test } from "vitest";
import { type FlatField, flatMessage } from "../../src/formats/ess/flat-writer.ts";
import { ess, essCodec } from "../../src/formats/ess/index.ts";
import { Event } from "../../src/message/event.ts";
import { bytesOf, type DType, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { DTYPES, randomArray, randomDocument } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { facilityTests, goodOnes } from "./facility-vectors.ts";
import { expectRejected } from "./hostility.ts";
import { arrayAt, eventAt, readAll } from "./wire.ts";

const OUTSIDE = (name: string): RegExp => new RegExp(`^${name}: lies outside of the message$`);

describe("ess - vectors and hostile bytes", () => {
  facilityTests({
    format: "ess",
    codec: essCodec,
    reasons: {
      "bad-short": /^the message is shorter than 8 bytes$/,
      "bad-empty": /^the message is empty$/,
      "bad-truncated": OUTSIDE("source_name"),
      "bad-root-outside": OUTSIDE("the root table"),
      "bad-vtable-outside": OUTSIDE("the root table: its list of fields"),
      "bad-vector-length": OUTSIDE("time_of_flight"),
      "bad-vector-offset": OUTSIDE("time_of_flight"),
      "bad-string-offset": OUTSIDE("source_name"),
      "bad-ev44-lengths-differ": /^pixel_id: has 49 elements, time_of_flight has 50$/,
      "bad-ev44-index-outside": /^reference_time_index: 51 is not among 50 events$/,
      "bad-f144-union-unknown": /^value_type: 77 is not known$/,
      "bad-f144-value-missing": /^value: missing$/,
      "bad-ad00-dimensions": /^dimensions: shape: \[5, 6\] of uint16 takes 60 bytes, the data has 48$/,
      "bad-ad00-dimensions-huge": /^dimensions: shape: .* takes 13194139533312 bytes/,
      "bad-ad00-dimension-negative": /^dimensions: shape\[0\]: expected a whole number/,
      "bad-ad00-dtype": /^data_type: 55 is not known$/,
    },
    // Schemas that are not known share topics with those that are.
    instead: {
      "bad-schema-unknown": ({ control, message }) => {
        expect([control, message.run, (message as Event).metadata]).toEqual([true, undefined, { schema: "zz99" }]);
      },
    },
  });
});

function framesOf(name: string): readonly Uint8Array[] {
  const vector = goodOnes("ess").find((one) => one.name === name);
  expect(vector, name).toBeDefined();
  return vector?.frames ?? [];
}

const text = (slot: number, value: string): FlatField => ({ slot, kind: "text", text: value });

describe("ess - runs and numbers", () => {
  test("data belong to the run that is open, and to none between runs", () => {
    const decoded = readAll(essCodec, [
      framesOf("f144-int32"),
      framesOf("pl72"),
      framesOf("f144-int32"),
      framesOf("x5f2"),
      framesOf("6s4t"),
      framesOf("f144-int32"),
    ]);
    const job = "e5b9b0e2-0000-4a63-9d2f-1c7a11aa0001";
    expect(decoded.map(({ message }) => message.run)).toEqual([undefined, job, job, undefined, job, undefined]);
  });

  test("a run whose stop did not come is abandoned at the next start", () => {
    const next = [flatMessage("pl72", [text(14, "next")])];
    const [, stop, start] = readAll(essCodec, [framesOf("pl72"), next]);
    expect([stop?.message.type, start?.message.run]).toEqual(["stop", "next"]);
  });

  test("messages of each source are counted for themselves", () => {
    const frame = (source: string, id: number): readonly Uint8Array[] => {
      const bytes = new Uint8Array(BigInt64Array.of(BigInt(id)).buffer);
      return [flatMessage("ev44", [text(4, source), { slot: 6, kind: "scalar", bytes }])];
    };
    const decoded = readAll(essCodec, [frame("a", 5), frame("b", 90), frame("a", 6), frame("b", 93), frame("a", 7)]);
    expect(decoded.map(({ sequence }) => sequence)).toEqual([5, 6, 7, 10, 11]);
  });

  test("times are in milliseconds, whatever the schema counts", () => {
    const timeMs = (name: string): number | undefined =>
      readAll(essCodec, [framesOf(name)])[0]?.message.envelope.timeMs;
    expect(timeMs("pl72")).toBe(1_732_200_000_123);
    expect(timeMs("6s4t-now")).toBeUndefined();
    expect(timeMs("ev44-one-pulse")).toBeCloseTo(1_732_200_000_123.4568, 3);
    expect(timeMs("f144-int32")).toBeCloseTo(1_732_200_000_123.4568, 3);
  });
});

describe("ess - reading", () => {
  test("the payload is the main array of a schema", () => {
    const payload = (name: string): unknown => {
      const event = eventAt(readAll(essCodec, [framesOf(name)]));
      return event.payload.byteLength === 0 ? event.payload : arrayAt(event.payload).shape;
    };
    expect(payload("ev44-one-pulse")).toEqual([200]);
    expect(payload("f144-array-int16")).toEqual([6]);
    expect(payload("f144-int16")).toEqual(new Uint8Array(0));
    expect(payload("ad00-large")).toEqual([256, 512]);
    expect(payload("da00-histogram")).toEqual([6, 8]);
  });

  test("images of producers that count the fastest dimension first", () => {
    const codec = ess({ dimensions: "fastest-first" });
    const event = eventAt(readAll(codec, [framesOf("ad00-large")]));
    expect(arrayAt(event.payload).shape).toEqual([512, 256]);
    const again = eventAt(readAll(essCodec, codec.writer()(event.with({ metadata: { ...event.metadata } }))));
    expect(arrayAt(again.payload).shape).toEqual([256, 512]);
  });

  test("what refers to the same bytes again and again is refused", () => {
    const items = [...Array<string>(1_000).fill(""), "z".repeat(10_000)];
    const variable: readonly FlatField[] = [
      { slot: 12, kind: "scalar", bytes: Uint8Array.of(11) },
      { slot: 14, kind: "texts", items },
    ];
    const message = Buffer.from(flatMessage("da00", [text(4, "s"), { slot: 8, kind: "tables", items: [variable] }]));
    expect(readAll(essCodec, [[message]])).toHaveLength(1);
    const long = message.indexOf("zzzz") - 4;
    const list = message.indexOf(Uint8Array.of(items.length & 255, items.length >> 8, 0, 0));
    for (let at = list + 4; at < list + 4 + 4 * items.length; at += 4) message.writeUInt32LE(long - at, at);
    expectRejected(
      essCodec,
      [message],
      /^variables\[0\]\.axes\[\d+\]: the message refers to the same bytes too often$/,
    );
  });

  test("lists of tables and texts are bounded", () => {
    const items = Array.from({ length: 4_097 }, () => [] as const);
    const many = flatMessage("da00", [text(4, "s"), { slot: 8, kind: "tables", items }]);
    expectRejected(essCodec, [many], /^variables: has 4097 items, at most 4096 are taken$/);
  });

  test("texts and schemas must be what they claim", () => {
    expectRejected(essCodec, [flatMessage("f144", [])], /^source_name: missing$/);
    expectRejected(essCodec, [Uint8Array.of(8, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0)], /^schema: four letters or digits/);
    const bytes = Buffer.from(flatMessage("f144", [text(4, "abcd")]));
    bytes[bytes.indexOf("abcd")] = 0xff;
    expectRejected(essCodec, [bytes], /^source_name: not UTF-8$/);
  });
});

describe("ess - writing", () => {
  const codec = ess({ now: () => 5, sourceName: "reduced" });

  test("a run made here is pl72, da00 and 6s4t", () => {
    const write = codec.writer();
    const [start, event, stop] = readAll(codec, [
      ...write(new Start({ proposal: 7, filename: "a.nxs" }, { run: "r" })),
      ...write(
        new Event({ n: 1, label: "x", nested: { a: [1] } }, new NdArray(Float32Array.of(1, 2), [1, 2]), { run: "r" }),
      ),
      ...write(new Stop({}, { run: "r", timeMs: 9 })),
    ]).map(({ message }) => message);
    expect((start as Start).data).toMatchObject({
      job_id: "r",
      run_name: "r",
      start_time: 5,
      filename: "a.nxs",
      metadata: '{"proposal":7}',
      n_periods: 1,
    });
    const { metadata } = event as Event;
    expect(metadata).toMatchObject({ source_name: "reduced", timestamp: 5_000_000 });
    const variables = metadata["variables"] as readonly Record<string, unknown>[];
    expect(variables.map(({ name, data }) => [name, data])).toEqual([
      ["signal", { $payload: "msgpack-numpy" }],
      ["n", 1],
      ["label", "x"],
      ["nested", '{"a":[1]}'],
    ]);
    expect(variables[0]).toMatchObject({ axes: ["dim_0", "dim_1"], shape: [1, 2] });
    expect((stop as Stop).data).toMatchObject({ job_id: "r", stop_time: 9 });
  });

  test("texts on which Python's readers insist are there, also where there is nothing to say", () => {
    const write = codec.writer();
    const [start, stop] = readAll(codec, [
      ...write(new Start({}, { run: "r" })),
      ...write(new Stop({ service_id: "filewriter" }, { run: "r" })),
    ]).map(({ message }) => message as Start | Stop);
    const texts = ["filename", "service_id", "instrument_name", "broker", "control_topic"];
    expect(start?.data).toMatchObject(Object.fromEntries(texts.map((name) => [name, ""])));
    expect(stop?.data).toMatchObject({ service_id: "filewriter", command_id: "" });
  });

  test("milliseconds become exactly their nanoseconds", () => {
    const event = new Event({ n: 1 }, new Uint8Array(0), { run: "r", timeMs: 1_700_000_000_123 });
    const { metadata } = eventAt(readAll(codec, codec.writer()(event)));
    expect(metadata["timestamp"]).toBe(1_700_000_000_123_000_000n);
  });

  test("another payload stands where the first one was", () => {
    const payload = new NdArray(Float64Array.of(1, 2, 3), [3, 1]);
    for (const name of ["da00-histogram", "ad00-large"]) {
      const event = eventAt(readAll(codec, [framesOf(name)]));
      const again = eventAt(readAll(codec, codec.writer()(event.with({ payload }))));
      expect([again.metadata["schema"], arrayAt(again.payload).shape]).toEqual([event.metadata["schema"], [3, 1]]);
    }
  });

  test("vectors lie where their elements are aligned", () => {
    for (const { name, frames } of goodOnes("ess").filter(({ name }) => name.startsWith("ev44"))) {
      const event = eventAt(readAll(codec, [frames]));
      const wire = codec.writer()(event.with({ metadata: { ...event.metadata } }));
      const bytes = new Uint8Array(wire[0]?.[0] ?? []);
      const again = eventAt(readAll(codec, [[bytes]]));
      expect(arrayAt(again.metadata["reference_time"]).data.buffer, name).toBe(bytes.buffer);
    }
  });

  test("what has no form is refused with what to do", () => {
    const write = codec.writer();
    const event = (metadata: object, array: NdArray<DType>): Event =>
      new Event(metadata as Record<string, unknown>, array, { run: "r" });
    const half = new NdArray(Uint16Array.of(0), [1], "float16");
    expect(() => write(event({}, half))).toThrow(
      /variables\["signal"\]\.data: float16 cannot be written; convert to one of/,
    );
    expect(() => write(event({ signal: 1 }, new NdArray(Int8Array.of(1))))).toThrow(/rename this field/);
    const log = { schema: "f144", source_name: "a", timestamp: 1, dtype: "uint8" };
    expect(() => write(event({ ...log, value: 256 }, half))).toThrow(/value: 256 is no uint8/);
    expect(() => write(event({ ...log, value: 0.5 }, half))).toThrow(/value: 0.5 is no uint8/);
    expect(() => write(event({ ...log, value: "x" }, half))).toThrow(/value: expected a number, got string/);
    expect(() => write(event({ schema: "da00", source_name: "a" }, half))).toThrow(/variables: expected a list/);
    expect(() => write(event({ schema: "x5f2", host_name: 1 }, half))).toThrow(/host_name: expected text/);
    expect(() => ess({ dimensions: "C" as "slowest-first" })).toThrow(/expected slowest-first or fastest-first/);
    expect(() => ess({ topic: "a" } as object)).toThrow(/no option "topic"/);
  });

  test("a message of a schema that is not known is passed on as it is", () => {
    const bytes = Buffer.from("\u0008\u0000\u0000\u0000hs01....");
    const event = eventAt(readAll(codec, [[bytes]]));
    const [frames = []] = codec.writer()(new Event({ ...event.metadata }, event.payload));
    expect(Buffer.from(frames[0] ?? [])).toEqual(bytes);
  });

  test(`random events come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    const dtypes = DTYPES.filter((dtype) => dtype !== "bool" && dtype !== "float16");
    for (let times = 0; times < 1_000; times += 1) {
      const flat = randomArray(random, random.pick<DType>(dtypes));
      // What has no dimensions is a single value.
      const payload = flat.shape.length === 0 ? new NdArray<DType>(flat.data, [1], flat.dtype) : flat;
      const plain = Object.entries(randomDocument(random)).filter(
        ([, value]) => typeof value === "string" || Number.isSafeInteger(value),
      );
      const event = new Event(Object.fromEntries(plain), payload, { run: "r" });
      const again = eventAt(readAll(codec, codec.writer()(event)));
      const variables = again.metadata["variables"] as readonly Record<string, unknown>[];
      const read = Object.fromEntries(variables.slice(1).map(({ name, data }) => [name, data]));
      expect(read).toEqual(Object.fromEntries(plain.map(([key, value]) => [key, value === 0 ? 0 : value])));
      const array = arrayAt(again.payload);
      expect([array.dtype, array.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.from(bytesOf(array))).toEqual(Buffer.from(bytesOf(payload)));
    }
  });
});
