import { describe, expect, test } from "vitest";
import { arroyoxpsCodec } from "../../src/formats/arroyoxps/index.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { bytesOf, type DType, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { DTYPES, randomArray } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { conversationTests, type FacilityVector, facilityTests } from "./facility-vectors.ts";
import { isTaken } from "./hostility.ts";
import { vectorsOf } from "./vectors.ts";
import { arrayAt, eventAt, readAll } from "./wire.ts";

const VECTORS = vectorsOf("arroyoxps") as readonly FacilityVector[];

/** Gives the messages of a vector, behind those of the start that it needs. */
function messagesOf({ frames, after }: FacilityVector): readonly (readonly Uint8Array[])[] {
  const start = after === undefined ? undefined : VECTORS.find(({ name }) => name === after);
  return [...(start === undefined ? [] : messagesOf(start)), ...frames.map((frame) => [frame])];
}

describe("arroyoxps - vectors and hostile bytes", () => {
  facilityTests({
    format: "arroyoxps",
    codec: arroyoxpsCodec,
    messages: messagesOf,
    reasons: {
      "bad-frame-short": /^frame: shape: \[12, 20\] of uint8 takes 240 bytes, the data has 239$/,
      "bad-frame-long": /^frame: shape: .* the data has 243$/,
      "bad-event-without-start": /^frame: came without a start/,
      "bad-data-type-unknown": /^header\.data_type: "EXT" is not supported$/,
      "bad-rectangle-negative": /^header\.Rectangle\.Right: is less than Left$/,
      "bad-not-json": /^header: not JSON$/,
      "bad-msg-type-unknown": /^header\.msg_type: expected start, event or stop, got "pause"$/,
    },
  });
  conversationTests(
    arroyoxpsCodec,
    VECTORS.slice(0, 4).flatMap(({ frames }) => frames.map((frame) => [frame])),
  );
});

const json = (document: object): readonly Uint8Array[] => [Buffer.from(JSON.stringify(document))];
const start = (data_type = "U8", Right = 2): readonly Uint8Array[] =>
  json({ msg_type: "start", data_type, Rectangle: { Left: 0, Top: 0, Right, Bottom: 1 } });
const announce = (number: number): readonly Uint8Array[] => json({ msg_type: "event", "Frame Number": number });
const FRAME = [Uint8Array.of(1, 2)];

describe("arroyoxps - reading", () => {
  test("a header in the place of a lost frame is taken as what it is", () => {
    const decoded = readAll(arroyoxpsCodec, [
      start(),
      announce(0),
      announce(1),
      FRAME,
      announce(2),
      json({ msg_type: "stop" }),
    ]);
    expect(decoded.map(({ message, sequence }) => [message.type, sequence])).toEqual([
      ["start", undefined],
      ["event", 1],
      ["stop", undefined],
    ]);
  });

  test("after a damaged frame the next event is read", () => {
    const read = arroyoxpsCodec.reader(DEFAULT_LIMITS);
    const taken = [start(), announce(0), [Uint8Array.of(1)], announce(1), FRAME].map((frames) => isTaken(read, frames));
    expect(taken).toEqual([true, true, false, true, true]);
  });

  test("after a start that cannot be read no frame is taken for one of the run before", () => {
    const read = arroyoxpsCodec.reader(DEFAULT_LIMITS);
    const taken = [start(), start("EXT"), announce(0), FRAME].map((frames) => isTaken(read, frames));
    expect(taken).toEqual([true, false, true, false]);
  });

  test("the start must say what the frames are", () => {
    const reason = (document: object): string => {
      try {
        readAll(arroyoxpsCodec, [json({ msg_type: "start", ...document })]);
      } catch (error) {
        return String(error);
      }
      return "taken";
    };
    expect(reason({})).toContain("header.data_type: missing");
    expect(reason({ data_type: 1 })).toContain("header.data_type: expected text");
    expect(reason({ data_type: "U8" })).toContain("header.Rectangle: missing");
    expect(reason({ data_type: "U8", Rectangle: [] })).toContain("header.Rectangle: expected an object");
    expect(reason({ data_type: "U8", Rectangle: { Top: 0 } })).toContain(
      "header.Rectangle.Bottom: expected a whole number",
    );
  });

  test("a run without a Stop is abandoned at the next Start", () => {
    const runs = readAll(arroyoxpsCodec, [start(), announce(0), FRAME, start()]).map(({ message }) =>
      message.type === "stop" ? message.reason : message.type,
    );
    expect(runs).toEqual(["start", "event", "abandoned", "start"]);
  });
});

describe("arroyoxps - writing", () => {
  const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const parsed = (frames: readonly Uint8Array[] | undefined): unknown =>
    JSON.parse(Buffer.from(frames?.[0] ?? []).toString());

  test("the start goes out with the first event, which shows what the frames are", () => {
    const write = arroyoxpsCodec.writer();
    expect(write(new Start({ "Pass Energy": 200 }, { run: "r" }))).toEqual([]);
    const wire = write(new Event({}, IMAGE, { run: "r" }));
    expect(parsed(wire[0])).toEqual({
      msg_type: "start",
      "Pass Energy": 200,
      Rectangle: { Left: 0, Top: 0, Right: 3, Bottom: 2, Rotation: 0 },
      data_type: "U16",
    });
    expect(parsed(wire[1])).toEqual({ msg_type: "event", "Frame Number": 0 });
    expect([...(wire[2]?.[0] ?? [])]).toEqual([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]);
    expect(write(new Event({}, IMAGE, { run: "r" }))).toHaveLength(2);
    expect(parsed(write(new Stop({}, { run: "r" }))[0])).toEqual({ msg_type: "stop", "Num Frames": 2 });
  });

  test("a run without events has a start, too", () => {
    const write = arroyoxpsCodec.writer();
    write(new Start({}, { run: "r" }));
    const types = write(new Stop({}, { run: "r" })).map((frames) => (parsed(frames) as { msg_type: string }).msg_type);
    expect(types).toEqual(["start", "stop"]);
  });

  test("frames that are not as the start says are refused with what to do", () => {
    const write = arroyoxpsCodec.writer();
    write(new Event({}, IMAGE, { run: "r" }));
    expect(() => write(new Event({}, new NdArray(Uint8Array.of(1), [1, 1]), { run: "r" }))).toThrow(
      /begin another run/,
    );
    expect(() => write(new Event({}, IMAGE, { run: "s" }))).toThrow(/while run "r" is open/);
    const other = arroyoxpsCodec.writer();
    expect(() => other(new Event({}, new NdArray(Uint8Array.of(1)), { run: "r" }))).toThrow(/make it an image/);
  });

  test(`random images come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    const dtypes = DTYPES.filter((dtype) => dtype !== "bool" && dtype !== "float16");
    for (let times = 0; times < 1_000; times += 1) {
      const flat = randomArray(random, random.pick<DType>(dtypes));
      const payload = new NdArray<DType>(flat.data, [1, flat.data.length], flat.dtype);
      const wire = arroyoxpsCodec.writer()(new Event({ n: times }, payload, { run: "r" }));
      const event = eventAt(readAll(arroyoxpsCodec, wire));
      expect(event.metadata["header"]).toMatchObject({ n: times });
      const read = arrayAt(event.payload);
      expect([read.dtype, read.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.from(bytesOf(read))).toEqual(Buffer.from(bytesOf(payload)));
    }
  });
});
