import { type DType, NdArray } from "arroyojs";
import { itemSize, viewBytes } from "../../../src/message/ndarray.ts";

/** Every element type. */
export const DTYPES = [
  "bool",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float16",
  "float32",
  "float64",
] as const satisfies readonly DType[];

/** Makes an array in which every byte takes many values; floats are finite, for NaN has many forms. */
export function counts<T extends DType>(dtype: T, shape: readonly number[], seed = 1): NdArray<T> {
  const elements = shape.reduce((product, length) => product * length, 1);
  const size = itemSize(dtype);
  let state = seed;
  const bytes = Uint8Array.from({ length: elements * size }, (_, at) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const byte = state >>> 24;
    // The last byte of a float has its sign and most of its exponent.
    const isLast = at % size === size - 1;
    if (dtype === "bool") return byte & 1;
    return isLast && dtype.startsWith("float") ? byte & 0xbb : byte;
  });
  return new NdArray(viewBytes(dtype, bytes), shape, dtype);
}
