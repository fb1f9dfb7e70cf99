import { describe, expect, test } from "vitest";
import { dectrisV1, dectrisV1Codec } from "../../src/formats/dectris/index.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { AnyMessage } from "../../src/message/message.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { randomArray } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { detectorHostilityTests, detectorVectorTests, lastRead } from "./detector-vectors.ts";
import { expectRejected } from "./hostility.ts";
import { vectorsOf } from "./vectors.ts";
import { readAll, write } from "./wire.ts";

type Parts = readonly Uint8Array[];
type Image = Event<Record<string, Record<string, unknown>>, NdArray>;

const json = (value: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(value)));
const parsed = (part: Uint8Array | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? []).toString());
const header = (series: unknown, fields: object = {}): Uint8Array =>
  json({ htype: "dheader-1.0", series, header_detail: "none", ...fields });
const end = (series: unknown): Uint8Array => json({ htype: "dseries_end-1.0", series });
const BLOB = Uint8Array.of(1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0);
const TIMES = { htype: "dconfig-1.0", start_time: 1, stop_time: 2, real_time: 1 };

function image(
  series: unknown,
  fields: { header?: object; image?: object; times?: object; blob?: Uint8Array } = {},
): Parts {
  const claim = { htype: "dimage_d-1.0", shape: [3, 2], type: "uint16", encoding: "<", size: 12, ...fields.image };
  return [
    json({ htype: "dimage-1.0", series, frame: 0, hash: "", ...fields.header }),
    json(claim),
    fields.blob ?? BLOB,
    json({ ...TIMES, ...fields.times }),
  ];
}

function vector(name: string): Parts {
  return vectorsOf("dectris-v1").find((one) => one.name === name)?.frames as Parts;
}

function names(messages: readonly { readonly message: AnyMessage }[]): readonly string[] {
  return messages.map(({ message }) => `${message.type} ${message.run}`);
}

describe("dectris-v1 - vectors", () => {
  detectorVectorTests(dectrisV1Codec, {
    reasons: {
      "bad-unknown-encoding": /^image\.encoding: "bs32-zstd<" is not supported/,
      "bad-blob-truncated": /^image\.size: says 693, the data has 684 bytes/,
      "bad-shape-too-large": /^image: the compressed bytes claim a size of 5760 bytes, not 5952/,
      "bad-shape-huge": /^image: \[2147483647, 2147483647\] of uint32 takes .*, at most 268435456 are taken/,
      "bad-shape-negative": /^image\.shape\[0\]: expected a whole number/,
      "bad-type-unknown": /^image\.type: "complex128" is not supported/,
      "bad-blob-missing": /^an image: 4 parts, or 5 with an appendix, expected, got 2/,
      "bad-header-not-json": /^header: not JSON/,
      "bad-htype-unknown": /^header\.htype: "dpause-1\.0" is not known/,
      "bad-header-all-short": /^a header with details "all": 8 parts, or 9 with an appendix, expected, got 5/,
      "bad-raw-wrong-size": /^image\.shape: \[30, 48\] of uint16 takes 2880 bytes, the data has 2878/,
      "bad-lz4-size-claim": /^image: an LZ4 block is longer than its size/,
    },
  });
});

describe("dectris-v1 - reading", () => {
  test("an image is a view of its part, and is not decompressed before it is looked at", () => {
    const plain = lastRead(dectrisV1Codec, image(6)).message as Image;
    expect(bytesOf(plain.payload).buffer).toBe(BLOB.buffer);
    expect([...plain.payload.data]).toEqual([1, 2, 3, 4, 5, 6]);
    const blob = vector("image-bs16-lz4")[2]?.slice() as Uint8Array;
    blob.fill(0xff, 12, 16);
    const claim = parsed(vector("image-bs16-lz4")[1]);
    const damaged = lastRead(dectrisV1Codec, image(6, { image: claim, blob })).message as Image;
    expect(() => damaged.payload.data).toThrow("image: the compressed bytes end early");
  });

  test("LZ4 is read with a size of 4 bytes before the block, too", () => {
    const bare = vector("image-lz4-u16")[2] as Uint8Array;
    const claim = parsed(vector("image-lz4-u16")[1]);
    const blob = new Uint8Array([0x40, 0x0b, 0, 0, ...bare]);
    const sized = lastRead(dectrisV1Codec, image(6, { image: { ...claim, size: blob.length }, blob })).message as Image;
    const plain = lastRead(dectrisV1Codec, vector("image-lz4-u16")).message as Image;
    expect(sized.payload.data).toEqual(plain.payload.data);
  });

  test("an appendix is JSON, or any text", () => {
    const appendix = (part: string): unknown =>
      (lastRead(dectrisV1Codec, [...image(6), Buffer.from(part)]).message as Image).metadata["appendix"];
    expect(appendix('{"a":[1]}')).toEqual({ a: [1] });
    expect(appendix("scan 7, row 3")).toBe("scan 7, row 3");
    expect(appendix("17")).toBe(17);
    expect(appendix("")).toBe("");
    expectRejected(dectrisV1Codec, [...image(6), Uint8Array.of(0xff)], /^appendix: not UTF-8/);
    expectRejected(dectrisV1Codec, [...image(6), Buffer.from('{"__proto__":1}')], /^appendix: .*refused/);
  });

  test("fields of the wrong kind are refused by name", () => {
    expectRejected(dectrisV1Codec, [header([1])], /^header\.series: expected text or a whole number/);
    expectRejected(dectrisV1Codec, [json({ htype: "dheader-1.0" })], /^header\.series: missing/);
    expectRejected(dectrisV1Codec, [header(1, { header_detail: "some" })], /^header\.header_detail: expected/);
    expectRejected(dectrisV1Codec, [header(1, { header_detail: "constructor" })], /^header\.header_detail: expected/);
    expectRejected(dectrisV1Codec, [header(1), json({}), json({})], /"none": 1 parts, or 2/);
    expectRejected(dectrisV1Codec, [end(1), json({})], /^the end of a series: one part expected, got 2/);
    expectRejected(dectrisV1Codec, image(6, { header: { frame: -1 } }), /^header\.frame: expected/);
    expectRejected(dectrisV1Codec, image(6, { header: { frame: null } }), /^header\.frame: missing/);
    expectRejected(dectrisV1Codec, image(6, { image: { htype: "x" } }), /^image\.htype: expected "dimage_d-1\.0"/);
    expectRejected(dectrisV1Codec, image(6, { times: { htype: 1 } }), /^times\.htype: expected "dconfig-1\.0"/);
    expectRejected(dectrisV1Codec, image(6, { image: { size: "12" } }), /^image\.size: expected a number/);
    expectRejected(dectrisV1Codec, image(6, { image: { encoding: "bs16-<" } }), /^image\.encoding: "bs16-<"/);
    expectRejected(dectrisV1Codec, image(6, { image: { encoding: null } }), /^image\.encoding: expected text/);
    const long = header(1, { text: "x".repeat(2 ** 20) });
    expectRejected(dectrisV1Codec, [long], /^header: has more than 1048576 bytes/);
  });

  test("numbers are those of frames; where several readers share a stream there are none", () => {
    const frames = image(6, { header: { frame: 70_000 } });
    expect(lastRead(dectrisV1Codec, frames).sequence).toBe(70_000);
    expect(lastRead(dectrisV1({ shared: true }), frames).sequence).toBeUndefined();
  });
});

describe("dectris-v1 - runs", () => {
  test("every message names its series", () => {
    expect(names(readAll(dectrisV1Codec, [[header(6)], image(6), [end(6)], [header(7)]]))).toEqual([
      "start 6",
      "event 6",
      "stop 6",
      "start 7",
    ]);
  });

  test("a series whose end went to another reader is over when the next one begins", () => {
    const read = readAll(dectrisV1Codec, [image(6), image(7), image(6), image(7), [end(7)], [header(8)]]);
    expect(names(read)).toEqual(["event 6", "stop 6", "event 7", "event 6", "event 7", "stop 7", "start 8"]);
    expect((read[1] as { message: Stop }).message.reason).toBe("abandoned");
  });

  test("series that count from 1 again are new ones", () => {
    const read = readAll(dectrisV1Codec, [[header(1)], [end(1)], [header(2)], [header(3)], [header(1)], image(1)]);
    expect(names(read).slice(2)).toEqual(["start 2", "stop 2", "start 3", "stop 3", "start 1", "event 1"]);
  });
});

describe("dectris-v1 - writing", () => {
  test("a forwarded image with other metadata is not decompressed", () => {
    for (const name of ["image-bs32-lz4", "image-lz4-framed", "image-raw-big-endian", "image-lz4-u16"]) {
      const received = vector(name);
      const event = lastRead(dectrisV1Codec, received).message as Image;
      const parts = write(dectrisV1Codec, event.with({ metadata: { ...event.metadata, mine: { ok: true } } }));
      expect(parts[2]?.buffer, name).toBe(received[2]?.buffer);
      expect(parsed(parts[0])).toEqual(parsed(received[0]));
      expect(parsed(parts[1])).toEqual(parsed(received[1]));
      expect(parsed(parts[4])).toEqual({ mine: { ok: true } });
      const again = lastRead(dectrisV1Codec, parts).message as Image;
      expect(again.payload.data).toEqual(event.payload.data);
    }
  });

  test("another payload is compressed, and the digest of the old one left out", () => {
    const event = lastRead(dectrisV1Codec, vector("image-bs32-lz4")).message as Image;
    const payload = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const parts = write(dectrisV1Codec, event.with({ payload }));
    expect(parsed(parts[0])).toEqual({ htype: "dimage-1.0", series: 6, frame: 6, hash: "" });
    expect(parsed(parts[1])).toMatchObject({
      shape: [3, 2],
      type: "uint16",
      encoding: "bs16-lz4<",
      size: parts[2]?.length,
    });
    expect((lastRead(dectrisV1Codec, parts).message as Image).payload.data).toEqual(payload.data);
  });

  test("another run is written as another series", () => {
    const event = lastRead(dectrisV1Codec, vector("image-raw-u16")).message as Image;
    const renamed = new Event(event.metadata, event.payload, { run: "9" });
    expect(parsed(write(dectrisV1Codec, renamed)[0])["series"]).toBe(6);
    const own = new Event({}, event.payload, { run: "9" });
    expect(parsed(write(dectrisV1Codec, own)[0])["series"]).toBe(9);
  });

  test.each(["none", "lz4", "bslz4"] as const)("messages made here are read again, %s", (compression) => {
    const codec = dectrisV1({ compression });
    const data = {
      config: { nimages: 2, wavelength: 1.5 },
      flatfield: new NdArray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
      pixelmask: new NdArray(Uint32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
      countrate_table: new NdArray(Float32Array.of(1, 2, 3, 4), [2, 2]),
      sample: "lysozyme",
    };
    const image = new NdArray(
      Uint32Array.from({ length: 3000 }, (_, n) => n % 7),
      [30, 100],
    );
    const written = [
      new Start(data, { run: "12" }),
      new Event({ temperature: 100.5 }, image, { run: "12" }),
      new Event({ appendix: "row 3" }, image, { run: "12" }),
      new Stop({ reason: "done" }, { run: "12" }),
    ];
    const writer = codec.writer();
    const wires = written.flatMap((message) => writer(message));
    expect(wires.map((parts) => parts.length)).toEqual([9, 5, 5, 1]);
    if (compression === "none") expect(wires[1]?.[2]?.buffer).toBe(image.data.buffer);
    const [start, first, second, stop] = readAll(codec, wires).map(({ message }) => message);
    const { flatfield, header, ...others } = (start as Start).data as Record<string, unknown>;
    expect(header).toEqual({ htype: "dheader-1.0", series: 12, header_detail: "all" });
    expect((flatfield as NdArray).shape).toEqual([2, 3]);
    expect(others).toMatchObject({ config: data.config, appendix: { sample: "lysozyme" } });
    expect((first as Image).metadata).toMatchObject({
      header: { series: 12, frame: 0 },
      times: { ...TIMES, start_time: 0, stop_time: 0, real_time: 0 },
      appendix: { temperature: 100.5 },
    });
    expect((second as Image).metadata["appendix"]).toBe("row 3");
    for (const event of [first, second] as Image[]) {
      expect(event.payload.shape).toEqual([30, 100]);
      expect(event.payload.data).toEqual(image.data);
    }
    expect((stop as Stop).data).toEqual({ header: { htype: "dseries_end-1.0", series: 12, reason: "done" } });
  });

  test("runs whose names are no numbers get one each, so do all their messages", () => {
    const writer = dectrisV1Codec.writer();
    const number = (message: AnyMessage): unknown => parsed(writer(message)[0]?.[0])["series"];
    const array = new NdArray(Uint8Array.of(1));
    expect(number(new Start({}, { run: "scan a" }))).toBe(1);
    expect(number(new Start({}, { run: "40" }))).toBe(40);
    expect(number(new Event({}, array, { run: "scan a" }))).toBe(1);
    expect(number(new Start({}, { run: "scan b" }))).toBe(41);
    expect(number(new Stop({}, { run: "scan a" }))).toBe(1);
  });

  test("an appendix can be sent with every message that has none", () => {
    const writer = dectrisV1({ appendix: {} }).writer();
    const array = new NdArray(Uint8Array.of(1));
    expect(writer(new Start({ config: {} }, { run: "1" }))[0]).toHaveLength(3);
    const [parts] = writer(new Event({ x: 1 }, array, { run: "1" }));
    expect(parsed(parts?.[4])).toEqual({ x: 1 });
    expect(writer(new Stop({}, { run: "1" }))[0]).toHaveLength(1);
  });

  test(`random images come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const codec = dectrisV1({ compression: random.pick(["none", "lz4", "bslz4"] as const) });
      const payload = randomArray(random);
      const number = random.pick([0, -1, 0.1, 2n ** 60n, 2 ** 60, Number.NaN, -Number.MAX_VALUE]);
      const { message } = lastRead(codec, write(codec, new Event({ number }, payload, { run: "r" })));
      const { metadata, payload: array } = message as Image;
      expect(metadata["appendix"]?.["number"]).toBe(number);
      expect([array.dtype, array.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.compare(bytesOf(array), bytesOf(payload))).toBe(0);
    }
  });

  test("what the format cannot say is refused", () => {
    const writer = dectrisV1Codec.writer();
    const array = new NdArray(Uint8Array.of(1));
    expect(() => writer(new Event({ x: array }, array))).toThrow("event.metadata.x: a NdArray cannot be encoded");
    expect(() => writer(new Event({ x: 1, appendix: "text" }, array))).toThrow("event.metadata.x: is not a part");
    expect(() => writer(new Event({ image: 3 }, array))).toThrow("event.metadata.image: expected an object");
    expect(() => writer(new Start({ flatfield: array }))).toThrow("expected all of flatfield, pixelmask");
    expect(() => writer(new Start({ flatfield: 1 }))).toThrow("start.data.flatfield: expected an NdArray");
  });

  test("options that do not exist are refused", () => {
    expect(() => dectrisV1({ compressions: "lz4" } as object)).toThrow('there is no option "compressions"; there are');
    expect(() => dectrisV1({ compression: "zip" } as object)).toThrow('expected none, lz4, bslz4, got "zip"');
    expect(() => dectrisV1({ shared: 1 } as object)).toThrow("shared: expected true or false");
  });
});

describe("dectris-v1 - hostile bytes", () => {
  detectorHostilityTests(dectrisV1Codec);

  test("an image of more bytes than a message may have is refused before it is made", () => {
    const limits = { ...DEFAULT_LIMITS, maxMessageBytes: 10_000 };
    const blob = new Uint8Array(vector("image-bs16-lz4")[2] as Uint8Array);
    const read = dectrisV1Codec.reader(limits);
    expect(() => read(image(6, { image: { encoding: "lz4<", shape: [6000, 1], size: blob.length }, blob }))).toThrow(
      "at most 10000 are taken",
    );
  });
});
