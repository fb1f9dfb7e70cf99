import { describe, expect, test } from "vitest";
import { AsReceived } from "../../../src/message/documents/index.ts";
import { Event } from "../../../src/message/event.ts";
import { bytesOf, encodedBytes, lazyArray, NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";

const FRAMES = [Uint8Array.of(1, 2, 3)];

describe("frames as they were received", () => {
  test("belong to a message as long as it is what was read", () => {
    const received = new AsReceived();
    const event = new Event({ n: 1 }, new NdArray(Uint8Array.of(1)), { run: "a" });
    received.keep({ message: event }, FRAMES);
    expect(received.framesOf(event)).toBe(FRAMES);
    expect(received.framesOf(new Event(event.metadata, event.payload, { run: "a", key: "k" }))).toBe(FRAMES);
    expect(received.framesOf(event.with({ metadata: { n: 1 } }))).toBeUndefined();
    expect(received.framesOf(event.with({ payload: new NdArray(Uint8Array.of(1)) }))).toBeUndefined();
    expect(received.framesOf(new Event(event.metadata, event.payload, { run: "b" }))).toBeUndefined();
    expect(new AsReceived().framesOf(event)).toBeUndefined();
    expect(received.framesOf(new Start(3 as never, { run: "a" }))).toBeUndefined();
  });

  test("of a Start are copies, where they are a small part of what they came in", () => {
    const received = new AsReceived();
    const chunk = new Uint8Array(1000);
    const start = new Start({}, { run: "a" });
    received.keep({ message: start }, [chunk.subarray(0, 10), chunk.subarray(10, 900)]);
    const [small, large] = received.framesOf(start) as [Uint8Array, Uint8Array];
    expect(small.buffer).not.toBe(chunk.buffer);
    expect(large.buffer).toBe(chunk.buffer);
  });

  test("go with the payload: an event that is kept lets go of them", () => {
    const received = new AsReceived();
    const chunk = new Uint8Array(1000);
    const event = new Event({}, lazyArray("uint8", [10], chunk.subarray(0, 10)), { run: "a" });
    received.keep({ message: event }, [chunk]);
    const kept = event.keep();
    expect(bytesOf(kept.payload)).toEqual(new Uint8Array(10));
    expect(received.framesOf(kept)).toBeUndefined();
  });
});

describe("arrays that were received", () => {
  test("are what they were when they are kept, and keep no larger buffer alive", () => {
    const chunk = Uint8Array.from({ length: 1000 }, (_, at) => at % 250);
    const opened: number[] = [];
    const turned = lazyArray("uint8", [2, 2], chunk.subarray(4, 8), (bytes) => {
      opened.push(bytes.length);
      return bytes.toReversed();
    });
    const { payload } = new Event({}, turned).keep();
    expect(opened).toEqual([]);
    expect([payload.dtype, payload.shape, [...payload.data]]).toEqual(["uint8", [2, 2], [7, 6, 5, 4]]);
    expect(encodedBytes(payload)?.buffer.byteLength).toBe(4);
    const plain = new Event({}, lazyArray("uint16", [2], chunk.subarray(4, 8))).keep().payload;
    expect([...plain.data]).toEqual([0x0504, 0x0706]);
    expect(plain.data.buffer.byteLength).toBe(4);
  });
});
