import { UsageError } from "../../errors.ts";
import type { DType } from "../ndarray.ts";

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
  float64: Float64Array,
} as const;

/** Gives the bytes of one element, little-endian; what is no number, or an integer that does not fit, is refused. */
export function scalarBytes(dtype: DType, value: unknown, name: string): Uint8Array {
  if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean") {
    throw new UsageError(`${name}: expected a number, got ${value === null ? "null" : typeof value}`);
  }
  if (dtype === "float32" || dtype === "float64") return new Uint8Array(CLASSES[dtype].of(Number(value)).buffer);
  if (typeof value !== "number" || Number.isInteger(value)) {
    const whole = BigInt(value);
    const Wide = dtype === "int64" ? BigInt64Array : BigUint64Array;
    const array = dtype === "int64" || dtype === "uint64" ? Wide.of(whole) : CLASSES[dtype].of(Number(value));
    if (BigInt(array[0] as number | bigint) === whole) return new Uint8Array(array.buffer);
  }
  throw new UsageError(`${name}: ${value} is no ${dtype}`);
}
