import { describe, expect, test } from "vitest";
import { Charges } from "../../src/listener/charge.ts";
import { Event } from "../../src/message/event.ts";
import { NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";

const OVERHEAD = 128;

describe("charges of frames", () => {
  test("frames with buffers of their own - cost their bytes and an overhead", () => {
    const { bytes, chunk } = new Charges().ofFrames([new Uint8Array(1_000), new Uint8Array(24)]);
    expect([bytes, chunk]).toEqual([OVERHEAD + 1_024, undefined]);
  });

  test("a view that is most of its buffer - costs the whole buffer", () => {
    const { bytes, chunk } = new Charges().ofFrames([new Uint8Array(new ArrayBuffer(1_500), 100, 1_000)]);
    expect([bytes, chunk]).toEqual([OVERHEAD + 1_500, undefined]);
  });

  test("small views of a large buffer - share one chunk, which is the buffer in full", () => {
    const charges = new Charges();
    const read = new ArrayBuffer(65_536);
    const chunks = [0, 100, 200].map((at) => ({ ...charges.ofFrames([new Uint8Array(read, at, 100)]) }));
    expect(chunks[0]).toEqual({ bytes: OVERHEAD, chunk: { bytes: 65_536, users: 0 } });
    expect(chunks[1]?.chunk).toBe(chunks[0]?.chunk);
    expect(chunks[2]?.chunk).toBe(chunks[0]?.chunk);
  });

  test("a frame of its own beside a view - is charged beside the chunk", () => {
    const header = new Uint8Array(new ArrayBuffer(65_536), 0, 100);
    const { bytes, chunk } = new Charges().ofFrames([header, new Uint8Array(8_000_000)]);
    expect([bytes, chunk?.bytes]).toEqual([OVERHEAD + 8_000_000, 65_536]);
  });

  test("the next large buffer - is another chunk", () => {
    const charges = new Charges();
    const first = charges.ofFrames([new Uint8Array(new ArrayBuffer(65_536), 0, 10)]).chunk;
    const second = charges.ofFrames([new Uint8Array(new ArrayBuffer(32_768), 0, 10)]).chunk;
    expect([first?.bytes, second?.bytes]).toEqual([65_536, 32_768]);
  });

  test("a chunk - is not charged to the next message that has a buffer of its own", () => {
    const charges = new Charges();
    charges.ofFrames([new Uint8Array(new ArrayBuffer(65_536), 0, 10)]);
    expect(charges.ofFrames([new Uint8Array(10)]).chunk).toBeUndefined();
  });
});

describe("charges of messages", () => {
  test("Start - costs the overhead", () => {
    expect(new Charges().ofMessage(new Start({}, { run: "r" }))).toEqual({ bytes: OVERHEAD, chunk: undefined });
  });

  test("Event - costs its payload, bytes or an array", () => {
    const charges = new Charges();
    expect(charges.ofMessage(new Event({}, new Uint8Array(300))).bytes).toBe(OVERHEAD + 300);
    expect(charges.ofMessage(new Event({}, new NdArray(new Float64Array(100)))).bytes).toBe(OVERHEAD + 800);
  });

  test("Event - with a small view of a large buffer pins that buffer", () => {
    const payload = new NdArray(new Uint16Array(new ArrayBuffer(65_536), 64, 50));
    expect(new Charges().ofMessage(new Event({}, payload)).chunk?.bytes).toBe(65_536);
  });
});
