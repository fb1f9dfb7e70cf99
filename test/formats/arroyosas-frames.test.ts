import { describe, expect, test } from "vitest";
import { arroyosasCodec } from "../../src/formats/arroyosas/index.ts";
import type { Decoded } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { bytesOf, type DType, type NdArray } from "../../src/message/ndarray.ts";
import { mutated } from "../corpus/mutations.ts";
import { randomArray } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { packed } from "./wire.ts";

// Readers and writers remember the form of the frame before; here one that does is compared with one that does not.

const ROUNDS = 4000;
const NUMBERS = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32, 2 ** 53 - 1, -1, 1.5, "7", null];
const URLS = ["", "u", "tiled://7", "µ", "FLUSH_SIGNAL", "x".repeat(31), "x".repeat(32), "x".repeat(256), 7, undefined];

type Read = (frames: readonly Uint8Array[]) => readonly Decoded[];

/** Says what a reader makes of a frame: its message without the run, which is made up. */
function outcome(read: Read, frame: Uint8Array): unknown {
  try {
    return read([frame]).map(({ message, ...facts }) => {
      if (message.type !== "event") return { ...facts, type: message.type };
      const { metadata, payload, run, envelope } = message as Event<object, NdArray<DType>>;
      const { dtype, shape } = payload;
      const own = {
        keys: Object.keys(metadata),
        metadata,
        dtype,
        shape,
        bytes: Buffer.from(bytesOf(payload)).toString("hex"),
      };
      return { ...facts, ...own, hasRun: run !== undefined, envelope: Object.keys(envelope) };
    });
  } catch (error) {
    return String(error);
  }
}

function randomFrame(random: Seeded): Uint8Array {
  const form = random.below(4);
  const [dtype, shape] = (
    [
      ["uint8", [2, 3]],
      ["uint16", [3]],
      [">u2", [3]],
      ["uint8", []],
    ] as const
  )[form] as readonly [string, readonly number[]];
  const data = random.bytes([6, 6, 6, 1][form] as number);
  const array = random.chance(0.8) ? { data, dtype, shape } : { dtype, shape, data };
  const fields: Record<string, unknown> = {
    msg_type: "event",
    image: { array },
    frame_number: random.chance(0.7) ? random.below(300) : random.pick(NUMBERS),
    tiled_url: random.chance(0.7) ? `tiled://${random.below(20)}` : random.pick(URLS),
  };
  if (random.chance(0.05)) fields["more"] = random.below(9);
  if (random.chance(0.05)) delete fields["tiled_url"];
  return packed(random.chance(0.9) ? fields : Object.fromEntries(Object.entries(fields).toReversed()));
}

describe("arroyosas - one frame after the other", () => {
  test(`a reader makes of a frame what a new one makes of it (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    let read = arroyosasCodec.reader(DEFAULT_LIMITS);
    let taken = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      if (random.chance(0.01)) read = arroyosasCodec.reader(DEFAULT_LIMITS);
      const frame = randomFrame(random);
      const given = random.chance(0.3) ? (mutated([frame], random)[0] ?? frame) : frame;
      const alone = outcome(arroyosasCodec.reader(DEFAULT_LIMITS), given);
      expect(outcome(read, given), Buffer.from(given).toString("hex")).toEqual(alone);
      if (typeof alone !== "string") taken += 1;
    }
    expect(taken).toBeGreaterThan(ROUNDS / 4);
  });

  test(`a writer writes of an event what a new one writes of it (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    const write = arroyosasCodec.writer();
    const forms = Array.from({ length: 4 }, () => randomArray(random));
    for (let round = 0; round < ROUNDS; round += 1) {
      const read = arroyosasCodec.reader(DEFAULT_LIMITS);
      const frame = packed({
        msg_type: "event",
        image: { array: { data: new Uint8Array(1), dtype: "uint8", shape: [1] } },
        frame_number: round,
        tiled_url: `${round % 9}`,
      });
      const [{ message }] = read([frame]) as [Decoded];
      const { metadata } = message as Event;
      const image = random.chance(0.7) ? (forms[round % 4] as NdArray<DType>) : randomArray(random);
      const other = random.chance(0.2)
        ? { more: "x" }
        : random.chance(0.1)
          ? { tiled_url: "µ".repeat(random.below(200)) }
          : {};
      const event = new Event({ ...metadata, ...other }, image, { run: "r" });
      const [alone] = arroyosasCodec.writer()(event)[0] as readonly Uint8Array[];
      const [written] = write(event)[0] as readonly Uint8Array[];
      expect(Buffer.compare(written as Uint8Array, alone as Uint8Array), `round ${round}`).toBe(0);
    }
  });

  test("a form is not taken for another one of as many bytes", () => {
    const read = arroyosasCodec.reader(DEFAULT_LIMITS);
    const frame = (dtype: string, shape: readonly number[]): Uint8Array =>
      packed({
        msg_type: "event",
        image: { array: { data: new Uint8Array(8), dtype, shape } },
        frame_number: 1,
        tiled_url: "u",
      });
    const of = (bytes: Uint8Array): unknown => {
      const [{ message }] = read([bytes]) as [Decoded];
      const { payload } = message as unknown as Event<unknown, NdArray>;
      return [payload.dtype, ...payload.shape];
    };
    expect(of(frame("uint16", [4]))).toEqual(["uint16", 4]);
    expect(of(frame("uint16", [4]))).toEqual(["uint16", 4]);
    expect(of(frame("uint32", [2]))).toEqual(["uint32", 2]);
    expect(of(frame("uint16", [2, 2]))).toEqual(["uint16", 2, 2]);
    expect(of(frame("uint16", [4]))).toEqual(["uint16", 4]);
    expect(() => of(frame("uint16", [5]))).toThrow(/shape/);
  });
});
