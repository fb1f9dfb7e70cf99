import { type DType, NdArray } from "../../src/message/ndarray.ts";
import type { Seeded } from "./seeded.ts";

const KEYS = ["a", "frame number", "Ω", "$bytes", "$$float", "$other", "toString", "length", "nd", "0", "x.y", "é", ""];
const NUMBERS = [0, -0, 1, -1, 127, 128, 65_536, 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 60, 1e21, 0.1, 5e-324, 1.7e308];
const TEXTS = ["", "plain", "\u0000", '"\\', "Ωé 日本", "NaN", "12345678901234567890", "😀", "\u2028", "a".repeat(300)];
const BIGINTS = [2n ** 53n, -(2n ** 63n), 2n ** 64n - 1n];

/** Makes any value that a document may hold. */
export function randomValue(random: Seeded, depth = 0): unknown {
  const kind = random.below(depth > 4 ? 6 : 8);
  if (kind === 0) return random.pick([null, true, false]);
  if (kind === 1) return random.pick(NUMBERS);
  if (kind === 2) return random.next() * 10 ** random.below(20);
  if (kind === 3) return random.pick(TEXTS);
  if (kind === 4) return random.pick(BIGINTS);
  if (kind === 5) return random.bytes(random.below(40));
  if (kind === 6) return Array.from({ length: random.below(4) }, () => randomValue(random, depth + 1));
  return randomDocument(random, depth + 1);
}

/** Makes any map of names and values. */
export function randomDocument(random: Seeded, depth = 0): Record<string, unknown> {
  const document: Record<string, unknown> = {};
  for (let count = random.below(5); count > 0; count -= 1) document[random.pick(KEYS)] = randomValue(random, depth);
  return document;
}

const ITEM_SIZES: Readonly<Record<DType, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
};

const CLASSES = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  float16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float64: Float64Array,
};

/** All element types. */
export const DTYPES: readonly DType[] = Object.keys(ITEM_SIZES) as DType[];

/** Makes an array of any element type and of up to three dimensions, which may be empty. */
export function randomArray(random: Seeded, dtype: DType = random.pick(DTYPES)): NdArray<DType> {
  const shape = Array.from({ length: random.below(4) }, () => random.below(5));
  const bytes = random.bytes(shape.reduce((product, length) => product * length, ITEM_SIZES[dtype]));
  const data = new CLASSES[dtype](bytes.buffer as ArrayBuffer);
  return new NdArray<DType>(data, shape, dtype);
}
