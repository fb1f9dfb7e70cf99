import { RejectedError } from "../../../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { StoredFile } from "./stored-file.ts";

/** Is where a chunk stands, and how: `mask` has a bit for each filter that was left out. */
export interface ChunkPlace {
  readonly address: number;
  readonly bytes: number;
  readonly mask: number;
}

/** Finds chunks by their number along each axis; undefined for one that was never written. */
export interface ChunkPlaces {
  find(chunk: readonly number[]): Promise<ChunkPlace | undefined>;
}

/** Is what every index of chunks is made with. */
export interface IndexFacts {
  readonly file: StoredFile;
  readonly address: number;
  /** The lengths of a chunk. */
  readonly chunk: readonly number[];
  /** How many chunks there may be along each axis; undefined where there may be any number. */
  readonly grid: readonly (number | undefined)[];
  /** The bytes of a chunk before any filter. */
  readonly chunkBytes: number;
  readonly isFiltered: boolean;
}

/** Gives the number of a chunk, the last axis fastest; only the first may have any length. */
export function linear(at: readonly number[], grid: readonly (number | undefined)[]): number {
  let number = 0;
  for (const [axis, place] of at.entries()) {
    const length = grid[axis];
    if (axis > 0 && length === undefined) {
      throw new RejectedError("hdf5: a dataset that grows along another axis than the first is not known here");
    }
    number = number * (axis === 0 ? 1 : (length as number)) + place;
  }
  return number;
}

/** Reads an element of an index: an address, and where there are filters the size and the mask. */
export function readElement(reader: ByteReader, bytes: number, facts: IndexFacts): ChunkPlace | undefined {
  const address = reader.address();
  if (!facts.isFiltered) {
    return address === undefined ? undefined : { address, bytes: facts.chunkBytes, mask: 0 };
  }
  const size = reader.size(bytes - 12);
  const mask = reader.u32();
  return address === undefined ? undefined : { address, bytes: size, mask };
}
