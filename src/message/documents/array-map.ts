import { RejectedError } from "../../errors.ts";
import type { Packer } from "../msgpack/index.ts";
import { bytesOf, type DType, type NdArray } from "../ndarray.ts";
import { claimedArray } from "./claimed-array.ts";

/** Is an array in the plain form: its bytes, the name of its element type, its shape. */
type ArrayMap = Readonly<Record<string, unknown>>;

/** Tells whether a map can only be meant as an array: it has the three keys of one, and no list as its data. */
export function isArrayMap(map: ArrayMap): boolean {
  const { data } = map;
  return (
    (data instanceof Uint8Array || typeof data === "string") &&
    Object.hasOwn(map, "dtype") &&
    Object.hasOwn(map, "shape") &&
    Object.keys(map).length === 3
  );
}

/** Reads an array in the form `{ data, dtype, shape }`. */
export function readArrayMap(map: ArrayMap, place: string): NdArray<DType> {
  const { data, dtype, shape, ...others } = map;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new RejectedError(`${place}: expected { data, dtype, shape } and no other key`);
  if (data === undefined) throw new RejectedError(`${place}.data: missing`);
  if (typeof data === "string") {
    throw new RejectedError(`${place}.data: is text, not bytes; let the publisher pack with use_bin_type=True`);
  }
  if (!(data instanceof Uint8Array)) throw new RejectedError(`${place}.data: expected bytes`);
  return claimedArray(dtype, shape, data, place);
}

/** Writes an array in the form `{ data, dtype, shape }`. */
export function writeArrayMap(packer: Packer, array: NdArray<DType>): void {
  packer.mapHeader(3);
  packer.string("data");
  packer.bin(bytesOf(array));
  packer.string("dtype");
  packer.string(array.dtype);
  packer.string("shape");
  packer.arrayHeader(array.shape.length);
  for (const length of array.shape) packer.uint(length);
}
