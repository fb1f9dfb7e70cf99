import { type Arrays, NdArray } from "arroyojs";

export const ROWS = 48;
export const COLUMNS = 64;

/** Names the element types that frames are tested with. */
export type Tested =
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "float32"
  | "float64";

const MAKE: { readonly [T in Tested]: (values: readonly number[], saturated: readonly boolean[]) => Arrays[T] } = {
  uint8: (values, saturated) => Uint8Array.from(values, (value, at) => (saturated[at] ? 0xff : value)),
  int8: (values, saturated) => Int8Array.from(values, (value, at) => (saturated[at] ? 0x7f : value)),
  uint16: (values, saturated) => Uint16Array.from(values, (value, at) => (saturated[at] ? 0xffff : value)),
  int16: (values, saturated) => Int16Array.from(values, (value, at) => (saturated[at] ? 0x7fff : value)),
  uint32: (values, saturated) => Uint32Array.from(values, (value, at) => (saturated[at] ? 0xffffffff : value)),
  int32: (values, saturated) => Int32Array.from(values, (value, at) => (saturated[at] ? 0x7fffffff : value)),
  uint64: (values, saturated) =>
    BigUint64Array.from(values, (value, at) => (saturated[at] ? 2n ** 64n - 1n : BigInt(value))),
  int64: (values, saturated) =>
    BigInt64Array.from(values, (value, at) => (saturated[at] ? 2n ** 63n - 1n : BigInt(value))),
  float32: (values, saturated) => Float32Array.from(values, (value, at) => (saturated[at] ? Number.NaN : value)),
  float64: (values, saturated) => Float64Array.from(values, (value, at) => (saturated[at] ? Number.NaN : value)),
};

export const TESTED: readonly Tested[] = Object.keys(MAKE) as Tested[];

/** The same generator stands in test/peers/reduction_reference.py. */
export function numbers(seed: number, count: number): readonly number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  });
}

/**
 * Makes a frame of counts, of which one in about a hundred is saturated. `wide` ones take the whole range of their type,
 * with both signs.
 */
export function seededFrame<T extends Tested>(dtype: T, seed: number, wide = false): NdArray<T> {
  const made = numbers(seed, ROWS * COLUMNS);
  const isFloat = dtype.startsWith("float");
  const most = dtype === "uint8" || dtype === "int8" ? 100 : 1000;
  const narrow = (state: number): number => (isFloat ? ((state >>> 8) % 1000) / 4 : (state >>> 8) % most);
  const values = made.map(wide ? (state) => wideCount(dtype, state) : narrow);
  return new NdArray<T>(
    MAKE[dtype](
      values,
      made.map((state) => state % 97 === 0),
    ),
    [ROWS, COLUMNS],
    dtype,
  );
}

export function seededMask(seed: number): Uint8Array {
  return Uint8Array.from(numbers(seed, ROWS * COLUMNS), (state) => (state % 13 === 0 ? 1 : 0));
}

export function seededDark(seed: number): Float32Array {
  return Float32Array.from(numbers(seed, ROWS * COLUMNS), (state) => ((state >>> 8) % 16) / 4);
}

export function seededFlat(seed: number): Float32Array {
  return Float32Array.from(numbers(seed, ROWS * COLUMNS), (state) => 0.5 + ((state >>> 8) % 100) / 100);
}

/** Never the largest value of the type, which says that a pixel is saturated; one in sixteen is below zero. */
function wideCount(dtype: Tested, state: number): number {
  const [, unsigned = "", bits = ""] = /^(u?)int(\d+)$/.exec(dtype) ?? [];
  let size = state / 256;
  if (bits === "64") size = state * 2 ** 20;
  else if (bits !== "") {
    size = (bits === "32" ? state : state >>> 8) % (2 ** (Number(bits) - (unsigned === "u" ? 0 : 1)) - 1);
  }
  return unsigned !== "u" && (state >>> 5) % 16 === 0 ? -size : size;
}
