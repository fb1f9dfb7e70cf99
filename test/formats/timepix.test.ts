import { describe, expect, test } from "vitest";
import { timepixCodec } from "../../src/formats/timepix/index.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { randomArray, randomDocument } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { hostilityTests, vectorTests } from "./format-tests.ts";
import { expectRejected } from "./hostility.ts";
import { expectDecoded, goodVectors, read } from "./vectors.ts";
import { packed, readAll, unpacked, write } from "./wire.ts";

const COUNTS = new NdArray(Uint32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);

describe("timepix - vectors", () => {
  vectorTests(timepixCodec, {
    "bad-array-missing": /^a map and the bytes of its array expected, got 1/,
    "bad-array-short": /^shape: \[12, 10, 7\] of uint32 takes 3360 bytes, the data has 3356/,
    "bad-array-long": /^shape: .*the data has 3364/,
    "bad-three-parts": /expected, got 3/,
    "bad-dtype-unknown": /^dtype: "object" is not supported/,
    "bad-shape-huge": /^shape: .*takes 664082786653543900000 bytes/,
    "bad-shape-missing": /^shape: missing/,
    "bad-metadata-truncated": /cut short/,
    "bad-metadata-not-map": /not a map/,
    "bad-shape-negative": /^shape\[0\]: expected a whole number/,
  });

  test("what was read is written so that it is read the same; a whole float goes out as an integer", () => {
    for (const { name, frames, expect: expected } of goodVectors("timepix")) {
      const written = write(timepixCodec, read(timepixCodec, frames).message);
      expect(written, name).toHaveLength(frames.length);
      expectDecoded(read(timepixCodec, written), expected);
      if (["heartbeat", "xyt-stop", "xt-stop"].includes(name))
        expect(written[0]).toEqual(Buffer.from(frames[0] as Uint8Array));
    }
  });
});

describe("timepix - reading", () => {
  const flush = (fields: object = {}): Uint8Array =>
    packed({ msg_type: "event", shape: [2], dtype: "uint8", flush_number: 1, ...fields });
  const body = Uint8Array.of(1, 2);

  test("the array is a view of the second part", () => {
    const { payload } = read(timepixCodec, [flush(), body]).message as Event<unknown, NdArray>;
    expect(payload.data.buffer).toBe(body.buffer);
  });

  test("a misaligned part is copied only when its numbers are looked at", () => {
    const bytes = Buffer.from([0, 1, 0, 2, 0]).subarray(1);
    const { payload } = read(timepixCodec, [flush({ dtype: "uint16" }), bytes]).message as Event<unknown, NdArray>;
    expect(bytesOf(payload).buffer).toBe(bytes.buffer);
    expect([...payload.data]).toEqual([1, 2]);
  });

  test("the time of a message is its timestamp, in milliseconds", () => {
    expect(read(timepixCodec, [flush({ timestamp: 1.5 }), body]).message.envelope.timeMs).toBe(1500);
    expect(read(timepixCodec, [flush({ timestamp: "soon" }), body]).message.envelope.timeMs).toBeUndefined();
  });

  test("events name their run; those that do not belong to the one that is open", () => {
    const runs = readAll(timepixCodec, [
      [packed({ msg_type: "start", scan_name: "a" })],
      [flush(), body],
      [flush({ scan_name: "b" }), body],
      [packed({ msg_type: "stop", scan_name: "a" })],
    ]).map(({ message }) => message.run);
    expect(runs).toEqual(["a", "a", "b", "a"]);
  });

  test("a sign of life is a control message outside of any run", () => {
    const beat = packed({ state: "ready", q_raw: 0 });
    const [decoded] = readAll(timepixCodec, [[beat]]);
    expect([decoded?.control, decoded?.message.run]).toEqual([true, undefined]);
    expectRejected(timepixCodec, [beat, body], /^one part expected/);
    expectRejected(timepixCodec, [packed({ q_raw: 0 })], /^msg_type: missing/);
    expectRejected(timepixCodec, [packed({ state: 1 })], /^msg_type: missing/);
  });

  test("fields of the wrong kind are refused by name", () => {
    expectRejected(timepixCodec, [flush({ dtype: 7 }), body], /^dtype: expected the name/);
    expectRejected(timepixCodec, [flush({ dtype: null }), body], /^dtype: missing/);
    expectRejected(timepixCodec, [flush({ shape: [2.5] }), body], /^shape\[0\]: /);
    expectRejected(timepixCodec, [flush({ shape: new Array(17).fill(1) }), body], /^shape: more than 16 dimensions/);
    expectRejected(timepixCodec, [flush({ flush_number: -1 }), body], /^flush_number: /);
    expectRejected(timepixCodec, [flush({ scan_name: true }), body], /^scan_name: /);
    expectRejected(timepixCodec, [packed({ msg_type: "start" }), body], /^one part expected, got 2/);
  });
});

describe("timepix - writing", () => {
  test("the bytes of the array are the second part, not copied", () => {
    const large = new NdArray(new Uint32Array(2 * 1024 * 1024), [2048, 1024]);
    const [, bytes] = write(timepixCodec, new Event({}, large));
    expect([bytes?.buffer, bytes?.byteOffset, bytes?.byteLength]).toEqual([large.data.buffer, 0, 8 * 1024 * 1024]);
  });

  test("a flush made here is numbered from 1 and names its run", () => {
    const writer = timepixCodec.writer();
    writer(new Start({ mode: "timing" }, { run: "r" }));
    const event = new Event({ cycles: 5 }, COUNTS, { run: "r", timeMs: 1500 });
    expect(unpacked(writer(event)[0]?.[0])).toEqual({
      msg_type: "event",
      shape: [2, 3],
      dtype: "uint32",
      timestamp: 1.5,
      scan_name: "r",
      flush_number: 1,
      cycles: 5,
    });
    expect(unpacked(writer(event)[0]?.[0])["flush_number"]).toBe(2);
    expect(unpacked(writer(new Stop({}, { run: "r" }))[0]?.[0])).toEqual({
      msg_type: "stop",
      scan_name: "r",
      total_flushes: 2,
    });
  });

  test("runs may be open side by side, for every message names its own", () => {
    const writer = timepixCodec.writer();
    const number = (run: string): unknown => unpacked(writer(new Event({}, COUNTS, { run }))[0]?.[0])["flush_number"];
    expect(["a", "b", "a"].map(number)).toEqual([1, 1, 2]);
  });

  test("shape and dtype say what the payload is, whatever the metadata said before", () => {
    const received = read(timepixCodec, [
      packed({ msg_type: "event", shape: [2], dtype: "uint8", flush_number: 9, scan_name: "s" }),
      Uint8Array.of(1, 2),
    ]).message as Event;
    expect(unpacked(write(timepixCodec, received.with({ payload: COUNTS }))[0])).toEqual({
      msg_type: "event",
      shape: [2, 3],
      dtype: "uint32",
      flush_number: 9,
      scan_name: "s",
    });
  });

  test(`random flushes come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const metadata = randomDocument(random);
      const payload = randomArray(random);
      const { message } = read(timepixCodec, write(timepixCodec, new Event(metadata, payload, { run: "r" })));
      const { msg_type, shape, dtype, scan_name, flush_number, ...others } = (message as Event).metadata;
      expect(others).toEqual(metadata);
      const array = (message as Event<unknown, NdArray>).payload;
      expect([array.dtype, array.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.from(bytesOf(array))).toEqual(Buffer.from(bytesOf(payload)));
    }
  });
});

describe("timepix - hostile bytes", () => {
  hostilityTests(timepixCodec);

  test("the map is bounded apart from the array", () => {
    const read = timepixCodec.reader({ ...DEFAULT_LIMITS, maxHeaderBytes: 10 });
    expect(() => read([packed({ msg_type: "start" })])).toThrow("the map has more than 10 bytes");
  });
});
