import { RejectedError } from "../../errors.ts";
import { type DType, elements, itemSize, lazyArray, type NdArray } from "../ndarray.ts";
import { elementType } from "./element-type.ts";

const MAX_RANK = 16;

/**
 * Makes an array of bytes that came with the claim of an element type and a shape, after checking that the claim fits.
 * The array is a view; big-endian elements are turned round in a copy when they are first touched. `place` names the
 * claim in errors; empty where it stands at the top of a document.
 */
export function claimedArray(dtype: unknown, shape: unknown, bytes: Uint8Array, place: string): NdArray<DType> {
  const under = place === "" ? "" : `${place}.`;
  const type = elementType(dtype, `${under}dtype`);
  const lengths = checkedShape(shape, `${under}shape`);
  const takes = elements(lengths) * itemSize(type.dtype);
  if (takes !== bytes.length) {
    throw new RejectedError(
      `${under}shape: [${lengths.join(", ")}] of ${type.dtype} takes ${takes} bytes, the data has ${bytes.length}`,
    );
  }
  return type.bigEndian
    ? lazyArray(type.dtype, lengths, bytes, (swapped) => turnedRound(swapped, itemSize(type.dtype)))
    : lazyArray(type.dtype, lengths, bytes);
}

/** Checks that something is a shape: a list of whole numbers; -1 stands for nothing here. */
export function checkedShape(shape: unknown, place: string): readonly number[] {
  if (shape === undefined || shape === null) throw new RejectedError(`${place}: missing`);
  if (!Array.isArray(shape)) throw new RejectedError(`${place}: expected a list`);
  if (shape.length > MAX_RANK) throw new RejectedError(`${place}: more than ${MAX_RANK} dimensions`);
  for (const [index, length] of shape.entries()) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new RejectedError(`${place}[${index}]: expected a whole number from 0 to 2^53 - 1`);
    }
  }
  return shape as readonly number[];
}

/** Gives big-endian elements little-endian, in a copy. */
export function turnedRound(bytes: Uint8Array, size: number): Uint8Array {
  const { buffer } = new Uint8Array(bytes);
  const copy = Buffer.from(buffer);
  if (size === 2) return copy.swap16();
  return size === 4 ? copy.swap32() : copy.swap64();
}
