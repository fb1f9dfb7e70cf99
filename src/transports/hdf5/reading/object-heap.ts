import { RejectedError } from "../../../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import type { StoredFile } from "./stored-file.ts";

interface HeapHead {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly width: number;
  readonly startBytes: number;
  readonly maxDirectBytes: number;
  readonly root: number;
  readonly rows: number;
}

const MAX_DEPTH = 16;

/** Reads objects of a fractal heap, in which groups keep links where they have many. */
export class ObjectHeap {
  readonly #file: StoredFile;
  readonly #head: HeapHead;

  private constructor(file: StoredFile, head: HeapHead) {
    this.#file = file;
    this.#head = head;
  }

  static async open(file: StoredFile, address: number): Promise<ObjectHeap> {
    const reader = new ByteReader(await file.part(address, 144)).expect("FRHP");
    reader.version("a heap", [0]);
    reader.skip(2);
    if (reader.u16() !== 0) throw new RejectedError("hdf5: a compressed heap is not known here; use h5repack");
    reader.skip(1);
    const maxManaged = reader.u32();
    reader.skip(12 * 8);
    const width = reader.u16();
    const startBytes = reader.size();
    const maxDirectBytes = reader.size();
    const heapBits = reader.u16();
    reader.skip(2);
    const root = reader.place();
    const rows = reader.u16();
    if (width === 0 || startBytes === 0 || maxDirectBytes < startBytes || heapBits > 64 || rows > 64) {
      throw new RejectedError("hdf5: a heap is damaged");
    }
    const lengthBytes = Math.min(
      Math.ceil(Math.log2(maxDirectBytes) / 8),
      Math.floor(Math.log2(Math.max(1, maxManaged)) / 8) + 1,
    );
    const offsetBytes = Math.ceil(heapBits / 8);
    return new ObjectHeap(file, { offsetBytes, lengthBytes, width, startBytes, maxDirectBytes, root, rows });
  }

  /** Gives the object that an id of this heap names. */
  async object(id: Uint8Array): Promise<Buffer> {
    const reader = new ByteReader(id);
    if ((reader.u8() & 0x30) !== 0) throw new RejectedError("hdf5: a huge object of a heap is not known here");
    const offset = reader.size(this.#head.offsetBytes);
    const length = reader.size(this.#head.lengthBytes);
    const { root, rows } = this.#head;
    if (rows === 0) return this.#file.part(root + offset, length);
    const found = await this.#find(root, rows, offset, 0);
    return this.#file.part(found, length);
  }

  /** Finds the address of what stands so far behind the beginning of an indirect block. */
  async #find(block: number, rows: number, offset: number, depth: number): Promise<number> {
    const { offsetBytes, width, startBytes, maxDirectBytes } = this.#head;
    if (depth > MAX_DEPTH) throw new RejectedError("hdf5: a heap has no end");
    const prefix = 13 + offsetBytes;
    let before = 0;
    for (let row = 0; row < rows; row += 1) {
      const bytes = row === 0 ? startBytes : startBytes * 2 ** (row - 1);
      if (offset >= before + bytes * width) {
        before += bytes * width;
        continue;
      }
      const column = Math.floor((offset - before) / bytes);
      const entry = prefix + (row * width + column) * 8;
      new ByteReader(await this.#file.part(block, 4)).expect("FHIB");
      const child = new ByteReader(await this.#file.part(block + entry, 8)).place();
      const within = offset - before - column * bytes;
      if (bytes <= maxDirectBytes) return child + within;
      const childRows = Math.log2(bytes) - Math.log2(startBytes * width) + 1;
      return this.#find(child, childRows, within, depth + 1);
    }
    throw new RejectedError("hdf5: an object is not in its heap; the file is damaged");
  }
}
