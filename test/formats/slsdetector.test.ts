import { describe, expect, test } from "vitest";
import { slsDetector, slsDetectorCodec } from "../../src/formats/slsdetector/index.ts";
import type { Codec } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { facilityTests } from "./facility-vectors.ts";
import { expectRejected } from "./hostility.ts";
import { arrayAt, eventAt, readAll } from "./wire.ts";

describe("slsdetector - vectors and hostile bytes", () => {
  facilityTests({
    format: "slsdetector",
    codec: slsDetectorCodec,
    more: { "image-incomplete": { complete: false } },
    reasons: {
      "bad-blob-missing": /^a header and the bytes of its image expected, got 1 parts$/,
      "bad-blob-short": /^header\.size: says 4096, the data has 4092 bytes$/,
      "bad-size-contradicts-shape": /^header\.shape: \[32, 64\] of uint16 takes 4096 bytes, the data has 2048$/,
      "bad-bitmode-unknown": /^header\.bitmode: expected 8, 12, 16 or 32$/,
      "bad-header-truncated": /^header: not JSON$/,
      "bad-jsonversion-missing": /^header\.jsonversion: missing$/,
      "bad-shape-huge": /^header\.shape: .* takes \d+ bytes/,
      "bad-data-on-end": /^one part expected at the end, got 2$/,
    },
  });
});

const BODY = Uint8Array.of(1, 2);

function header(fields: object): Uint8Array {
  const all = { jsonversion: 5, bitmode: 8, fileIndex: 1, shape: [2, 1], size: 2, frameIndex: 0, data: 1, ...fields };
  return Buffer.from(`${JSON.stringify(all)}\n`);
}

const image = (fileIndex: number, column: number, frameIndex = 0): readonly Uint8Array[] => [
  header({ fileIndex, column, frameIndex }),
  BODY,
];
const end = (fileIndex: number, column: number): readonly Uint8Array[] => [header({ fileIndex, column, data: 0 })];

describe("slsdetector - runs", () => {
  const seen = (codec: Codec, ...messages: readonly (readonly Uint8Array[])[]): readonly string[] =>
    readAll(codec, messages).map(({ message }) => {
      const reason = message.type === "stop" && message.reason !== "completed" ? ` ${message.reason}` : "";
      return `${message.type} ${message.run}${reason}`;
    });

  test("the first header of an acquisition starts the run, the end at all ports stops it", () => {
    expect(seen(slsDetectorCodec, image(1, 0), image(1, 1), end(1, 0), image(1, 1), end(1, 1), image(2, 1))).toEqual([
      "start 1",
      "event 1",
      "event 1",
      "event 1",
      "stop 1",
      "start 2",
      "event 2",
    ]);
  });

  test("a port that was there before is waited for", () => {
    const first = [image(1, 0), image(1, 1), end(1, 0), end(1, 1)];
    expect(seen(slsDetectorCodec, ...first, image(2, 0), end(2, 0), image(2, 1), end(2, 1)).slice(4)).toEqual([
      "start 2",
      "event 2",
      "event 2",
      "stop 2",
    ]);
  });

  test("with the number of ports given, also in the first acquisition", () => {
    expect(seen(slsDetector({ ports: 2 }), image(1, 0), end(1, 0), image(1, 1), end(1, 1))).toEqual([
      "start 1",
      "event 1",
      "event 1",
      "stop 1",
    ]);
  });

  test("acquisitions whose ends are lost are abandoned when all ports went on", () => {
    expect(seen(slsDetectorCodec, image(1, 0), image(2, 0), image(3, 0))).toEqual([
      "start 1",
      "event 1",
      "stop 1 abandoned",
      "start 2",
      "event 2",
      "stop 2 abandoned",
      "start 3",
      "event 3",
    ]);
  });

  test("a port that is not there any more holds nothing up for good", () => {
    const rest = [2, 3, 4, 5, 6].flatMap((index) => [image(index, 0), end(index, 0)]);
    const runs = seen(slsDetectorCodec, image(1, 0), image(1, 1), end(1, 0), end(1, 1), ...rest);
    const opened = runs.filter((one) => one.startsWith("start")).length;
    const closed = runs.filter((one) => one.startsWith("stop")).length;
    expect([opened, opened - closed]).toEqual([6, 0]);
  });

  test("ports need not be in step, and are counted one by one", () => {
    const decoded = readAll(slsDetectorCodec, [image(1, 0, 0), image(1, 0, 1), image(1, 1, 0), image(1, 0, 3)]);
    expect(decoded.map(({ sequence }) => sequence)).toEqual([undefined, 0, 1, 2, 4]);
  });
});

describe("slsdetector - reading and writing", () => {
  test("what is not of the format is refused by name", () => {
    const refused = (fields: object, reason: RegExp): void =>
      expectRejected(slsDetectorCodec, [header(fields), BODY], reason);
    refused({ bitmode: 4 }, /^header\.bitmode: 4 packs two pixels into a byte/);
    refused({ data: 2 }, /^header\.data: expected 0 or 1$/);
    refused({ fileIndex: true }, /^header\.fileIndex: expected text or a whole number$/);
    refused({ fileIndex: null }, /^header\.fileIndex: missing$/);
    refused({ size: "2" }, /^header\.size: expected a number, the data has 2 bytes$/);
    refused({ frameIndex: -1 }, /^header\.frameIndex: /);
  });

  test("an acquisition made here is numbered, from images to its end", () => {
    const write = slsDetectorCodec.writer();
    expect(write(new Start({}, { run: "night" }))).toEqual([]);
    const pixels = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const [[first, bytes] = []] = write(new Event({ fname: "x" }, pixels, { run: "night" }));
    expect(JSON.parse(Buffer.from(first ?? []).toString())).toMatchObject({
      jsonversion: 5,
      bitmode: 16,
      fileIndex: 1,
      shape: [3, 2],
      size: 12,
      frameIndex: 0,
      data: 1,
      fname: "x",
    });
    expect(Buffer.from(first ?? []).at(-1)).toBe(0x0a);
    expect(bytes?.buffer).toBe(pixels.data.buffer);
    const [[last, ...more] = []] = write(new Stop({}, { run: "night" }));
    expect(JSON.parse(Buffer.from(last ?? []).toString())).toMatchObject({ data: 0, fileIndex: 1 });
    expect(more).toEqual([]);
    const [[other] = []] = write(new Event({}, pixels, { run: "42" }));
    expect(JSON.parse(Buffer.from(other ?? []).toString())).toMatchObject({ fileIndex: 42, frameIndex: 0 });
  });

  test("what cannot be sent is refused with what to do", () => {
    const write = slsDetectorCodec.writer();
    expect(() => write(new Event({}, new NdArray(Float32Array.of(1), [1, 1]), { run: "r" }))).toThrow(/make it uint8/);
    expect(() => write(new Event({}, new NdArray(Uint8Array.of(1)), { run: "r" }))).toThrow(/with two/);
    expect(() => slsDetector({ ports: 0 })).toThrow(/ports: expected a number from 1, got 0/);
    expect(() => slsDetector({ port: 1 } as object)).toThrow(/no option "port"/);
  });

  test(`random images come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const shape = [random.below(5), random.below(5)];
      const bytes = random.bytes(4 * (shape[0] as number) * (shape[1] as number));
      const payload = new NdArray(new Uint32Array(bytes.buffer as ArrayBuffer), shape);
      const event = eventAt(readAll(slsDetectorCodec, slsDetectorCodec.writer()(new Event({}, payload, { run: "7" }))));
      const read = arrayAt(event.payload);
      expect([event.run, read.dtype, read.shape]).toEqual(["7", "uint32", shape]);
      expect(Buffer.from(bytesOf(read))).toEqual(Buffer.from(bytes));
    }
  });
});
