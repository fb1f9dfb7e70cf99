import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import { joined } from "../../../src/message/native/joined.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { LIFECYCLE_TOPIC } from "../../../src/message/native/topic.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { account, eventOf, everything, INCARNATION, only, RUN, reader, visible, writer } from "./samples.ts";

describe("round trip", () => {
  test("every kind of message - comes back with all that it can have", () => {
    const write = writer();
    const read = reader();
    for (const message of everything()) {
      const got = visible(read(only(write(message))).message);
      const wanted = visible(message);
      if (message.envelope.origin === undefined) {
        expect(got["envelope"]).toHaveProperty("origin.stream", "detector");
        wanted["envelope"] = { ...message.envelope, origin: (got["envelope"] as Event["envelope"]).origin };
      }
      expect(got).toEqual(wanted);
    }
  });

  test("one body - header and payload may follow each other, with or without a topic before them", () => {
    const write = writer();
    const read = reader();
    for (const message of everything()) {
      const topic = message.type === "event" ? { topic: "camera" } : undefined;
      const frames = only(write(message, topic));
      const body = joined(frames);
      expect(visible(read([body]).message)).toEqual(visible(read(frames).message));
      if (frames.length > 1) expect(read([frames[0] as Uint8Array, body]).hop).toEqual(read(frames).hop);
    }
  });

  test("metadata - nothing given reads as an empty object", () => {
    const event = new Event(undefined, new Uint8Array(1));
    expect(eventOf(reader()(only(writer()(event as never)))).metadata).toEqual({});
  });

  test("account - what an older writer leaves out counts as 0", () => {
    const stop = Stop.accounted(new Stop({}, { run: RUN }), { ...account(), reduced: undefined } as never);
    const { message } = reader()(only(writer()(stop)));
    expect(message).toHaveProperty("account.reduced", 0);
  });

  test("limits of a number - a sequence at 2^53 - 1 is kept exactly", () => {
    const origin = { stream: "a", partition: "b", sequence: Number.MAX_SAFE_INTEGER };
    const { message } = reader()(only(writer()(new Event({}, new Uint8Array(0), { origin }))));
    expect(message.envelope.origin).toEqual(origin);
  });
});

describe("no copies", () => {
  test("an array of 8 MB - its bytes are neither copied when written nor when read", () => {
    const array = new NdArray(new Uint16Array(4 * 1024 * 1024), [2048, 2048]);
    const frames = only(writer()(new Event({}, array)));
    const frame = frames[1] as Uint8Array;
    expect(frame.buffer).toBe(array.data.buffer);
    expect([frame.byteOffset, frame.byteLength]).toEqual([0, array.byteLength]);

    const event = eventOf(reader()(frames));
    const { data } = event.array("uint16");
    expect(data.buffer).toBe(array.data.buffer);
    expect([data.byteOffset, data.length]).toEqual([0, array.data.length]);
    const forwarded = only(writer("next")(event))[1];
    expect(forwarded).toBe(frame);
  });

  test("a misaligned array - is copied when its data are touched, and goes out as it came", () => {
    const received = Buffer.alloc(9);
    received.writeDoubleLE(1.5, 1);
    const header = only(writer()(new Event({}, new NdArray(Float64Array.of(1.5)))))[0] as Uint8Array;
    const frame = received.subarray(1);
    const event = eventOf(reader()([header, frame]));
    expect([...event.array("float64").data]).toEqual([1.5]);
    expect(only(writer()(event))[1]).toBe(frame);
  });

  test("bytes - come as a plain Uint8Array over the received buffer, also out of a Buffer", () => {
    const frames = only(writer()(new Event({}, Uint8Array.of(1, 2, 3)))).map((frame) => Buffer.from(frame));
    const { payload } = eventOf(reader()(frames));
    expect(payload.constructor).toBe(Uint8Array);
    expect((payload as Uint8Array).buffer).toBe((frames[1] as Buffer).buffer);
    expect([...(payload as Uint8Array)]).toEqual([1, 2, 3]);
  });
});

describe("frames", () => {
  test("payload - has a frame only where there is one", () => {
    const write = writer();
    expect(only(write(new Event({}, new Uint8Array(0))))).toHaveLength(1);
    expect(only(write(new Event({}, Uint8Array.of(1))))).toHaveLength(2);
    expect(only(write(new Stop({}, { run: RUN })))).toHaveLength(2);
    const [header] = only(write(new Event({ a: 1 }, new Uint8Array(0))));
    expect(eventOf(reader()([header as Uint8Array, new Uint8Array(0)])).metadata).toEqual({ a: 1 });
  });

  test("topic - events go out under theirs, Starts and Stops under that of the lifecycle", () => {
    const write = writer();
    const text = (frames: readonly Uint8Array[]): string => Buffer.from(frames[0] as Uint8Array).toString();
    expect(text(only(write(new Start({}, { run: RUN }), { topic: "camera" })))).toBe(LIFECYCLE_TOPIC);
    const frames = only(write(new Event({}, Uint8Array.of(1), { run: RUN }), { topic: "camera" }));
    expect(text(frames)).toBe("camera");
    expect(reader()(frames).hop?.topic).toBe("camera");
    expect(text(write.signOfLife() as Uint8Array[])).toBe(LIFECYCLE_TOPIC);
    expect(text(only(write.again()))).toBe(LIFECYCLE_TOPIC);
    expect(text(only(write(new Stop({}, { run: RUN }))))).toBe(LIFECYCLE_TOPIC);
  });

  test.each(["AYO", "AYO-camera", LIFECYCLE_TOPIC, `${LIFECYCLE_TOPIC}2`, "__proto__", "\ud800", "x".repeat(256)])(
    "topic %j - is refused and takes no number",
    (topic) => {
      const write = writer();
      expect(() => write(new Event({}, new Uint8Array(0)), { topic })).toThrow(UsageError);
      write(new Start({}, { run: RUN }));
      expect(reader()(write.signOfLife() as Uint8Array[]).hop?.next).toEqual(new Map());
    },
  );
});

describe("what cannot be written", () => {
  const bytes = new Uint8Array(1);
  test.each([
    ["metadata: expected an object, got an array", new Event([1], bytes)],
    ["metadata: expected an object, got null", new Event(null, bytes)],
    ["metadata.when", new Event({ when: new Date(0) }, bytes)],
    ["data: expected an object, got string", new Start("text")],
    ["payload: expected bytes or an NdArray, got Uint16Array", new Event({}, new Uint16Array(2) as never)],
    ["timeMs", new Event({}, bytes, { timeMs: Number.POSITIVE_INFINITY })],
    ["headers: expected pairs", new Event({}, bytes, { headers: [["a", 1]] as never })],
    ["key: expected text", new Event({}, bytes, { key: 1 as never })],
    ["run: expected text", new Event({}, bytes, { run: 1 as never })],
    ["at most 65535 fit", new Event({}, bytes, { run: "x".repeat(70_000) })],
  ])("%s - is refused by name, and takes no number", (reason, message) => {
    const write = writer();
    expect(() => write(message as never)).toThrow(UsageError);
    expect(() => write(message as never)).toThrow(reason);
    expect(reader()(only(write(new Event({}, bytes)))).sequence).toBe(0);
    expect(reader()(only(write(new Stop({}, { run: RUN })))).sequence).toBe(0);
  });

  test("incarnation - must be 16 hexadecimal digits", () => {
    expect(() => nativeCodec.writer({ random: () => "xyz" })).toThrow(UsageError);
    expect(nativeCodec.writer().incarnation).toMatch(/^[0-9a-f]{16}$/);
    expect(nativeCodec.writer({ random: () => INCARNATION }).incarnation).toBe(INCARNATION);
  });
});
