import { describe, expect, test } from "vitest";
import { array10, array10Codec as arrayCodec } from "../../src/formats/array/index.ts";
import { Event } from "../../src/message/event.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { randomArray } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { facilityTests } from "./facility-vectors.ts";
import { expectRejected } from "./hostility.ts";
import { arrayAt, eventAt, readAll } from "./wire.ts";

describe("array-1.0 - vectors and hostile bytes", () => {
  facilityTests({
    format: "array-1.0",
    codec: arrayCodec,
    reasons: {
      "bad-blob-missing": /^a header and the bytes of its array expected, got 1 parts$/,
      "bad-blob-short": /^header\.shape: \[24, 40\] of uint16 takes 1920 bytes, the data has 1917$/,
      "bad-blob-long": /^header\.shape: .* the data has 1928$/,
      "bad-shape-huge": /^header\.shape: .* takes \d+ bytes/,
      "bad-shape-not-numbers": /^header\.shape\[0\]: expected a whole number/,
      "bad-shape-negative": /^header\.shape\[0\]: expected a whole number/,
      "bad-header-truncated": /^header: not JSON$/,
      "bad-header-not-object": /^header: is not a JSON object$/,
      "bad-type-unknown": /^header\.type: "colour" is not supported$/,
      "bad-htype-unknown": /^header\.htype: expected "array-1.0"$/,
      "bad-encoding-unknown": /^header\.encoding: "jpeg-xl" is not supported$/,
    },
  });
});

const header = (fields: object = {}): Uint8Array =>
  Buffer.from(JSON.stringify({ htype: "array-1.0", shape: [1], type: "uint16", ...fields }));
const BODY = Uint8Array.of(1, 2);

describe("array-1.0 - reading", () => {
  test("the stream is one run; each source is counted for itself", () => {
    const decoded = readAll(
      arrayCodec,
      [
        { frame: 5, source: "a" },
        { frame: 0, source: "b" },
        { frame: 6, source: "a" },
        { frame: 3, source: "b" },
      ].map((fields) => [header(fields), BODY]),
    );
    expect(decoded.map(({ message }) => message.type)).toEqual(["start", "event", "event", "event", "event"]);
    expect(decoded.map(({ sequence }) => sequence)).toEqual([undefined, 5, 6, 7, 10]);
  });

  test("where several readers share the stream, nothing is counted", () => {
    const decoded = readAll(array10({ shared: true }), [[header({ frame: 5 }), BODY]]);
    expect(decoded.map(({ sequence }) => sequence)).toEqual([undefined, undefined]);
    expect(() => array10({ shared: 1 as unknown as boolean })).toThrow(/expected true or false/);
    expect(() => array10({ share: true } as object)).toThrow(/no option "share"; there is shared/);
  });

  test("what is not of the format is refused by name", () => {
    expectRejected(
      arrayCodec,
      [header({ endianness: "middle" }), BODY],
      /^header\.endianness: expected big or little$/,
    );
    expectRejected(arrayCodec, [header({ frame: 1.5 }), BODY], /^header\.frame: expected a whole number/);
    expectRejected(arrayCodec, [header({ type: 1 }), BODY], /^header\.type: expected text$/);
    expectRejected(arrayCodec, [header({ encoding: 1 }), BODY], /^header\.encoding: expected text$/);
    expectRejected(arrayCodec, [header(), BODY, BODY], /got 3 parts$/);
  });
});

describe("array-1.0 - writing", () => {
  test("arrays are numbered; Start and Stop have no form", () => {
    const write = arrayCodec.writer();
    expect(write(new Start({}, { run: "r" }))).toEqual([]);
    const array = new NdArray(Uint16Array.of(1, 2), [1, 2]);
    const [[first, bytes] = []] = write(new Event({ source: "cam" }, array, { run: "r" }));
    expect(JSON.parse(Buffer.from(first ?? []).toString())).toEqual({
      htype: "array-1.0",
      shape: [1, 2],
      type: "uint16",
      frame: 0,
      endianness: "little",
      encoding: "",
      source: "cam",
    });
    expect(bytes?.buffer).toBe(array.data.buffer);
    const [[second] = []] = write(new Event({}, array, { run: "r" }));
    expect(JSON.parse(Buffer.from(second ?? []).toString())).toMatchObject({ frame: 1 });
    expect(write(new Stop({}, { run: "r" }))).toEqual([]);
  });

  test("a header that was read says what the bytes are, in its own order", () => {
    const event = eventAt(readAll(arrayCodec, [[header({ endianess: "big", more: 1 }), BODY]]));
    const changed = event.with({ payload: new NdArray(Uint32Array.of(1)) });
    const [parts = []] = arrayCodec.writer()(changed);
    expect(JSON.parse(Buffer.from(parts[0] ?? []).toString())).toEqual({
      htype: "array-1.0",
      shape: [1],
      type: "uint32",
      frame: 0,
      endianess: "big",
      more: 1,
    });
    expect([...(parts[1] ?? [])]).toEqual([0, 0, 0, 1]);
  });

  test(`random arrays come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const payload = randomArray(random);
      const event = eventAt(readAll(arrayCodec, arrayCodec.writer()(new Event({ n: times }, payload, { run: "r" }))));
      expect(event.metadata["header"]).toMatchObject({ n: times });
      const read = arrayAt(event.payload);
      expect([read.dtype, read.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.from(bytesOf(read))).toEqual(Buffer.from(bytesOf(payload)));
    }
  });
});
