import { UsageError } from "../errors.ts";
import { isNdArray } from "../message/ndarray.ts";

/**
 * Is one number for each pixel of a frame, row by row: a typed array, an array of numbers, or an NdArray. Of a mask,
 * whatever is not 0 is left out.
 */
export type PixelMap = ArrayLike<number> | { readonly data: ArrayLike<number | bigint> };

/** Gives the numbers of a map; refuses one that is not of the size of the frame. */
export function pixelsOf(subject: string, map: unknown, pixels: number): Float32Array {
  const values = valuesOf(map);
  if (values === undefined) throw new UsageError(`${subject}: expected one number for each pixel, got ${String(map)}`);
  if (values.length !== pixels) {
    throw new UsageError(`${subject}: has ${values.length} elements, the frame has ${pixels} pixels`);
  }
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float32Array.from(values, Number)
    : Float32Array.from(values as ArrayLike<number>);
}

function valuesOf(map: unknown): ArrayLike<unknown> | undefined {
  if (typeof map !== "object" || map === null) return undefined;
  // What crossed to a thread as an NdArray has lost its class, not its data.
  const values = isNdArray(map) || !("length" in map) ? (map as { readonly data?: unknown }).data : map;
  return typeof values === "object" && values !== null && "length" in values
    ? (values as ArrayLike<unknown>)
    : undefined;
}
