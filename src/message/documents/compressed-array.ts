import { type Compression, checkCompressed, claimedBytes, decompress } from "../../compression/index.ts";
import { RejectedError } from "../../errors.ts";
import { type DType, elements, itemSize, lazyArray, type NdArray } from "../ndarray.ts";
import { turnedRound } from "./claimed-array.ts";
import type { ElementType } from "./element-type.ts";
import { named } from "./named.ts";

/** Says what came with the bytes of a compressed array. */
export interface CompressedClaim {
  readonly type: ElementType;
  /** Left out where nothing says it: then there is one dimension, of as many elements as the bytes claim. */
  readonly shape?: readonly number[];
  readonly compression: Compression;
  /** The bytes that an array may have. */
  readonly maxBytes: number;
  /** Puts the elements in C order, where they are sent in another. */
  readonly ordered?: (elements: Uint8Array) => Uint8Array;
}

/** Says how the bytes of an array are compressed, in plain data that can go to another thread. */
export interface Stored {
  readonly compression: Compression;
  readonly bigEndian: boolean;
  /** Names the array in errors. */
  readonly place: string;
}

const storedOf = new WeakMap<NdArray<DType>, Stored>();

/** Says how the bytes of an array are compressed; undefined where `restoredArray` could not make it of them again. */
export function storedAs(array: NdArray<DType>): Stored | undefined {
  return storedOf.get(array);
}

/** Makes an array again of its compressed bytes. */
export function restoredArray(
  dtype: DType,
  shape: readonly number[],
  bytes: Uint8Array,
  { compression, bigEndian, place }: Stored,
): NdArray<DType> {
  const maxBytes = elements(shape) * itemSize(dtype);
  return compressedArray({ type: { dtype, bigEndian }, shape, compression, maxBytes }, bytes, place);
}

/**
 * Makes an array of compressed bytes, after checking that what they claim for themselves is what dtype and shape need.
 * They are decompressed when the array is first touched; `place` names them in errors, then too.
 */
export function compressedArray(claim: CompressedClaim, bytes: Uint8Array, place: string): NdArray<DType> {
  const { type, compression, maxBytes, ordered } = claim;
  const size = itemSize(type.dtype);
  const shape = claim.shape ?? [lengthOf(claim, bytes, place)];
  const takes = elements(shape) * size;
  if (takes > maxBytes) {
    throw new RejectedError(
      `${place}: [${shape.join(", ")}] of ${type.dtype} takes ${takes} bytes, at most ${maxBytes} are taken`,
    );
  }
  named(place, () => checkCompressed(compression, bytes, takes));
  const array = lazyArray(type.dtype, shape, bytes, (compressed) => {
    const raw = named(place, () => decompress(compression, compressed, takes));
    const right = type.bigEndian ? turnedRound(raw, size) : raw;
    return ordered === undefined ? right : ordered(right);
  });
  if (ordered === undefined) storedOf.set(array, { compression, bigEndian: type.bigEndian, place });
  return array;
}

function lengthOf({ type, compression, maxBytes }: CompressedClaim, bytes: Uint8Array, place: string): number {
  const size = itemSize(type.dtype);
  const length = named(place, () => claimedBytes(compression, bytes, maxBytes)) / size;
  if (Number.isInteger(length)) return length;
  throw new RejectedError(`${place}: the bytes are no whole number of elements of ${type.dtype}`);
}
