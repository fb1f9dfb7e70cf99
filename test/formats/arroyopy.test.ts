import { describe, expect, test } from "vitest";
import { arroyopy, arroyopyCodec } from "../../src/formats/arroyopy/index.ts";
import type { Codec } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { AnyMessage, Data, Message } from "../../src/message/message.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { randomArray, randomDocument } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { hostilityTests, vectorTests } from "./format-tests.ts";
import { expectRejected } from "./hostility.ts";
import { goodVectors, read, vectorsOf } from "./vectors.ts";
import { packed, readAll, unpacked, write } from "./wire.ts";

const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);

function written(message: AnyMessage, codec: Codec = arroyopyCodec): Uint8Array {
  const frames = write(codec, message);
  expect(frames).toHaveLength(1);
  return frames[0] as Uint8Array;
}

function messagesOf(...documents: readonly unknown[]): readonly Message[] {
  return readAll(
    arroyopyCodec,
    documents.map((document) => [packed(document)]),
  ).map(({ message }) => message);
}

describe("arroyopy - vectors", () => {
  vectorTests(arroyopyCodec, {
    "bad-truncated": /cut short/,
    "bad-no-msg-type": /^msg_type: missing/,
    "bad-msg-type-unknown": /^msg_type: expected start, event or stop, got "pause"/,
    "bad-not-a-map": /not a map/,
    "bad-array-object-pickle": /^image\.array: .*uses pickle; configure JSON or msgpack/,
    "bad-trailing-bytes": /left over/,
    "bad-empty": /empty/,
    "bad-pickle": /^the publisher uses pickle; configure JSON or msgpack/,
  });
});

describe("arroyopy - arrays", () => {
  test("the payload is a view of the received bytes, its place is marked", () => {
    const [vector] = vectorsOf("arroyopy").filter(({ name }) => name === "event-int32");
    const event = read(arroyopyCodec, vector?.frames as Uint8Array[]).message as Event<unknown, NdArray>;
    expect(event.metadata).toMatchObject({ image: { array: { $payload: "msgpack-numpy" } } });
    expect(bytesOf(event.payload).buffer).toBe(vector?.frames[0]?.buffer);
  });

  test("both forms are read anywhere; the chosen field is the payload, others stay", () => {
    const map = { data: Uint8Array.of(1, 2), dtype: "uint8", shape: [2] };
    const document = { msg_type: "event", dark: [map], image: { array: { ...map, data: Uint8Array.of(3, 4) } } };
    const [event] = messagesOf(document) as [Event<{ dark: NdArray[] }, NdArray>];
    expect([...event.payload.data]).toEqual([3, 4]);
    expect([...(event.metadata.dark[0]?.data ?? [])]).toEqual([1, 2]);
    const other = read(arroyopy({ field: "dark" }), [packed(document)]);
    expect((other.message as Event).metadata).toMatchObject({
      dark: [{ $payload: "map" }],
    });
  });

  test("an event without an array has no payload", () => {
    const [event] = messagesOf({ msg_type: "event", note: "x" }) as [Event];
    expect(event.payload).toHaveLength(0);
    expect(unpacked(written(event))).toEqual({ msg_type: "event", note: "x" });
  });

  test("a map that only resembles an array stays what it is", () => {
    const note = { data: [1, 2], dtype: "uint8", shape: [2] };
    const [event] = messagesOf({ msg_type: "event", note, more: { ...note, data: new Uint8Array(2), unit: "mm" } });
    expect((event as Event).metadata).toMatchObject({ note, more: { unit: "mm" } });
  });

  test("numpy scalars are numbers", () => {
    const scalar = (type: string, bytes: string): string =>
      `83c4026e64c2c40474797065a3${hex(type)}c40464617461c4${bytes}`;
    const hex = (text: string): string => Buffer.from(text).toString("hex");
    const fields: readonly (readonly [string, string, unknown])[] = [
      ["<i4", "04feffffff", -2],
      [">i4", "04fffffffe", -2],
      ["<u8", "08ffffffffffffffff", 2n ** 64n - 1n],
      ["<i8", "080100000000000000", 1],
      ["|b1", "0101", true],
      ["<f4", "040000003f", 0.5],
      ["<f2", "02003c", 1],
      ["<f2", "0200fc", -Infinity],
    ];
    for (const [type, bytes, value] of fields) {
      const document = Buffer.from(`82a86d73675f74797065a56576656e74a178${scalar(type, bytes)}`, "hex");
      const { message } = read(arroyopyCodec, [document]);
      expect((message as Event).metadata["x"], type).toBe(value);
    }
  });

  test("what has no element type here is refused by name", () => {
    const document = (array: unknown): Uint8Array => packed({ msg_type: "event", image: { array } });
    const array = { data: new Uint8Array(8), dtype: "complex64", shape: [1] };
    expectRejected(arroyopyCodec, [document(array)], /^image\.array\.dtype: "complex64" is not supported/);
    expectRejected(arroyopyCodec, [document({ ...array, dtype: "<M8[ns]" })], /"<M8\[ns\]" is not supported/);
    expectRejected(arroyopyCodec, [document({ ...array, dtype: null })], /^image\.array\.dtype: missing/);
    expectRejected(arroyopyCodec, [document({ $payload: "map" })], /^image\.array: .*a mark of arroyojs/);
  });
});

describe("arroyopy - runs", () => {
  test("events and Stop belong to the Start before them", () => {
    const event = { msg_type: "event" };
    const runs = messagesOf({ msg_type: "start", run_id: 7 }, event, event, { msg_type: "stop" }).map(({ run }) => run);
    expect(runs).toEqual(["7", "7", "7", "7"]);
  });

  test("without an id a Start gets one of its own, and its events too", () => {
    const [start, event, stop] = messagesOf({ msg_type: "start" }, { msg_type: "event" }, { msg_type: "stop" });
    expect(start?.run).toMatch(/^[0-9a-f-]{36}$/);
    expect([event?.run, stop?.run]).toEqual([start?.run, start?.run]);
  });

  test("who joins in the middle gets a made-up run, until the Stop", () => {
    const event = { msg_type: "event" };
    const [first, second, stop, later] = messagesOf(event, event, { msg_type: "stop" }, event);
    expect(first?.run).toMatch(/^[0-9a-f-]{36}$/);
    expect([second?.run, stop?.run]).toEqual([first?.run, first?.run]);
    expect(later?.run).not.toBe(first?.run);
  });

  test("an event's own id counts; runs that are named may be open side by side", () => {
    const messages = messagesOf(
      { msg_type: "start", run_id: "a" },
      { msg_type: "start", run_id: "b" },
      { msg_type: "event", run_id: "a" },
      { msg_type: "event", scan_name: "b" },
      { msg_type: "stop", run_id: "a" },
      { msg_type: "stop" },
    );
    expect(messages.map(({ type, run }) => `${type} ${run}`)).toEqual([
      "start a",
      "start b",
      "event a",
      "event b",
      "stop a",
      "stop b",
    ]);
  });

  test("a run whose events did not name it is given up at the next Start", () => {
    const messages = messagesOf(
      { msg_type: "start", run_id: "a" },
      { msg_type: "event" },
      { msg_type: "start", run_id: "b" },
    );
    expect(messages.map(({ type, run }) => `${type} ${run}`)).toEqual(["start a", "event a", "stop a", "start b"]);
    expect((messages[2] as Stop).reason).toBe("abandoned");
  });

  test("readers know nothing of one another", () => {
    read(arroyopyCodec, [packed({ msg_type: "start", run_id: "a" })]);
    expect(read(arroyopyCodec, [packed({ msg_type: "event" })]).message.run).not.toBe("a");
  });

  test("fields of the wrong kind are refused by name", () => {
    expectRejected(arroyopyCodec, [packed({ msg_type: "start", run_id: [1] })], /^run_id: /);
    expectRejected(arroyopyCodec, [packed({ msg_type: "event", frame_number: -1 })], /^frame_number: /);
    expectRejected(arroyopyCodec, [packed({ msg_type: "event", frame_number: "1" })], /^frame_number: /);
  });

  test("the field of the number can be chosen", () => {
    const reader = arroyopy({ sequence: "n" }).reader(DEFAULT_LIMITS);
    expect(reader([packed({ msg_type: "event", n: 5, frame_number: "x" })])[0]?.sequence).toBe(5);
  });
});

describe("arroyopy - writing", () => {
  test("what was read is written with the same bytes", () => {
    for (const { name, frames } of goodVectors("arroyopy")) {
      const frame = written(read(arroyopyCodec, frames).message);
      if (name === "event-uint16" && Buffer.from(frames[0] as Uint8Array).includes(">u2")) {
        // A big-endian array goes out little-endian.
        expect(Buffer.from(frame).includes("<u2")).toBe(true);
      } else expect(frame, name).toEqual(Buffer.from(frames[0] as Uint8Array));
    }
  });

  test("an event made here gets its array under the field, in the form that was chosen", () => {
    const event = new Event({ exposure: 0.5 }, IMAGE, { run: "r" });
    expect(Object.keys(unpacked(written(event)) as object)).toEqual(["msg_type", "image", "exposure"]);
    expect(unpacked(written(event, arroyopy({ arrays: "map", field: "frame" })))).toEqual({
      msg_type: "event",
      frame: { array: { data: bytesOf(IMAGE), dtype: "uint16", shape: [2, 3] } },
      exposure: 0.5,
    });
  });

  test("a derived event keeps the place and the form of its payload", () => {
    const [received] = messagesOf({
      msg_type: "event",
      deep: { list: [{ data: new Uint8Array(2), dtype: "uint8", shape: [2] }] },
    }) as [Event];
    expect(unpacked(written(received.with({ payload: IMAGE })))).toEqual({
      msg_type: "event",
      deep: { list: [{ data: bytesOf(IMAGE), dtype: "uint16", shape: [2, 3] }] },
    });
  });

  test("a Start names its run, a Stop has no more than its data", () => {
    expect(unpacked(written(new Start({ total: 3 }, { run: "r" })))).toEqual({
      msg_type: "start",
      total: 3,
      run_id: "r",
    });
    expect(unpacked(written(new Start({ scan_name: 7 }, { run: "7" })))).toEqual({ msg_type: "start", scan_name: 7 });
    expect(unpacked(written(new Start({ run_id: "old" }, { run: "r" })))).toEqual({ msg_type: "start", run_id: "r" });
    expect(unpacked(written(new Stop({ n: 1 }, { run: "r" })))).toEqual({ msg_type: "stop", n: 1 });
  });

  test("arrays in the data of a Start are written and read", () => {
    const start = read(arroyopyCodec, [written(new Start({ dark: IMAGE }, { run: "r" }))]).message as Start<{
      dark: NdArray;
    }>;
    expect(start.data.dark.shape).toEqual([2, 3]);
    expect(start.data.dark.data).toEqual(IMAGE.data);
  });

  test(`random events come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (const arrays of ["map", "msgpack-numpy"] as const) {
      const codec = arroyopy({ arrays });
      for (let times = 0; times < 1_000; times += 1) {
        const metadata = randomDocument(random);
        const payload = randomArray(random);
        const { message } = read(codec, [written(new Event(metadata, payload, { run: "r" }), codec)]);
        const { metadata: copy, payload: array } = message as Event<Record<string, unknown>, NdArray>;
        const { msg_type, image, ...others } = copy;
        expect(others).toEqual(metadata);
        if (payload.byteLength === 0) continue;
        expect([array.dtype, array.shape]).toEqual([payload.dtype, payload.shape]);
        expect(Buffer.from(bytesOf(array))).toEqual(Buffer.from(bytesOf(payload)));
      }
    }
  });

  test("what the format cannot say is refused", () => {
    const writer = arroyopyCodec.writer();
    expect(() => writer(new Event({ image: 1 }, IMAGE))).toThrow("event.metadata.image: the array");
    expect(() => writer(new Event(3 as unknown as Data, IMAGE))).toThrow("event.metadata: expected an object");
    expect(() => writer(new Event({ a: { b: new Date() } }, IMAGE))).toThrow("event.metadata.a.b: a Date");
    const twice = { one: { $payload: "map" }, two: { $payload: "map" } };
    expect(() => writer(new Event(twice, IMAGE))).toThrow("leave one mark only");
    writer(new Start({}, { run: "a" }));
    expect(() => writer(new Event({}, IMAGE, { run: "b" }))).toThrow('a message of run "b" came while run "a" is open');
  });

  test("options that do not exist are refused", () => {
    expect(() => arroyopy({ array: "map" } as object)).toThrow('there is no option "array"');
    expect(() => arroyopy({ arrays: "numpy" } as object)).toThrow('expected "map" or "msgpack-numpy", got "numpy"');
    expect(() => arroyopy({ field: "" })).toThrow("field: expected the name of a field");
  });
});

describe("arroyopy - hostile bytes", () => {
  hostilityTests(arroyopyCodec);

  test("millions of small values are refused before they are made", () => {
    const many = Buffer.concat([
      Buffer.from("82a86d73675f74797065a56576656e74a178", "hex"),
      Buffer.from([0xdd, 0, 0x40, 0, 0]),
      Buffer.alloc(0x40_0000, 0x80),
    ]);
    expectRejected(arroyopyCodec, [many], /more than 1048576 bytes beside its arrays/);
  });
});
