import { RejectedError } from "../../../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { type ChunkPlace, type ChunkPlaces, type IndexFacts, linear, readElement } from "./chunk-index.ts";
import type { StoredSpace } from "./dataspace.ts";
import { ExtensiblePlaces } from "./extensible-places.ts";
import { FixedPlaces } from "./fixed-places.ts";
import type { StoredLayout } from "./layout.ts";
import { readRecords } from "./new-tree.ts";
import type { StoredFile } from "./stored-file.ts";
import { TreePlaces } from "./tree-places.ts";

type Chunked = Extract<StoredLayout, { kind: "chunked" }>;

const MAX_RECORDS = 1_000_000;

/** Makes the index of a dataset's chunks. */
export async function chunkPlaces(
  file: StoredFile,
  layout: Chunked,
  space: StoredSpace,
  elementBytes: number,
  isFiltered: boolean,
): Promise<ChunkPlaces> {
  const { address, chunk, index } = layout;
  if (chunk.length !== space.shape.length) throw new RejectedError("hdf5: chunks have other axes than their dataset");
  if (address === undefined) return { find: () => Promise.resolve(undefined) };
  const chunkBytes = chunk.reduce((product, length) => product * length, elementBytes);
  const grid = space.most.map((most, axis) => {
    return most === undefined ? undefined : Math.ceil(most / (chunk[axis] as number));
  });
  const facts = { file, address, chunk, grid, chunkBytes, isFiltered };
  switch (index.kind) {
    case "tree":
      return new TreePlaces(facts);
    case "fixed":
      return FixedPlaces.open(facts);
    case "extensible":
      return ExtensiblePlaces.open(facts);
    case "single": {
      const place = { address, bytes: index.bytes ?? chunkBytes, mask: index.mask };
      return { find: () => Promise.resolve(place) };
    }
    case "implicit":
      return {
        find: (at) => Promise.resolve({ address: address + linear(at, grid) * chunkBytes, bytes: chunkBytes, mask: 0 }),
      };
    case "new-tree":
      return treePlaces(facts);
  }
}

async function treePlaces(facts: IndexFacts): Promise<ChunkPlaces> {
  const places = new Map<string, ChunkPlace>();
  const rank = facts.chunk.length;
  for (const record of await readRecords(facts.file, facts.address, MAX_RECORDS)) {
    const reader = new ByteReader(record);
    const place = readElement(reader, record.length - 8 * rank, facts);
    const at = facts.chunk.map(() => reader.size());
    if (place !== undefined) places.set(at.join(), place);
  }
  return { find: (at) => Promise.resolve(places.get(at.join())) };
}
