import { describe, expect, test } from "vitest";
import { arroyosas, arroyosasCodec } from "../../src/formats/arroyosas/index.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { randomArray, randomDocument } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { hostilityTests, vectorTests } from "./format-tests.ts";
import { expectRejected } from "./hostility.ts";
import { goodVectors, read } from "./vectors.ts";
import { packed, readAll, unpacked, write } from "./wire.ts";

const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
const PICTURE = new NdArray(Uint8Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
const ARRAY = { data: Uint8Array.of(1), dtype: "uint8", shape: [1, 1] };

const frame = (fields: object = {}): Uint8Array =>
  packed({ msg_type: "event", image: { array: ARRAY }, frame_number: 0, tiled_url: "u", ...fields });
const start = (id: string): Uint8Array => packed({ msg_type: "start", run_id: id });
const stop = packed({ msg_type: "stop", num_frames: 1 });
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

describe("arroyosas - vectors", () => {
  vectorTests(arroyosasCodec, {
    "bad-truncated": /^tiled_url: cut short/,
    "bad-shape-mismatch": /^image\.array\.shape: \[24, 41\] of int32 takes 3936 bytes, the data has 3840/,
    "bad-shape-huge": /^image\.array\.shape: .*takes 295147905179352830000 bytes/,
    "bad-shape-negative": /^image\.array\.shape\[0\]: expected a whole number/,
    "bad-dtype-unknown": /^image\.array\.dtype: "object" is not supported/,
    "bad-data-missing": /^image\.array\.data: missing/,
    "bad-data-is-text": /^image\.array\.data: is text, not bytes/,
    "bad-shape-not-list": /^image\.array\.shape: expected a list/,
    "bad-msg-type-unknown": /^msg_type: expected start, event or stop, got "pause"/,
    "bad-not-a-map": /not a map/,
    "bad-length-claim": /^image: cut short/,
    "bad-two-parts": /^one part expected, got 2/,
  });

  test("what was read is written with the same bytes", () => {
    for (const { name, frames } of goodVectors("arroyosas")) {
      const written = write(arroyosasCodec, read(arroyosasCodec, frames).message);
      expect(written.map(text), name).toEqual(frames.map(text));
    }
  });
});

describe("arroyosas - reading", () => {
  test("arrays may also come as msgpack-numpy writes them", () => {
    const numpy = "85c4026e64c3c40474797065a37c7531c4046b696e64c400c405736861706592" + "0101c40464617461c40105";
    const event = Buffer.from(`82a86d73675f74797065a56576656e74a5696d61676581a56172726179${numpy}`, "hex");
    const { payload } = read(arroyosasCodec, [event]).message as Event<unknown, NdArray>;
    expect([payload.shape, [...payload.data]]).toEqual([[1, 1], [5]]);
  });

  test("an event needs its image", () => {
    expectRejected(arroyosasCodec, [packed({ msg_type: "event" })], /^image: missing/);
    expectRejected(arroyosasCodec, [packed({ msg_type: "event", image: 1 })], /^image: expected a map/);
    expectRejected(arroyosasCodec, [packed({ msg_type: "event", image: {} })], /^image\.array: missing/);
    expectRejected(arroyosasCodec, [packed({ msg_type: "event", image: { array: [] } })], /^image\.array: expected/);
    const more = { ...ARRAY, unit: "mm" };
    expectRejected(arroyosasCodec, [frame({ image: { array: more } })], /^image\.array: .*no other key/);
    expectRejected(
      arroyosasCodec,
      [frame({ image: { array: { ...ARRAY, data: [1] } } })],
      /^image\.array\.data: expected/,
    );
    expectRejected(arroyosasCodec, [frame({ frame_number: 1.5 })], /^frame_number: /);
  });

  test("Start and Stop for browsers are JSON text, with Python's NaN", () => {
    const [opened, closed] = readAll(arroyosasCodec, [
      [Buffer.from('{"msg_type": "start", "run_id": "r", "scale": NaN}\n')],
      [Buffer.from('{"msg_type":"stop","num_frames":4}')],
    ]);
    expect(opened?.message).toHaveProperty("data", { msg_type: "start", run_id: "r", scale: NaN });
    expect([closed?.message.type, closed?.message.run]).toEqual(["stop", "r"]);
    expectRejected(arroyosasCodec, [Buffer.from('{"msg_type":')], /^not JSON/);
    expectRejected(arroyosasCodec, [Buffer.from('{"msg_type":"start","run_id":{}}')], /^run_id: /);
  });
});

describe("arroyosas - runs", () => {
  const told = (messages: readonly Uint8Array[]): readonly string[] =>
    readAll(
      arroyosasCodec,
      messages.map((bytes) => [bytes]),
    ).map(({ message }) => `${message.type} ${message.run}`);

  test("events and Stop belong to the Start before them", () => {
    expect(told([start("a"), frame(), stop, start("b"), frame(), stop])).toEqual([
      "start a",
      "event a",
      "stop a",
      "start b",
      "event b",
      "stop b",
    ]);
  });

  test("a Start without a Stop before it gives the earlier run up", () => {
    expect(told([start("a"), start("b"), frame()])).toEqual(["start a", "stop a", "start b", "event b"]);
    const [, stopped] = readAll(arroyosasCodec, [[start("a")], [start("b")]]);
    expect(stopped?.message).toHaveProperty("reason", "abandoned");
  });

  test("the same Start again is a copy, which the run tracker leaves out", () => {
    expect(told([start("a"), frame(), start("a"), frame()])).toEqual(["start a", "event a", "start a", "event a"]);
  });

  test("a flush belongs to no run and opens none", () => {
    const flush = frame({ tiled_url: "FLUSH_SIGNAL" });
    expect(told([flush, start("a"), flush, frame(), stop, flush])).toEqual([
      "event undefined",
      "start a",
      "event undefined",
      "event a",
      "stop a",
      "event undefined",
    ]);
  });

  test("who joins in the middle gets a made-up run", () => {
    const [first, second, third] = told([frame(), frame(), stop]);
    expect(first).toMatch(/^event [0-9a-f-]{36}$/);
    expect([second, third]).toEqual([first, `stop ${first?.slice("event ".length)}`]);
    expect(arroyosasCodec.withoutStart).toBe("make");
  });
});

describe("arroyosas - writing", () => {
  test("Start and Stop have what receivers insist on", () => {
    expect(unpacked(write(arroyosasCodec, new Start({ sample: "x" }, { run: "r" }))[0])).toEqual({
      msg_type: "start",
      run_name: "r",
      run_id: "r",
      width: 0,
      height: 0,
      data_type: "",
      tiled_url: "",
      sample: "x",
    });
    const writer = arroyosasCodec.writer();
    writer(new Start({ width: 3 }, { run: "r" }));
    writer(new Event({}, IMAGE, { run: "r" }));
    writer(new Event({}, IMAGE, { run: "r" }));
    expect(unpacked(writer(new Stop({}, { run: "r" }))[0]?.[0])).toEqual({ msg_type: "stop", num_frames: 2 });
  });

  test("events are numbered in their run, unless they have a number", () => {
    const writer = arroyosasCodec.writer();
    const number = (event: Event): unknown => unpacked(writer(event)[0]?.[0])["frame_number"];
    const event = new Event({ exposure: 1 }, IMAGE, { run: "r" });
    expect([number(event), number(event)]).toEqual([0, 1]);
    expect([number(event.with({ metadata: { frame_number: 7 } })), number(event)]).toEqual([7, 8]);
    expect(Object.keys(unpacked(writer(event)[0]?.[0]))).toEqual([
      "msg_type",
      "image",
      "frame_number",
      "tiled_url",
      "exposure",
    ]);
  });

  test("a derived event keeps its fields and gets the new image", () => {
    const received = read(arroyosasCodec, [frame({ frame_number: 3 })]).message as Event;
    const written = write(arroyosasCodec, received.with({ payload: IMAGE }))[0];
    expect(unpacked(written)).toMatchObject({
      image: { array: { dtype: "uint16", shape: [2, 3], data: new Uint8Array(bytesOf(IMAGE)) } },
      frame_number: 3,
      tiled_url: "u",
    });
  });

  test("a large image that nobody changed is written as it came, without a copy; a changed one is not", () => {
    const large = new NdArray(new Uint16Array(100 * 200).fill(7), [100, 200]);
    const frames = write(arroyosasCodec, new Event({ frame_number: 5, tiled_url: "u" }, large));
    const received = read(arroyosasCodec, frames).message as Event;
    const writer = arroyosasCodec.writer();
    expect(writer(received)[0]?.[0]).toBe(frames[0]);
    const changed = writer(received.with({ metadata: { ...received.metadata, tiled_url: "v" } }))[0] as Uint8Array[];
    expect(unpacked(changed[0])).toMatchObject({ frame_number: 5, tiled_url: "v" });
    expect(unpacked(writer(new Event({}, large, { run: received.run as string }))[0]?.[0])).toMatchObject({
      frame_number: 6,
    });
  });

  test(`random images come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const metadata = randomDocument(random);
      const payload = randomArray(random);
      const event = read(arroyosasCodec, write(arroyosasCodec, new Event(metadata, payload))).message;
      const { msg_type, image, frame_number, tiled_url, ...others } = (event as Event).metadata;
      expect(others).toEqual(metadata);
      const array = (event as Event<unknown, NdArray>).payload;
      expect([array.dtype, array.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.from(bytesOf(array))).toEqual(Buffer.from(bytesOf(payload)));
    }
  });

  test("what the format cannot say is refused", () => {
    const writer = arroyosasCodec.writer();
    expect(() => writer(new Event({ image: 1 }, IMAGE))).toThrow("event.metadata.image: the array");
    writer(new Start({}, { run: "a" }));
    expect(() => writer(new Start({}, { run: "b" }))).toThrow('a message of run "b" came while run "a" is open');
  });
});

describe("arroyosas - for browsers", () => {
  const codec = arroyosas({ browser: true });

  test("Start and Stop are JSON text", () => {
    const writer = codec.writer();
    expect(text(writer(new Start({ width: 2, n: 2n }, { run: "r" }))[0]?.[0])).toBe(
      '{"msg_type":"start","run_name":"r","run_id":"r","width":2,"height":0,"data_type":"","tiled_url":"","n":2}',
    );
    expect(text(writer(new Stop({}, { run: "r" }))[0]?.[0])).toBe('{"msg_type":"stop","num_frames":0}');
    expect(() => writer(new Start({ a: Uint8Array.of(1) }, { run: "r" }))).toThrow(
      "start.data.a: cannot be written as JSON",
    );
  });

  test("a picture has its rows as width and its columns as height", () => {
    const [written] = write(codec, new Event({ curve: Uint8Array.of(9), data_type: "int32" }, PICTURE));
    expect(unpacked(written)).toEqual({
      raw_frame: Uint8Array.of(1, 2, 3, 4, 5, 6),
      curve: Uint8Array.of(9),
      raw_frame_tiled_url: "",
      curve_tiled_url: "",
      width: 2,
      height: 3,
      data_type: "int32",
    });
    expect(() => write(codec, new Event({}, IMAGE))).toThrow("images of uint8 with two dimensions");
  });

  test("results that were read go out as they came", () => {
    for (const { name, frames } of goodVectors("arroyosas").filter(({ name }) => name.startsWith("websocket"))) {
      expect(write(codec, read(codec, frames).message).map(text), name).toEqual(frames.map(text));
    }
  });

  test("options that do not exist are refused", () => {
    expect(() => arroyosas({ browsers: true } as object)).toThrow('there is no option "browsers"');
    expect(() => arroyosas({ browser: 1 } as object)).toThrow("browser: expected true or false");
  });
});

describe("arroyosas - hostile bytes", () => {
  hostilityTests(arroyosasCodec);

  test("text is bounded like a header", () => {
    const read = arroyosasCodec.reader({ ...DEFAULT_LIMITS, maxHeaderBytes: 30 });
    expect(() => read([Buffer.from(`{"msg_type":"start"${" ".repeat(30)}}`)])).toThrow("more than 30 bytes");
  });
});
