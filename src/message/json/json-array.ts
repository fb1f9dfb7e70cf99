import { RejectedError } from "../../errors.ts";
import { claimedArray } from "../documents/claimed-array.ts";
import { bytesOf, type DType, type NdArray } from "../ndarray.ts";
import { fromBase64, toBase64 } from "./base64.ts";

/** Is the form of an array in JSON: its bytes, in C order and little-endian, as base64. */
export interface JsonArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
}

/** Writes an array. */
export function toJsonArray(array: NdArray<DType>, place: string): JsonArray {
  return { dtype: array.dtype, shape: array.shape, data: toBase64(bytesOf(array), place) };
}

/** Reads an array. */
export function fromJsonArray(value: unknown, place: string): NdArray<DType> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RejectedError(`${place}: expected { dtype, shape, data }`);
  }
  const { dtype, shape, data } = value as Record<string, unknown>;
  return claimedArray(dtype, shape, fromBase64(data, `${place}.data`), place);
}
