import { describe, expect, test } from "vitest";
import { odin, odinCodec } from "../../src/formats/odin/index.ts";
import { Event } from "../../src/message/event.ts";
import type { AnyMessage } from "../../src/message/message.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { randomArray } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { detectorHostilityTests, detectorVectorTests, lastRead } from "./detector-vectors.ts";
import { expectRejected } from "./hostility.ts";
import { goodVectors } from "./vectors.ts";
import { readAll, write } from "./wire.ts";

type Parts = readonly Uint8Array[];
type Image = Event<{ readonly header: Record<string, unknown> }, NdArray>;

const json = (value: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(value)));
const parsed = (part: Uint8Array | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? []).toString());
const image = (fields: object = {}): Parts => [
  json({
    frame_num: 4,
    acquisition_id: "a",
    dtype: "uint8",
    dsize: 2,
    dataset: "data",
    compression: "none",
    shape: ["1", "2"],
    ...fields,
  }),
  Uint8Array.of(1, 2),
];
const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
const names = (messages: readonly { readonly message: AnyMessage }[]): readonly string[] =>
  messages.map(({ message }) => `${message.type} ${message.run}`);

describe("odin - vectors", () => {
  detectorVectorTests(odinCodec, {
    unnumbered: true,
    reasons: {
      "bad-blob-missing": /^a header and the bytes of its image expected, got 1 parts/,
      "bad-blob-short": /^header\.dsize: says 1440, the data has 1437 bytes/,
      "bad-blob-long": /^header\.dsize: says 1440, the data has 1448 bytes/,
      "bad-shape-huge": /^header\.shape: .*takes 9223372036854776000 bytes/,
      "bad-shape-not-numbers": /^header\.shape\[0\]: expected a whole number/,
      "bad-shape-negative": /^header\.shape\[0\]: expected a whole number/,
      "bad-header-truncated": /^header: not JSON/,
      "bad-header-not-object": /^header: is not a JSON object/,
      "bad-dtype-unknown": /^header\.dtype: "unknown" is not supported/,
      "bad-compression-unknown": /^header\.compression: "unknown" is not supported/,
      "bad-dsize-wrong": /^header\.dsize: says 7, the data has 1440 bytes/,
      "bad-shape-text": /^header\.shape\[0\]: expected a whole number/,
    },
  });
});

describe("odin - reading", () => {
  test("an image is a view of its part", () => {
    const [first, blob] = image() as [Uint8Array, Uint8Array];
    const { payload } = lastRead(odinCodec, [first, blob]).message as Image;
    expect(payload.data.buffer).toBe(blob.buffer);
  });

  test("a new acquisition begins a run and ends the one before it", () => {
    const read = readAll(odinCodec, [image(), image(), image({ acquisition_id: "b" })]);
    expect(names(read)).toEqual(["start a", "event a", "event a", "stop a", "start b", "event b"]);
    expect((read[3] as { message: Stop }).message.reason).toBe("completed");
  });

  test("without an id images belong to a run with a made-up name", () => {
    const [start, first, second] = readAll(odinCodec, [image({ acquisition_id: "" }), image({ acquisition_id: null })]);
    expect(start?.message.run).toMatch(/^[0-9a-f-]{36}$/);
    expect([first?.message.run, second?.message.run]).toEqual([start?.message.run, start?.message.run]);
  });

  test("the compression blosc is refused by name; names count in any case", () => {
    expectRejected(odinCodec, image({ compression: "blosc" }), /^header\.compression: "blosc" is not supported/);
    expect(() => lastRead(odinCodec, image({ compression: "NONE" }))).not.toThrow();
  });

  test("fields of the wrong kind are refused by name", () => {
    expectRejected(odinCodec, image({ frame_num: "1" }), /^header\.frame_num: expected/);
    expectRejected(odinCodec, image({ frame_num: undefined }), /^header\.frame_num: missing/);
    expectRejected(odinCodec, image({ acquisition_id: [1] }), /^header\.acquisition_id: expected/);
    expectRejected(odinCodec, image({ dtype: undefined }), /^header\.dtype: missing/);
    expectRejected(odinCodec, image({ dtype: "toString" }), /^header\.dtype: "toString" is not supported/);
    expectRejected(odinCodec, image({ dsize: "2" }), /^header\.dsize: expected a number/);
    expectRejected(odinCodec, image({ compression: undefined }), /^header\.compression: expected text/);
    expectRejected(odinCodec, image({ shape: "12" }), /^header\.shape: expected a list/);
    expectRejected(odinCodec, image({ shape: ["1", " 2"] }), /^header\.shape\[1\]: expected a whole number/);
    expectRejected(odinCodec, image({ shape: ["1", "0x2"] }), /^header\.shape\[1\]: expected a whole number/);
    expectRejected(odinCodec, [...image(), json({})], /expected, got 3 parts/);
    const nul = Buffer.concat([image()[0] as Uint8Array, Uint8Array.of(0)]);
    expectRejected(odinCodec, [nul, Uint8Array.of(1, 2)], /^header: not JSON/);
  });
});

describe("odin - writing", () => {
  test("a forwarded image with other metadata is not decompressed", () => {
    for (const name of ["image-bslz4", "image-lz4"]) {
      const { frames } = goodVectors("odin").find((one) => one.name === name) as { frames: Parts };
      const event = lastRead(odinCodec, frames).message as Image;
      const parts = write(odinCodec, event.with({ metadata: { header: { ...event.metadata.header, mine: 1 } } }));
      expect(parts[1]?.buffer).toBe(frames[1]?.buffer);
      expect(parsed(parts[0])).toEqual({ ...parsed(frames[0]), mine: 1 });
    }
  });

  test.each(["none", "lz4", "bslz4"] as const)("images made here are read again, %s", (compression) => {
    const codec = odin({ compression });
    const writer = codec.writer();
    expect(writer(new Start({ not: "sent" }, { run: "r" }))).toEqual([]);
    const first = writer(new Event({ exposure: 0.5 }, IMAGE, { run: "r" }))[0] as Parts;
    if (compression === "none") expect(first[1]?.buffer).toBe(IMAGE.data.buffer);
    expect(parsed(first[0])).toEqual({
      frame_num: 0,
      acquisition_id: "r",
      dtype: "uint16",
      dsize: first[1]?.length,
      dataset: "data",
      compression: compression === "none" ? "none" : compression.toUpperCase(),
      shape: ["2", "3"],
      exposure: 0.5,
    });
    const second = writer(new Event({ header: { tags: ["x"], dataset: "sums" } }, IMAGE, { run: "r" }))[0] as Parts;
    expect(parsed(second[0])).toMatchObject({ frame_num: 1, dataset: "sums", tags: ["x"] });
    expect(writer(new Stop({}, { run: "r" }))).toEqual([]);
    const { payload } = lastRead(codec, second).message as Image;
    expect([payload.shape, payload.data]).toEqual([IMAGE.shape, IMAGE.data]);
  });

  test(`random images come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const codec = odin({ compression: random.pick(["none", "lz4", "bslz4"] as const) });
      const payload = randomArray(random, random.pick(["uint8", "uint16", "uint32", "uint64", "float32"] as const));
      const { message } = lastRead(codec, write(codec, new Event({}, payload, { run: "r" })));
      const array = (message as Image).payload;
      expect([array.dtype, array.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.compare(bytesOf(array), bytesOf(payload))).toBe(0);
    }
  });

  test("element types that the format does not have are refused, and options too", () => {
    const writer = odinCodec.writer();
    expect(() => writer(new Event({}, new NdArray(Int16Array.of(1))))).toThrow("odin: images of int16 cannot be sent");
    expect(() => odin({ compress: "lz4" } as object)).toThrow('there is no option "compress"');
    expect(() => odin({ compression: "blosc" } as object)).toThrow('expected none, lz4 or bslz4, got "blosc"');
  });
});

describe("odin - hostile bytes", () => {
  detectorHostilityTests(odinCodec);
});
