import { describe, expect, test } from "vitest";
import { RejectedError } from "../../src/errors.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { NdArray } from "../../src/message/ndarray.ts";
import { type RawEvent, rawCodec } from "../../src/message/raw-codec.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function read(...frames: Uint8Array[]): RawEvent {
  const [decoded] = rawCodec.reader(DEFAULT_LIMITS)(frames);
  return decoded?.message as RawEvent;
}

describe("raw codec", () => {
  test("reading - the last frame is the payload, the others are kept, and no byte is copied", () => {
    const frames = [bytes(1), bytes(), bytes(2, 3)];
    const event = read(...frames);
    expect(event.type).toBe("event");
    expect(event.run).toBeUndefined();
    expect(event.payload).toBe(frames[2]);
    expect(event.metadata.frames[0]).toBe(frames[0]);
    expect(event.metadata.frames[1]).toBe(frames[1]);
  });

  test("reading - one frame has none before it", () => {
    expect(read(bytes(7)).metadata).toEqual({ frames: [] });
  });

  test("writing - what was read goes out frame for frame", () => {
    const frames = [bytes(1), bytes(), bytes(2, 3)];
    const [written] = rawCodec.writer()(read(...frames));
    expect(written).toHaveLength(3);
    for (const [index, frame] of frames.entries()) expect(written?.[index]).toBe(frame);
  });

  test("writing - other events are their payload alone; an array is its bytes, not copied", () => {
    const pixels = Uint16Array.of(1, 2);
    const [[written] = []] = rawCodec.writer()(new Event({ frames: 100 }, new NdArray(pixels)));
    expect(written?.buffer).toBe(pixels.buffer);
    expect([...(written ?? [])]).toEqual([1, 0, 2, 0]);
  });

  test("writing - Start and Stop have no raw form", () => {
    const write = rawCodec.writer();
    expect(write(new Start({}))).toEqual([]);
    expect(write(new Stop({}, { run: "r" }))).toEqual([]);
  });

  test("limits - too many frames, too many bytes, no frames", () => {
    const read = rawCodec.reader({ ...DEFAULT_LIMITS, maxFrames: 2, maxMessageBytes: 3 });
    expect(() => read([bytes(), bytes(), bytes()])).toThrow(RejectedError);
    expect(() => read([bytes(1, 2), bytes(3, 4)])).toThrow("more than 3 bytes");
    expect(() => read([])).toThrow(RejectedError);
    expect(read([bytes(1, 2), bytes(3)])).toHaveLength(1);
  });
});
