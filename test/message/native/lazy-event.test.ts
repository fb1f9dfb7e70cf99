import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import { joined } from "../../../src/message/native/joined.ts";
import { originOf, originPlace, originSequence } from "../../../src/message/native/lazy-event.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { eventOf, only, RUN, reader, writer } from "./samples.ts";

const METADATA = { frame: 7, exposure: 0.25, note: "ΔE", list: [1, 2], bytes: Uint8Array.of(1, 2) };
const ENVELOPE = { run: RUN, key: "k", timeMs: 12.5, headers: [["a", "b"]] } as const;

/** Receives an event whose frames are small parts of large buffers. */
function received(options: { pad?: number; payload?: Event["payload"]; oneBody?: boolean } = {}): Event {
  const { pad = 0, payload = new NdArray(Uint16Array.of(1, 2, 3)), oneBody = false } = options;
  const frames = only(writer()(new Event(METADATA, payload, ENVELOPE)));
  const bodies = oneBody ? [joined(frames)] : frames;
  return eventOf(reader()(bodies.map((frame) => padded(frame, pad))));
}

function padded(frame: Uint8Array, pad: number): Uint8Array {
  const buffer = Buffer.from(new ArrayBuffer(frame.length + 2 * pad));
  buffer.set(frame, pad);
  return buffer.subarray(pad, pad + frame.length);
}

/** Gives copies of frames. */
function plain(frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.map((frame) => new Uint8Array(frame));
}

/** Gives the sizes of the buffers behind the bytes of what goes out for an event. */
function held(event: Event): number[] {
  const { payload } = event;
  const view = payload instanceof NdArray ? payload.data : payload;
  const inner = event.field("bytes") as Uint8Array;
  return [view.buffer.byteLength, inner.buffer.byteLength];
}

describe("a received event", () => {
  test("class - is an Event with the methods of one", () => {
    const event = received();
    expect(event).toBeInstanceOf(Event);
    expect(event.type).toBe("event");
    expect(event.run).toBe(RUN);
    expect([...event.array("uint16").data]).toEqual([1, 2, 3]);
    expect(() => event.array("int32")).toThrow("expected int32, got uint16");
  });

  test("what is read twice - is made once", () => {
    const event = received();
    expect(event.metadata).toBe(event.metadata);
    expect(event.envelope).toBe(event.envelope);
    expect(event.payload).toBe(event.payload);
    expect((event.payload as NdArray).data).toBe((event.payload as NdArray).data);
  });

  test("field - finds one key, before and after the metadata were decoded", () => {
    const event = received();
    const names = [...Object.keys(METADATA), "toString", "missing"];
    const before = names.map((name) => event.field(name));
    expect(before).toEqual([...Object.values(METADATA), undefined, undefined]);
    expect(event.metadata).toEqual(METADATA);
    expect(names.map((name) => event.field(name))).toEqual(before);
    expect((event.field("bytes") as object).constructor).toBe(Uint8Array);
  });

  test("text - is shown by inspect and JSON as what an event has", () => {
    const event = received();
    expect(inspect(event)).toMatch(/^Event \{.*frame: 7/s);
    expect(JSON.parse(JSON.stringify(event))).toMatchObject({ type: "event", run: RUN, metadata: { frame: 7 } });
  });

  test("origin - is found without decoding", () => {
    const event = received();
    const origin = { stream: "detector", partition: "", sequence: 0 };
    expect(originOf(event)).toEqual(origin);
    expect(originSequence(event)).toBe(0);
    expect({ ...originPlace(event) }).toEqual(origin);
    expect(originOf(new Start({}))).toBeUndefined();
    expect(originSequence(new Start({}))).toBe(-1);
    const made = { stream: "a", partition: "b", sequence: 300_000 };
    expect(originOf(new Start({}, { origin: made }))).toBe(made);
    for (const sequence of [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      const frames = only(writer()(new Event({}, new Uint8Array(0), { origin: { ...made, sequence } })));
      expect(originSequence(reader()(frames).message)).toBe(sequence);
    }
  });
});

describe("with", () => {
  test("another payload - keeps metadata and envelope, and its bytes of them", () => {
    const event = received();
    const derived = event.with({ payload: new NdArray(Float32Array.of(0.5), [1, 1]) });
    expect(derived).toBeInstanceOf(Event);
    expect(derived.envelope).toBe(event.envelope);
    expect([...derived.array("float32").data]).toEqual([0.5]);
    const again = eventOf(reader()(only(writer("next")(derived))));
    expect(again.metadata).toEqual(METADATA);
    expect(again.envelope).toEqual(event.envelope);
    expect(again.payload).toMatchObject({ dtype: "float32", shape: [1, 1] });
    expect([...again.array("float32").data]).toEqual([0.5]);

    const bytes = eventOf(reader()(only(writer("next")(derived.with({ payload: Uint8Array.of(5) })))));
    expect(bytes.payload).toEqual(Uint8Array.of(5));
    expect(bytes.metadata).toEqual(METADATA);
  });

  test("other metadata - keep the payload's bytes and the envelope", () => {
    const event = received({ payload: new Uint8Array(1000) });
    const derived = event.with({ metadata: { other: 1 } });
    expect(derived.payload).toBe(event.payload);
    const again = eventOf(reader()(only(writer("next")(derived))));
    expect(again.metadata).toEqual({ other: 1 });
    expect(again.envelope).toEqual(event.envelope);
  });

  test("both, or nothing - derives what was asked for", () => {
    const event = received();
    const both = event.with({ metadata: { a: 1 }, payload: Uint8Array.of(1) });
    expect([both.metadata, both.payload]).toEqual([{ a: 1 }, Uint8Array.of(1)]);
    const none = event.with({ payload: undefined as never });
    expect(none.payload).toBeUndefined();
    expect(() => writer()(none)).toThrow("payload: expected bytes or an NdArray, got undefined");
    const same = event.with({});
    expect([same.metadata, same.envelope]).toEqual([event.metadata, event.envelope]);
    expect(same.array("uint16").data).toEqual(event.array("uint16").data);
    expect(reader()(only(writer()(same))).message.envelope).toEqual(event.envelope);
  });
});

describe("keep", () => {
  test.each([
    ["frames of their own", false],
    ["one body", true],
  ])("%s in large buffers - neither payload nor header hold them", (_, oneBody) => {
    const event = received({ pad: 10_000, oneBody, payload: new NdArray(Uint8Array.of(1, 2, 3)) });
    expect(Math.min(...held(event))).toBeGreaterThan(20_000);
    const kept = event.keep();
    expect(Math.max(...held(kept))).toBeLessThan(1000);
    expect(kept).toBeInstanceOf(Event);
    expect([kept.metadata, kept.envelope, kept.run]).toEqual([event.metadata, event.envelope, event.run]);
    expect([...kept.array("uint8").data]).toEqual([1, 2, 3]);
    expect(kept.keep()).toBe(kept);
    const [header] = only(writer()(kept));
    expect(header).toEqual(only(writer()(event))[0]);
  });

  test("buffers of their own - the event itself is kept", () => {
    const event = received();
    expect(event.keep()).toBe(event);
    void event.payload;
    expect(event.keep()).toBe(event);
  });

  test("a large payload with its header in one buffer - the event itself is kept", () => {
    const event = received({ payload: new Uint8Array(100_000), oneBody: true });
    expect(event.keep()).toBe(event);
  });

  test("a large payload beside a small header in a shared buffer - only the header is copied", () => {
    const frames = only(writer()(new Event(METADATA, new Uint8Array(100_000), ENVELOPE)));
    const event = eventOf(reader()([padded(frames[0] as Uint8Array, 10_000), frames[1] as Uint8Array]));
    const kept = event.keep();
    expect(kept).not.toBe(event);
    expect((kept.payload as Uint8Array).buffer).toBe(frames[1]?.buffer);
    expect((kept.field("bytes") as Uint8Array).buffer.byteLength).toBeLessThan(1000);
  });

  test("the envelope - stays the same object where it holds nothing of the buffer", () => {
    const frames = only(writer()(new Event(METADATA, new Uint8Array(4), { run: RUN })));
    const event = eventOf(reader()(frames.map((frame) => padded(frame, 10_000))));
    expect(event.keep()).not.toBe(event);
    expect(event.keep().envelope).toBe(event.envelope);
  });

  test("another payload - is kept as that of any event", () => {
    const view = new Uint8Array(new ArrayBuffer(10_000), 10, 4).fill(3);
    const kept = received({ pad: 10_000 }).with({ payload: view }).keep();
    expect(kept.payload).toEqual(view);
    expect(Math.max(...held(kept))).toBeLessThan(1000);
    expect(kept.metadata).toEqual(METADATA);
    const own = received().with({ payload: new Uint8Array(4) });
    expect(own.keep()).toBe(own);
  });
});

describe("forwarding", () => {
  test("an unchanged event - goes out with the bytes that came, except those of the hop", () => {
    const frames = only(writer()(new Event(METADATA, Uint8Array.of(1), ENVELOPE), { topic: "a" }));
    const before = plain(frames);
    const event = eventOf(reader()(frames));
    const next = writer("next", "ffffffffffffffff");
    next.skip(event, { topic: "b" });
    const sent = only(next(event, { topic: "b" }));
    expect(plain(frames)).toEqual(before);
    const [topic, header, payload] = sent as [Uint8Array, Uint8Array, Uint8Array];
    expect(Buffer.from(topic).toString()).toBe("b");
    expect(payload).toBe(frames[2]);
    const hop = [...Array(16).keys()].map((i) => 8 + i).concat([36, 37, 38, 39]);
    const differing = [...header.keys()].filter((at) => header[at] !== before[1]?.[at]);
    expect(differing.every((at) => hop.includes(at))).toBe(true);
    const { sequence, hop: facts } = reader()(sent);
    expect([sequence, facts?.skipped, facts?.incarnation, facts?.topic]).toEqual([1, 1, "ffffffffffffffff", "b"]);
  });

  test("received bytes - are changed neither by a forward nor by a derived event", () => {
    const frames = only(writer()(new Event(METADATA, new NdArray(Uint16Array.of(1)), ENVELOPE)));
    const before = plain(frames);
    const event = eventOf(reader()(frames));
    writer("next")(event);
    writer("next")(event.with({ payload: Uint8Array.of(1) }));
    writer("next")(event.with({ metadata: {} }));
    expect(plain(frames)).toEqual(before);
  });
});
