import { RejectedError } from "../../../errors.ts";

const MAX_CHUNKS = 65_536;

/** Names the chunks of a band: of those rows that have the same place along the first axis. */
export function chunkCoordinates(
  band: number,
  shape: readonly number[],
  chunk: readonly number[],
): readonly (readonly number[])[] {
  let all: number[][] = [[band]];
  for (let axis = 1; axis < shape.length; axis += 1) {
    const count = Math.ceil((shape[axis] as number) / (chunk[axis] as number));
    if (all.length * count > MAX_CHUNKS) throw new RejectedError(`hdf5: a row has more than ${MAX_CHUNKS} chunks`);
    all = all.flatMap((before) => Array.from({ length: count }, (_, place) => [...before, place]));
  }
  return all;
}

/** Is what is copied of a chunk, and to where. */
export interface ChunkCopy {
  readonly content: Uint8Array;
  /** The element with which the chunk begins. */
  readonly at: readonly number[];
  readonly chunk: readonly number[];
  /** Holds whole rows, from `row` on. */
  readonly target: Uint8Array;
  readonly row: number;
  readonly rows: number;
  readonly shape: readonly number[];
  /** Of one element. */
  readonly bytes: number;
}

/** Copies what a chunk has of some rows. */
export function copyChunk({ content, at, chunk, target, row, rows, shape, bytes }: ChunkCopy): void {
  const rank = shape.length;
  const fromStrides = strides(chunk, bytes);
  const toStrides = strides(shape, bytes);
  const copy = (axis: number, from: number, to: number): void => {
    const isFirst = axis === 0;
    const begin = isFirst ? row - (at[0] as number) : 0;
    const count = isFirst ? rows : Math.min(chunk[axis] as number, (shape[axis] as number) - (at[axis] as number));
    const fromStride = fromStrides[axis] as number;
    const toStride = toStrides[axis] as number;
    const source = from + begin * fromStride;
    // Behind the last axis everything stands in one piece.
    const isWhole = axis === rank - 1 || sameBelow(axis, chunk, shape);
    if (isWhole) {
      target.set(content.subarray(source, source + count * fromStride), to);
      return;
    }
    for (let index = 0; index < count; index += 1) {
      const next = (at[axis + 1] as number) * (toStrides[axis + 1] as number);
      copy(axis + 1, source + index * fromStride, to + index * toStride + next);
    }
  };
  copy(0, 0, 0);
}

function sameBelow(axis: number, chunk: readonly number[], shape: readonly number[]): boolean {
  for (let below = axis + 1; below < shape.length; below += 1) if (chunk[below] !== shape[below]) return false;
  return true;
}

function strides(lengths: readonly number[], bytes: number): readonly number[] {
  const found: number[] = [];
  let stride = bytes;
  for (let axis = lengths.length - 1; axis >= 0; axis -= 1) {
    found[axis] = stride;
    stride *= lengths[axis] as number;
  }
  return found;
}
