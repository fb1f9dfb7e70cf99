import { BytesOut } from "../format/bytes-out.ts";
import type { GrowingFile } from "./growing-file.ts";

/** Is where a chunk stands. */
export interface PlacedChunk {
  /** The row of the dataset with which it begins. */
  readonly row: number;
  readonly bytes: number;
  /** Bits of the filters that were left out. */
  readonly mask: number;
  readonly address: number;
}

/** A node has at most so many children: twice the value that readers take for given. */
const CHILDREN = 64;
const PREFIX_BYTES = 24;

interface Node {
  readonly address: number;
  readonly left: number | undefined;
  readonly entries: PlacedChunk[];
}

/**
 * Finds the chunks of a dataset by row: a B-tree of version 1. Chunks come in order, so that only the last node of each
 * level is kept, and written again while it fills; a node that is full is written for good.
 */
export class ChunkTree {
  readonly #file: GrowingFile;
  readonly #rank: number;
  /** The last node of each level, the leaf first. */
  readonly #spine: Node[] = [];
  /** Full nodes that are not written yet. */
  readonly #full: { readonly address: number; readonly bytes: Buffer }[] = [];
  #isDirty = false;

  constructor(file: GrowingFile, rank: number) {
    this.#file = file;
    this.#rank = rank;
  }

  /** Where the tree begins; undefined while it has nothing. */
  get root(): number | undefined {
    return this.#spine.at(-1)?.address;
  }

  /** Takes in the next chunk. */
  add(chunk: PlacedChunk): void {
    this.#add(chunk, 0);
    this.#isDirty = true;
  }

  /** Writes what changed; `rows` is a row behind the last chunk. */
  async flush(rows: number): Promise<void> {
    while (this.#full.length > 0) {
      const { address, bytes } = this.#full[0] as { address: number; bytes: Buffer };
      await this.#file.put(address, bytes);
      this.#full.shift();
    }
    if (!this.#isDirty) return;
    for (const [level, node] of this.#spine.entries()) {
      await this.#file.put(node.address, this.#bytesOf(node, level, undefined, rows));
    }
    this.#isDirty = false;
  }

  #add(chunk: PlacedChunk, level: number): void {
    const node = this.#spine[level];
    if (node === undefined) {
      this.#spine[level] = this.#node(undefined, [chunk]);
      return;
    }
    if (node.entries.length < CHILDREN) {
      node.entries.push(chunk);
      return;
    }
    const next = this.#node(node.address, [chunk]);
    this.#full.push({ address: node.address, bytes: this.#bytesOf(node, level, next.address, chunk.row) });
    this.#spine[level] = next;
    // Its first two children make the root of one level more.
    if (this.#spine[level + 1] === undefined) this.#add(parentEntry(node), level + 1);
    this.#add(parentEntry(next), level + 1);
  }

  #node(left: number | undefined, entries: PlacedChunk[]): Node {
    return { address: this.#file.reserve(this.#nodeBytes), left, entries };
  }

  get #nodeBytes(): number {
    return PREFIX_BYTES + (CHILDREN + 1) * (16 + 8 * this.#rank) + CHILDREN * 8;
  }

  #bytesOf({ left, entries }: Node, level: number, right: number | undefined, end: number): Buffer {
    const out = new BytesOut().ascii("TREE").u8(1).u8(level).u16(entries.length).u64(left).u64(right);
    for (const { row, bytes, mask, address } of entries) {
      this.#key(out, row, bytes, mask);
      out.u64(address);
    }
    this.#key(out, end, 0, 0);
    return out.zeros(this.#nodeBytes - out.length).done();
  }

  #key(out: BytesOut, row: number, bytes: number, mask: number): void {
    out
      .u32(bytes)
      .u32(mask)
      .u64(row)
      .zeros(8 * this.#rank);
  }
}

function parentEntry({ address, entries }: Node): PlacedChunk {
  return { ...(entries[0] as PlacedChunk), address };
}
