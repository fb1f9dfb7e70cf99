import { createHash } from "node:crypto";
import { type Arrays, type DType, Event, type Message, NdArray, type Payload, Start, Stop } from "arroyojs";
import { plain } from "../../src/testing/conformance/same-messages.ts";
import { Seeded } from "../corpus/seeded.ts";

/** The topics, which are the keys too: so the order of each holds over partitions of any broker. */
export const SIDES: readonly ["left", "right"] = ["left", "right"];

const KINDS: readonly (DType | "bytes" | "nothing")[] = [
  ...(["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"] as const),
  ...(["float16", "int64", "uint64", "bytes", "nothing"] as const),
];
const MADE: { readonly [T in DType]: (bytes: ArrayBuffer) => Arrays[T] } = {
  bool: (bytes) => new Uint8Array(bytes).map((byte) => byte & 1),
  int8: (bytes) => new Int8Array(bytes),
  uint8: (bytes) => new Uint8Array(bytes),
  int16: (bytes) => new Int16Array(bytes),
  uint16: (bytes) => new Uint16Array(bytes),
  int32: (bytes) => new Int32Array(bytes),
  uint32: (bytes) => new Uint32Array(bytes),
  float32: (bytes) => new Float32Array(bytes),
  float64: (bytes) => new Float64Array(bytes),
  float16: (bytes) => new Uint16Array(bytes),
  int64: (bytes) => new BigInt64Array(bytes),
  uint64: (bytes) => new BigUint64Array(bytes),
};

/** Makes the Start of a run. */
export function startOf(run: string): Start {
  const data = { scan: run, axes: ["x", "µ"], dark: Uint8Array.of(0, 255), plan: { steps: 3, exposure: 0.1 } };
  return new Start(data, { run, timeMs: 1_700_000_000_000.25, headers: [["proposal", "P-1"]] });
}

/** Makes the event of a number: always the same for a run and a number, about so many bytes. */
export function eventOf(run: string, id: number, bytes = 480): Event {
  const side = SIDES[id % SIDES.length] as string;
  return new Event({ id, side, stage: { position: id / 7, unit: "µm" }, tags: ["a", id] }, payloadOf(id, bytes), {
    run,
    key: side,
    timeMs: 1_700_000_000_000 + id * 10.5,
    headers: [
      ["kind", id % 10 === 0 ? "dark" : "light"],
      ["kind", "both"],
      ["blob", Uint8Array.of(id & 255, 0, 255)],
    ],
  });
}

/** Makes the Stop of a run. */
export function stopOf(run: string, events: number): Stop {
  return new Stop({ events, ended: "well" }, { run, timeMs: 1_700_000_900_000 });
}

/** Sums up all that has to travel unchanged: content, bytes, shape, key, time and headers. */
export function sumOf(message: Message): string {
  const { origin: _where, resumed: _again, reason: _how, ...kept } = plain(message);
  return createHash("sha256").update(JSON.stringify(kept)).digest("hex").slice(0, 16);
}

function payloadOf(id: number, bytes: number): Payload {
  const kind = KINDS[id % KINDS.length] as (typeof KINDS)[number];
  if (kind === "nothing") return new Uint8Array(0);
  const filled = bytesOf(id, bytes - (bytes % 48));
  if (kind === "bytes") return filled.subarray(id % 5);
  return arrayOf(kind, filled.buffer as ArrayBuffer, id);
}

function arrayOf<T extends DType>(dtype: T, bytes: ArrayBuffer, id: number): NdArray<T> {
  const data = MADE[dtype](bytes);
  const count = data.length;
  const shapes = [[count], [2, count / 2], [3, 2, count / 6], [1, count, 1]];
  return new NdArray(data, shapes[Math.floor(id / KINDS.length) % shapes.length], dtype);
}

/** Four bytes at a time: these are made in numbers. */
function bytesOf(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const random = new Seeded(seed + 1);
  const words = Uint32Array.from({ length: length / 4 }, () => random.below(2 ** 32));
  return new Uint8Array(words.buffer);
}
