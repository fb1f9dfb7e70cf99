import { describe, expect, test } from "vitest";
import { stins, stinsCodec } from "../../src/formats/stins/index.ts";
import { Event } from "../../src/message/event.ts";
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
const header = (fields: object = {}): Parts => [json({ htype: "header", msg_number: 1, filename: "", ...fields })];
const image = (fields: object = {}): Parts => [
  json({ htype: "image", msg_number: 2, frame: 0, shape: [2], type: "uint8", compression: "none", ...fields }),
  Uint8Array.of(1, 2),
];
const end = (): Parts => [json({ htype: "series_end", msg_number: 3 })];
const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);

describe("stins - vectors", () => {
  detectorVectorTests(stinsCodec, {
    reasons: {
      "bad-blob-missing": /^an image: 2 parts expected, got 1/,
      "bad-blob-short": /^header\.shape: \[27, 33\] of uint16 takes 1782 bytes, the data has 1779/,
      "bad-blob-long": /^header\.shape: .*the data has 1790/,
      "bad-shape-huge": /^header\.shape: .*takes 9223372036854776000 bytes/,
      "bad-shape-not-numbers": /^header\.shape\[0\]: expected a whole number/,
      "bad-shape-negative": /^header\.shape\[0\]: expected a whole number/,
      "bad-header-truncated": /^header: not JSON/,
      "bad-header-not-object": /^header: is not a JSON object/,
      "bad-compression-unknown": /^header\.compression: "zip" is not supported/,
      "bad-bslz4-truncated": /^data: the compressed bytes end early/,
      "bad-htype-unknown": /^header\.htype: "heartbeat" is not known/,
    },
  });
});

describe("stins - reading", () => {
  test("an image is a view of its part", () => {
    const [first, blob] = image() as [Uint8Array, Uint8Array];
    const { payload } = lastRead(stinsCodec, [first, blob]).message as Image;
    expect(payload.data.buffer).toBe(blob.buffer);
  });

  test("one number counts all messages", () => {
    expect(readAll(stinsCodec, [header(), image(), end()]).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test("images belong to the header before them, or to a run with a made-up name", () => {
    const runs = readAll(stinsCodec, [image(), end(), header({ run_id: "scan 7" }), image(), end(), header()]).map(
      ({ message }) => message.run,
    );
    expect(runs[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(runs[1]).toBe(runs[0]);
    expect(runs.slice(2, 5)).toEqual(["scan 7", "scan 7", "scan 7"]);
    expect(runs[5]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("a header ends the run before it; the Stop that is made for it has no number", () => {
    const read = readAll(stinsCodec, [header({ run_id: "a" }), header({ run_id: "b", msg_number: 9 })]);
    expect(read.map(({ message, sequence }) => [message.type, message.run, sequence])).toEqual([
      ["start", "a", 1],
      ["stop", "a", undefined],
      ["start", "b", 9],
    ]);
    expect((read[1] as { message: Stop }).message.reason).toBe("abandoned");
  });

  test("fields of the wrong kind are refused by name", () => {
    expectRejected(stinsCodec, header({ msg_number: -1 }), /^header\.msg_number: expected/);
    expectRejected(stinsCodec, header({ msg_number: undefined }), /^header\.msg_number: missing/);
    expectRejected(stinsCodec, header({ htype: undefined }), /^header\.htype: missing/);
    expectRejected(stinsCodec, image({ type: 3 }), /^header\.type: missing/);
    expectRejected(stinsCodec, image({ type: "<u2" }), /^header\.type: "<u2" is not supported/);
    expectRejected(stinsCodec, image({ compression: 1 }), /^header\.compression: expected text/);
    expectRejected(stinsCodec, [...end(), json({})], /^the end of a series: one part expected, got 2/);
    expectRejected(stinsCodec, [...header(), json({}), json({})], /^a header: 1 or 2 parts expected, got 3/);
    expectRejected(stinsCodec, [...header(), Uint8Array.of(0x7b)], /^meta: not JSON/);
  });
});

describe("stins - writing", () => {
  test("a forwarded image with other metadata is not decompressed", () => {
    const { frames } = goodVectors("stins").find(({ name }) => name === "image-bslz4-uint16") as { frames: Parts };
    const event = lastRead(stinsCodec, frames).message as Image;
    const parts = write(stinsCodec, event.with({ metadata: { header: { ...event.metadata.header, mine: 1 } } }));
    expect(parts[1]?.buffer).toBe(frames[1]?.buffer);
    expect(parsed(parts[0])).toEqual({ ...parsed(frames[0]), mine: 1 });
  });

  test.each(["none", "bslz4"] as const)("messages made here are read again, numbered, %s", (compression) => {
    const codec = stins({ compression });
    const writer = codec.writer();
    const wires = [
      new Start({ user: "u1", meta: { energy: 12.4 } }, { run: "r" }),
      new Event({ exposure: 0.5 }, IMAGE, { run: "r" }),
      new Event({ header: { timestamps: { a: 1 } } }, IMAGE, { run: "r" }),
      new Stop({ why: "done" }, { run: "r" }),
    ].flatMap((message) => writer(message));
    if (compression === "none") expect(wires[1]?.[1]?.buffer).toBe(IMAGE.data.buffer);
    const read = readAll(codec, wires);
    expect(read.map(({ sequence, message }) => [sequence, message.run])).toEqual([0, 1, 2, 3].map((n) => [n, "r"]));
    const [start, first, second, stop] = read.map(({ message }) => message);
    expect((start as Start).data).toEqual({
      header: { htype: "header", msg_number: 0, filename: "", run_id: "r" },
      meta: { energy: 12.4, user: "u1" },
    });
    const claim = { shape: [2, 3], type: "uint16", compression };
    const { metadata, payload } = first as Image;
    expect(metadata.header).toEqual({ htype: "image", msg_number: 1, frame: 0, ...claim, exposure: 0.5 });
    expect([payload.shape, payload.data]).toEqual([IMAGE.shape, IMAGE.data]);
    expect((second as Image).metadata.header).toMatchObject({ frame: 1, timestamps: { a: 1 } });
    expect((stop as Stop).data).toEqual({ header: { htype: "series_end", msg_number: 3, why: "done" } });
  });

  test("what is made behind messages that were forwarded is numbered on", () => {
    const writer = stinsCodec.writer();
    for (const { message } of readAll(stinsCodec, [header({ msg_number: 70 }), image({ msg_number: 71 })]))
      writer(message);
    expect(() => writer(new Event({}, IMAGE, { run: "other" }))).toThrow('a message of run "other" came while');
    expect(parsed(writer(new Event({}, IMAGE))[0]?.[0])["msg_number"]).toBe(72);
  });

  test("another payload says what it is", () => {
    const event = lastRead(stinsCodec, image()).message as Image;
    expect(parsed(write(stinsCodec, event.with({ payload: IMAGE }))[0])).toEqual({
      htype: "image",
      msg_number: 2,
      frame: 0,
      shape: [2, 3],
      type: "uint16",
      compression: "none",
    });
  });

  test(`random images come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const codec = stins({ compression: random.pick(["none", "bslz4"] as const) });
      const payload = randomArray(random);
      const number = random.pick([0, -1, 0.1, 2n ** 60n, Number.NaN]);
      const { message } = lastRead(codec, write(codec, new Event({ number }, payload)));
      const { metadata, payload: array } = message as Image;
      expect(metadata.header["number"]).toBe(number);
      expect([array.dtype, array.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.compare(bytesOf(array), bytesOf(payload))).toBe(0);
    }
  });

  test("options that do not exist are refused", () => {
    expect(() => stins({ compress: "lz4" } as object)).toThrow('there is no option "compress"');
    expect(() => stins({ compression: "lz4" } as object)).toThrow('expected none or bslz4, got "lz4"');
  });
});

describe("stins - hostile bytes", () => {
  detectorHostilityTests(stinsCodec);
});
