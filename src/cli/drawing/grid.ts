import type { DType, NdArray } from "../../message/ndarray.ts";

/** Holds an array as plain numbers in rows; where a pixel is masked stands NaN. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
  /** What was left out of an array of more than two dimensions. */
  readonly note: string | undefined;
}

/** How several pixels become one. */
export type Merge = "mean" | "max";

/** The largest value of these types stands for a pixel that does not count. */
const MASKED: Partial<Record<DType, number>> = { uint8: 0xff, uint16: 0xffff, uint32: 0xffff_ffff };

/**
 * Reduces an array to at most so many rows and columns. The largest value of an unsigned type is a masked pixel as
 * detectors mark it, unless all neighbours are such. Of more than two dimensions the first image is taken.
 */
export function reduced(array: NdArray<DType>, maxRows: number, maxColumns: number, merge: Merge): Grid {
  const { shape } = array;
  const height = shape.length < 2 ? 1 : (shape.at(-2) as number);
  const length = shape.at(-1) ?? 1;
  const rows = Math.max(0, Math.min(height, maxRows));
  const columns = Math.max(0, Math.min(length, maxColumns));
  const values = new Float64Array(rows * columns);
  const read = reader(array);
  const masked = MASKED[array.dtype] ?? Number.NaN;
  for (let row = 0; row < rows; row += 1) {
    const [top, bottom] = part(row, rows, height);
    for (let column = 0; column < columns; column += 1) {
      const [left, right] = part(column, columns, length);
      values[row * columns + column] = merged(read, masked, merge, { top, bottom, left, right, length });
    }
  }
  const images = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { rows, columns, values, note: images > 1 ? `the first of ${images} images` : undefined };
}

interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  readonly length: number;
}

function merged(read: (at: number) => number, masked: number, merge: Merge, box: Box): number {
  let sum = 0;
  let most = -Infinity;
  let count = 0;
  for (let y = box.top; y < box.bottom; y += 1) {
    const base = y * box.length;
    for (let x = box.left; x < box.right; x += 1) {
      const value = read(base + x);
      if (value === masked || !Number.isFinite(value)) continue;
      sum += value;
      if (value > most) most = value;
      count += 1;
    }
  }
  if (count === 0) return Number.NaN;
  return merge === "max" ? most : sum / count;
}

function part(index: number, parts: number, length: number): readonly [number, number] {
  const from = Math.floor((index * length) / parts);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * length) / parts))];
}

function reader({ dtype, data }: NdArray<DType>): (at: number) => number {
  if (dtype === "float16") return (at) => fromHalf((data as Uint16Array)[at] as number);
  if (dtype === "int64" || dtype === "uint64") return (at) => Number((data as BigInt64Array)[at]);
  const numbers = data as Uint8Array;
  return (at) => numbers[at] as number;
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
