import { describe, expect, test } from "vitest";
import { dectrisV2, dectrisV2Codec } from "../../src/formats/dectris/index.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { AnyMessage, Message } from "../../src/message/message.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { randomArray, randomDocument } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { cbor, map, text } from "./cbor.ts";
import { detectorHostilityTests, detectorVectorTests, lastRead } from "./detector-vectors.ts";
import { expectRejected } from "./hostility.ts";
import { expectDecoded, goodVectors } from "./vectors.ts";
import { readAll, write } from "./wire.ts";

type Image = Event<Record<string, unknown>, NdArray>;

const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
/** An array of three bytes: 40([[1, 3], 64(h'010203')]). */
const ARRAY = cbor("d82882820103d84043010203");

function frameOf(name: string): Uint8Array {
  return goodVectors("dectris-v2").find((one) => one.name === name)?.frames[0] as Uint8Array;
}

/** Makes an image whose fields are CBOR. */
function image(fields: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  const data = map({ threshold_1: ARRAY });
  return map({ type: text("image"), image_id: cbor("00"), series_unique_id: text("a"), data, ...fields });
}

const start = (run: string): Uint8Array => map({ type: text("start"), series_unique_id: text(run) });
const end = (run: string): Uint8Array => map({ type: text("end"), series_unique_id: text(run) });
const read = (frame: Uint8Array): Image => lastRead(dectrisV2Codec, [frame]).message as Image;
const withData = (hex: string): Uint8Array => image({ data: map({ threshold_1: cbor(hex) }) });
const again = (message: Message, codec = dectrisV2Codec): Image =>
  lastRead(codec, write(codec, message)).message as Image;

function names(messages: readonly { readonly message: AnyMessage }[]): readonly string[] {
  return messages.map(({ message }) => `${message.type} ${message.run}`);
}

describe("dectris-v2 - vectors", () => {
  detectorVectorTests(dectrisV2Codec, {
    reasons: {
      "bad-truncated": /^data\.threshold_1: cut short: 652 bytes are claimed/,
      "bad-trailing-bytes": /^1 bytes are left over/,
      "bad-unknown-compression": /^data\.threshold_1: the compression "snappy" is not supported/,
      "bad-dims-do-not-fit": /^data\.threshold_1: the compressed bytes claim a size of 5280 bytes, not 5400/,
      "bad-raw-size-claim": /^data\.threshold_1: the compressed bytes claim a size of 36028797018963970 bytes/,
      "bad-dims-huge": /^data\.threshold_1: \[2147483648, 2147483648\] of uint32 takes .*, at most 268435456/,
      "bad-dims-negative": /^data\.threshold_1\.dimensions\[0\]: expected a whole number/,
      "bad-byte-string-claim": /^data\.threshold_1: cut short: 140737488355327 bytes are claimed/,
      "bad-map-ends-early": /^cut short/,
      "bad-nesting-bomb": /^user_data\[0\]\[0\].*: nested too deeply/,
      "bad-not-a-map": /^the message is not a map/,
      "bad-type-missing": /^type: missing/,
      "bad-type-unknown": /^type: expected start, image or end, got "pause"/,
      "bad-typed-array-ragged": /^data\.threshold_1: 11 bytes are no whole number of elements of uint32/,
      "bad-image-without-data": /^data: missing/,
      "bad-proto-key": /^user_data: the key "__proto__" is refused/,
    },
  });

  test("what was read and changed is written so that it is read the same", () => {
    for (const { name, frames, expect: expected } of goodVectors("dectris-v2")) {
      if (expected.kind !== "event") continue;
      const event = lastRead(dectrisV2Codec, frames).message as Image;
      const changed = new Event({ ...event.metadata }, event.payload, event.envelope);
      const [frame] = write(dectrisV2Codec, changed);
      expectDecoded(lastRead(dectrisV2Codec, [frame as Uint8Array]), expected);
      // The bytes of the array are as they came: compressed, big-endian, column-major.
      if (name !== "image-indefinite-lengths")
        expect(Buffer.compare(frame as Uint8Array, frames[0] as Uint8Array), name).toBe(0);
    }
  });
});

describe("dectris-v2 - CBOR", () => {
  const value = (hex: string): unknown => read(image({ user_data: cbor(hex) })).metadata["user_data"];
  const refused = (hex: string, reason: RegExp): void =>
    expectRejected(dectrisV2Codec, [image({ user_data: cbor(hex) })], reason);

  test("numbers of every width are themselves", () => {
    expect(["17", "1818", "190100", "1a00010000", "1b001fffffffffffff"].map(value)).toEqual([
      23,
      24,
      256,
      65_536,
      2 ** 53 - 1,
    ]);
    expect(["20", "3903e7", "3b001ffffffffffffe"].map(value)).toEqual([-1, -1000, 1 - 2 ** 53]);
    expect(value("1b0020000000000000")).toBe(2n ** 53n);
    expect(value("1bffffffffffffffff")).toBe(2n ** 64n - 1n);
    expect(value("3b001fffffffffffff")).toBe(-(2n ** 53n));
    expect(value("3bffffffffffffffff")).toBe(-(2n ** 64n));
    expect(["f93c00", "f90001", "fa3fc00000", "fb3ff8000000000000"].map(value)).toEqual([1, 2 ** -24, 1.5, 1.5]);
    expect(["f97c00", "f9fc00", "f97e00", "f98000"].map(value)).toEqual([Infinity, -Infinity, Number.NaN, -0]);
    expect(["f4", "f5", "f6", "f7"].map(value)).toEqual([false, true, null, null]);
  });

  test("texts, bytes, lists and maps may come in pieces or without a length", () => {
    expect(value("7f61616162ff")).toBe("ab");
    expect(value("5f4101420203ff")).toEqual(Uint8Array.of(1, 2, 3));
    expect(value("9f01820203ff")).toEqual([1, [2, 3]]);
    expect(value("bf6161019f".slice(0, 8).concat("ff"))).toEqual({ a: 1 });
    expect(value("9fff")).toEqual([]);
    expect(value("bfff")).toEqual({});
    expect(value("a0")).toEqual({});
  });

  test("bytes are views of what was received", () => {
    const frame = image({ user_data: cbor("430a0b0c") });
    expect((read(frame).metadata["user_data"] as Uint8Array).buffer).toBe(frame.buffer);
    expect(bytesOf(read(frame).payload).buffer).toBe(frame.buffer);
  });

  test("of tags that are not known the value stays", () => {
    expect(value("c11a514b67b0")).toBe(1_363_896_240);
    expect(value("d9d9f7a1616102")).toEqual({ a: 2 });
    expect(value("c0c0c063323032")).toBe("202");
  });

  test.each([
    ["a reserved length", "1c", /not CBOR/],
    ["a simple value", "e0", /simple value/],
    ["a simple value of two bytes", "f820", /simple value/],
    ["an end on its own", "ff", /an end where nothing can end/],
    ["an end behind a tag", "9fc1ff", /an end where nothing can end/],
    ["an end behind a key", "bf6161ff", /a map ends behind a key/],
    ["an end in a list with a length", "8201ff", /an end where nothing can end/],
    ["a piece of text among bytes", "5f6161ff", /piece of another kind/],
    ["pieces in pieces", "5f5f4101ffff", /piece of another kind/],
    ["a list that claims 2^62 items", "9b4000000000000000", /more items than there are bytes/],
    ["a map that claims 2^32 - 1 entries", "baffffffff", /more items than there are bytes/],
    ["text that claims 2^60 bytes", "7b1000000000000000", /cut short/],
    ["text that is not UTF-8", "62c328", /not UTF-8/],
    ["a number as a key", "a10101", /a key is not text/],
    ["bytes as a key", "a1416101", /a key is not text/],
    ["a key that stands twice", "a2616101616102", /"a" stands twice/],
    ["constructor as a key", "a16b636f6e7374727563746f7201", /"constructor" is refused/],
    ["half of a float", "fb00", /cut short|left over/],
  ])("%s is refused", (_, hex, reason) => refused(hex, reason));

  test("depth is counted over lists, maps and tags alike", () => {
    expect(() => value("81".repeat(63).concat("01"))).not.toThrow();
    refused("81".repeat(64).concat("01"), /nested too deeply/);
    refused("c1".repeat(64).concat("01"), /nested too deeply/);
    refused("9f".repeat(100_000), /nested too deeply/);
  });

  test("what is no array is bounded apart from arrays", () => {
    const long = "00".repeat(2 ** 21);
    expectRejected(dectrisV2Codec, [image({ user_data: cbor("9a00200000", long) })], /more than 1048576 bytes beside/);
    expectRejected(dectrisV2Codec, [image({ user_data: cbor("7a00200000", long) })], /more than 1048576 bytes beside/);
    expect(value("5a00200000".concat(long))).toHaveLength(2 ** 21);
    expect(value(`5f${`5a00100000${"00".repeat(2 ** 20)}`.repeat(3)}ff`)).toHaveLength(3 * 2 ** 20);
  });
});

describe("dectris-v2 - arrays", () => {
  const first = (hex: string): unknown[] => Array.from(read(withData(hex)).payload.data as Iterable<unknown>);

  test("every element type is read in both orders", () => {
    const one = (tag: string, bytes: string): unknown => {
      const { payload } = read(withData(`d8288281 01 d8${tag}4${bytes.length / 2}${bytes}`.replaceAll(" ", "")));
      return [payload.dtype, (payload.data as ArrayLike<unknown>)[0]];
    };
    expect(one("40", "ff")).toEqual(["uint8", 255]);
    expect(one("44", "ff")).toEqual(["uint8", 255]);
    expect(one("48", "ff")).toEqual(["int8", -1]);
    expect([one("41", "0102"), one("45", "0201")]).toEqual([
      ["uint16", 258],
      ["uint16", 258],
    ]);
    expect([one("42", "fffffffe"), one("46", "feffffff")]).toEqual([
      ["uint32", 2 ** 32 - 2],
      ["uint32", 2 ** 32 - 2],
    ]);
    expect([one("43", "0000000000000001"), one("47", "0100000000000000")]).toEqual([
      ["uint64", 1n],
      ["uint64", 1n],
    ]);
    expect([one("49", "fffe"), one("4d", "feff")]).toEqual([
      ["int16", -2],
      ["int16", -2],
    ]);
    expect([one("4a", "fffffffe"), one("4e", "feffffff")]).toEqual([
      ["int32", -2],
      ["int32", -2],
    ]);
    expect([one("4b", "fffffffffffffffe"), one("4f", "feffffffffffffff")]).toEqual([
      ["int64", -2n],
      ["int64", -2n],
    ]);
    expect([one("50", "3c00"), one("54", "003c")]).toEqual([
      ["float16", 0x3c00],
      ["float16", 0x3c00],
    ]);
    expect([one("51", "3fc00000"), one("55", "0000c03f")]).toEqual([
      ["float32", 1.5],
      ["float32", 1.5],
    ]);
    expect([one("52", "3ff8000000000000"), one("56", "000000000000f83f")]).toEqual([
      ["float64", 1.5],
      ["float64", 1.5],
    ]);
  });

  test("columns become rows, in any number of dimensions", () => {
    expect(first("d90410828202 03 d84046010203040506".replaceAll(" ", ""))).toEqual([1, 3, 5, 2, 4, 6]);
    expect(first("d904108283020102d8404401020304")).toEqual([1, 3, 2, 4]);
    expect(first("d9041082820003d84040")).toEqual([]);
  });

  test("an array without dimensions has one; compressed bytes alone are one of bytes", () => {
    const typed = read(image({ user_data: cbor("d84544 01000200".replaceAll(" ", "")) })).metadata[
      "user_data"
    ] as NdArray;
    expect([typed.dtype, typed.shape, [...typed.data]]).toEqual(["uint16", [2], [1, 2]]);
    const packed = cbor("d9dcb48365", Buffer.from("bslz4"), "02 4e".replace(" ", ""), "000000000000000200002000beef");
    const bytes = read(image({ user_data: packed })).metadata["user_data"] as NdArray;
    expect([bytes.dtype, bytes.shape, [...bytes.data]]).toEqual(["uint8", [2], [0xbe, 0xef]]);
  });

  test("the first channel is the payload, the others stay where they are", () => {
    const { metadata, payload } = read(frameOf("image-channels"));
    const { threshold_1, threshold_2 } = metadata["data"] as Record<string, NdArray>;
    expect(threshold_1).toEqual({ $payload: "cbor" });
    expect([payload.shape, threshold_2?.shape]).toEqual([
      [30, 44],
      [30, 44],
    ]);
  });

  test.each([
    ["elements of 128 bits", `d82882810 1d85750${"00".repeat(16)}`, /elements of tag 87 are not supported/],
    ["an array without dimensions in it", "d82881d84041 01", /expected dimensions and a typed array/],
    ["a list of numbers as an array", "d82882810182 0102", /expected dimensions and a typed array/],
    ["text as elements", "d82882810 1d8406161", /expected bytes under the tag/],
    ["dimensions that are no list", "d8288201d8404101", /dimensions: expected a list/],
    [
      "fewer dimensions than elements",
      "d828828101d840420102",
      /dimensions: \[1\] of uint8 takes 1 bytes, the data has 2/,
    ],
    ["an element size of 3", "d828828101d840d9dcb4836562736c7a340343000000", /element size of 1, 2, 4 or 8/],
    ["a compression without a name", "d828828101d840d9dcb483010243000000", /expected the name of a compression/],
    ["trpx", "d828828101d840d9dcb48364747270780143000000", /the compression "trpx" is not supported/],
    ["a number as a channel", "01", /^data\["threshold_1"\]: expected an array/],
  ])("%s is refused by name", (_, hex, reason) => {
    expectRejected(dectrisV2Codec, [withData(hex.replaceAll(" ", ""))], reason);
  });

  test("data without channels is refused", () => {
    expectRejected(dectrisV2Codec, [image({ data: cbor("a0") })], /^data: has no channels/);
    expectRejected(dectrisV2Codec, [image({ data: cbor("80") })], /^data: expected a map of channels/);
    expectRejected(dectrisV2Codec, [image({ data: ARRAY })], /^data: expected a map of channels/);
  });
});

describe("dectris-v2 - runs", () => {
  test("every message names its series, by the unique id or the number", () => {
    expect(names(readAll(dectrisV2Codec, [[start("a")], [image()], [end("a")]]))).toEqual([
      "start a",
      "event a",
      "stop a",
    ]);
    expect(read(map({ type: text("end"), series_id: cbor("1b0020000000000001") })).run).toBe("9007199254740993");
    expectRejected(dectrisV2Codec, [map({ type: text("end") })], /^series_unique_id: missing/);
    expectRejected(dectrisV2Codec, [map({ type: text("end"), series_id: cbor("80") })], /^series_id: expected/);
  });

  test("a series whose end went to another reader is over when the next one begins", () => {
    const messages = readAll(dectrisV2Codec, [[image()], [image({ series_unique_id: text("b") })], [image()]]);
    expect(names(messages)).toEqual(["event a", "stop a", "event b", "event a"]);
    expect((messages[1] as { message: Stop }).message.reason).toBe("abandoned");
  });

  test("numbers are those of images", () => {
    expect(lastRead(dectrisV2Codec, [image({ image_id: cbor("1b0000000100000000") })]).sequence).toBe(2 ** 32);
    expect(lastRead(dectrisV2({ shared: true }), [image()]).sequence).toBeUndefined();
    expectRejected(dectrisV2Codec, [image({ image_id: cbor("1bffffffffffffffff") })], /^image_id: expected/);
    expectRejected(dectrisV2Codec, [image({ image_id: cbor("f6") })], /^image_id: missing/);
  });

  test("the time of an image is that of its exposure, to the microsecond", () => {
    const event = read(frameOf("image-u16-none"));
    expect(event.envelope.timeMs).toBe(Date.UTC(2026, 0, 15, 10, 20, 30) + 123.456 + 2);
    expect(read(frameOf("image-type-not-first")).envelope.timeMs).toBeUndefined();
    const odd = { series_date: text("soon"), start_time: cbor("820100") };
    expect(read(image(odd)).envelope.timeMs).toBeUndefined();
    expect(read(image({ ...odd, series_date: text("2026-01-15T10:20:30Z") })).envelope.timeMs).toBeUndefined();
  });
});

describe("dectris-v2 - writing", () => {
  test("a forwarded image with other metadata is not decompressed", () => {
    const frame = frameOf("image-u32-bslz4").slice();
    // The length of the first block: behind the name, the element size, the head of the bytes and their header.
    const length = Buffer.from(frame.buffer).indexOf("bslz4") + 5 + 1 + 3 + 12;
    frame.fill(0xff, length, length + 4);
    const event = read(frame);
    const written = write(dectrisV2Codec, event.with({ metadata: { ...event.metadata, mine: 1.5 } }))[0] as Uint8Array;
    expect(read(written).metadata["mine"]).toBe(1.5);
    expect(() => read(written).payload.data).toThrow("data.threshold_1: the compressed bytes end early");
  });

  test("another payload takes the place of the first channel", () => {
    const event = read(frameOf("image-channels"));
    const copy = again(event.with({ payload: IMAGE }));
    expect(copy.payload.data).toEqual(IMAGE.data);
    expect(Object.keys(copy.metadata["data"] as object)).toEqual(["threshold_1", "threshold_2"]);
    expect((copy.metadata["data"] as Record<string, NdArray>)["threshold_2"]?.data).toEqual(
      (event.metadata["data"] as Record<string, NdArray>)["threshold_2"]?.data,
    );
  });

  test.each(["none", "lz4", "bslz4"] as const)("messages made here are read again, %s", (compression) => {
    const codec = dectrisV2({ compression });
    const data = {
      arm_date: "2026-01-15T10:20:30.5Z",
      flatfield: { threshold_1: IMAGE },
      user_data: { bytes: Uint8Array.of(1) },
    };
    const image = new NdArray(
      Uint32Array.from({ length: 3000 }, (_, n) => n % 7),
      [30, 100],
    );
    const writer = codec.writer();
    const wires = [
      new Start(data, { run: "scan a" }),
      new Event({ temperature: 100.5 }, image, { run: "scan a" }),
      new Event({}, image, { run: "scan a" }),
      new Stop({ why: null }, { run: "scan a" }),
    ].flatMap((message) => writer(message));
    const [start, first, second, stop] = readAll(codec, wires).map(({ message }) => message);
    const named = { series_id: 1, series_unique_id: "scan a" };
    expect((start as Start).data).toMatchObject({ type: "start", ...named, arm_date: data.arm_date });
    expect((start as Start).envelope.timeMs).toBe(Date.UTC(2026, 0, 15, 10, 20, 30, 500));
    const { flatfield, user_data } = (start as Start).data as typeof data;
    expect(flatfield.threshold_1.data).toEqual(IMAGE.data);
    expect(user_data).toEqual(data.user_data);
    const channels = { threshold_1: { $payload: "cbor" } };
    expect((first as Image).metadata).toEqual({
      type: "image",
      image_id: 0,
      ...named,
      temperature: 100.5,
      data: channels,
    });
    expect((second as Image).metadata["image_id"]).toBe(1);
    for (const event of [first, second] as Image[]) {
      expect(event.payload.shape).toEqual([30, 100]);
      expect(event.payload.data).toEqual(image.data);
    }
    expect((stop as Stop).data).toEqual({ type: "end", ...named, why: null });
  });

  test("another run takes the name of the series, and keeps its number", () => {
    const event = read(frameOf("image-u16-none"));
    const renamed = again(new Event(event.metadata, event.payload, { run: "mine" }));
    expect(renamed.metadata).toMatchObject({ series_unique_id: "mine", series_id: 3 });
    const numbered = read(
      map({ type: text("image"), image_id: cbor("00"), series_id: cbor("05"), data: map({ a: ARRAY }) }),
    );
    expect(Object.keys(again(numbered.with({ payload: IMAGE })).metadata)).toEqual([
      "type",
      "image_id",
      "series_id",
      "data",
    ]);
  });

  test(`random events come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const codec = dectrisV2({ compression: random.pick(["none", "lz4", "bslz4"] as const) });
      const metadata = randomDocument(random);
      const payload = randomArray(random);
      const copy = again(new Event(metadata, payload, { run: "r" }), codec);
      const { type, image_id, series_id, series_unique_id, data, ...others } = copy.metadata;
      expect(others).toEqual(metadata);
      // A bool is a byte here.
      expect([copy.payload.dtype, copy.payload.shape]).toEqual([payload.dtype.replace("bool", "uint8"), payload.shape]);
      expect(Buffer.compare(bytesOf(copy.payload), bytesOf(payload))).toBe(0);
    }
  });

  test("what the format cannot say is refused, and harms nothing that follows", () => {
    const writer = dectrisV2Codec.writer();
    expect(() => writer(new Event({ data: { mine: 1 } }, IMAGE))).toThrow(
      "event.metadata.data: the array of the payload",
    );
    expect(() => writer(new Event({ a: { b: new Date() } }, IMAGE))).toThrow("event.metadata.a.b: a Date");
    expect(() => writer(new Event({ n: 2n ** 64n }, IMAGE))).toThrow("event.metadata.n: has more than 64 bits");
    expect(() => writer(new Event({ t: "\ud800" }, IMAGE))).toThrow("event.metadata.t: half of a surrogate pair");
    const self: Record<string, unknown> = {};
    self["self"] = self;
    expect(() => writer(new Event(self, IMAGE))).toThrow("nested more than 64 deep");
    const [frames] = writer(new Event({}, IMAGE, { run: "r" }));
    expect((lastRead(dectrisV2Codec, frames as Uint8Array[]).message as Image).payload.data).toEqual(IMAGE.data);
  });
});

describe("dectris-v2 - hostile bytes", () => {
  detectorHostilityTests(dectrisV2Codec);

  test("an array of more bytes than a message may have is refused before it is made", () => {
    const reader = dectrisV2Codec.reader({ ...DEFAULT_LIMITS, maxMessageBytes: 1_000_000 });
    expect(() => reader([frameOf("image-large-bslz4")])).toThrow(
      "data.threshold_1: [512, 1024] of uint32 takes 2097152 bytes, at most 1000000",
    );
  });
});
