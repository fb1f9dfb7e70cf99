import { RejectedError } from "../../../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ChunkPlace, ChunkPlaces, IndexFacts } from "./chunk-index.ts";

interface Entry extends ChunkPlace {
  readonly at: readonly number[];
}

const PREFIX_BYTES = 24;
const MAX_DEPTH = 32;

/** Finds chunks in a B-tree of version 1; the node that was read last at each level is kept. */
export class TreePlaces implements ChunkPlaces {
  readonly #facts: IndexFacts;
  readonly #kept: { readonly address: number; readonly level: number; readonly entries: readonly Entry[] }[] = [];

  constructor(facts: IndexFacts) {
    this.#facts = facts;
  }

  async find(chunk: readonly number[]): Promise<ChunkPlace | undefined> {
    const wanted = chunk.map((number, axis) => number * (this.#facts.chunk[axis] as number));
    let address = this.#facts.address;
    for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
      const { level, entries } = await this.#node(address, depth);
      const entry = lastNotAfter(entries, wanted);
      if (entry === undefined) return undefined;
      if (level === 0) return compare(entry.at, wanted) === 0 ? entry : undefined;
      address = entry.address;
    }
    throw new RejectedError("hdf5: an index of chunks has no end; the file is damaged");
  }

  async #node(address: number, depth: number): Promise<{ level: number; entries: readonly Entry[] }> {
    const kept = this.#kept[depth];
    if (kept?.address === address) return kept;
    const { file, chunk } = this.#facts;
    const head = new ByteReader(await file.part(address, PREFIX_BYTES)).expect("TREE");
    if (head.u8() !== 1) throw new RejectedError("hdf5: expected an index of chunks; the file is damaged");
    const level = head.u8();
    const count = head.u16();
    const entryBytes = 8 + 8 * (chunk.length + 1) + 8;
    const reader = new ByteReader(await file.part(address + PREFIX_BYTES, count * entryBytes));
    const entries = Array.from({ length: count }, () => {
      const bytes = reader.u32();
      const mask = reader.u32();
      const at = chunk.map(() => reader.size());
      return { bytes, mask, at, address: reader.skip(8).place() };
    });
    const node = { address, level, entries };
    this.#kept[depth] = node;
    return node;
  }
}

function lastNotAfter(entries: readonly Entry[], wanted: readonly number[]): Entry | undefined {
  let [from, to] = [0, entries.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compare((entries[middle] as Entry).at, wanted) <= 0) from = middle + 1;
    else to = middle;
  }
  return entries[from - 1];
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [axis, place] of one.entries()) {
    const difference = place - (other[axis] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
