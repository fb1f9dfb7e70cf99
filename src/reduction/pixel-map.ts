import { UsageError } from "../errors.ts";
import { isNdArray } from "../message/ndarray.ts";

/**
 * Is one number for each pixel of a frame, row by row: a typed array, an array of numbers, an NdArray, or the path of a
 * file with one image (.npy, .edf, .tif), which is read when the operator opens. Of a mask, whatever is not 0 is left out.
 */
export type PixelMap = string | ArrayLike<number> | { readonly data: ArrayLike<number | bigint> };

/** Gives the numbers of a map; refuses one that is not of the size of the frame. */
export function pixelsOf(subject: string, map: unknown, rows: number, columns: number): Float32Array {
  if (typeof map === "string") {
    throw new UsageError(`${subject}: ${map} was not read; a block does it, or call open before process`);
  }
  const values = valuesOf(map);
  if (values === undefined) throw new UsageError(`${subject}: expected one number for each pixel, got ${String(map)}`);
  if (values.length !== rows * columns) {
    throw new UsageError(`${subject}: has ${values.length} elements, the frame has ${rows * columns} pixels`);
  }
  const [high, wide] = imageShapeOf(map);
  if (high !== undefined && (high !== rows || wide !== columns)) {
    throw new UsageError(`${subject}: is ${high} x ${wide}, the frame is ${rows} x ${columns}; transpose it`);
  }
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float32Array.from(values, Number)
    : Float32Array.from(values as ArrayLike<number>);
}

/** Gives rows and columns of a map that says them. */
function imageShapeOf(map: unknown): readonly number[] {
  const { shape } = map as { readonly shape?: unknown };
  return Array.isArray(shape) && shape.length === 2 ? shape : [];
}

function valuesOf(map: unknown): ArrayLike<unknown> | undefined {
  if (typeof map !== "object" || map === null) return undefined;
  // What crossed to a thread as an NdArray has lost its class, not its data.
  const values = isNdArray(map) || !("length" in map) ? (map as { readonly data?: unknown }).data : map;
  return typeof values === "object" && values !== null && "length" in values
    ? (values as ArrayLike<unknown>)
    : undefined;
}
