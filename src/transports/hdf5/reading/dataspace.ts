import { RejectedError } from "../../../errors.ts";
import { ByteReader } from "./byte-reader.ts";

/** Says how long the axes of a dataset are, and how long they may become: undefined for any length. */
export interface StoredSpace {
  readonly shape: readonly number[];
  readonly most: readonly (number | undefined)[];
}

const MAX_RANK = 32;

/** Reads a dataspace message; undefined for one that has no elements at all. */
export function readSpace(body: Uint8Array): StoredSpace | undefined {
  const reader = new ByteReader(body);
  const version = reader.version("a dataspace", [1, 2]);
  const rank = reader.u8();
  const hasMost = (reader.u8() & 1) === 1;
  const kind = reader.u8();
  if (version === 1) reader.skip(4);
  else if (kind === 2) return undefined;
  if (rank > MAX_RANK) throw new RejectedError(`hdf5: ${rank} axes are too many; the file is damaged`);
  const shape = Array.from({ length: rank }, () => reader.size());
  if (!Number.isSafeInteger(shape.reduce((product, length) => product * length, 8))) {
    throw new RejectedError(`hdf5: the shape [${shape.join(", ")}] cannot be`);
  }
  return { shape, most: hasMost ? shape.map(() => reader.limit()) : shape };
}
