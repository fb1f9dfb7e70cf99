import { BytesOut } from "../format/bytes-out.ts";
import type { GrowingFile } from "./growing-file.ts";

/** Says where in the file a text stands, as datasets and attributes have it. */
export type TextPlace = Uint8Array;

const HEAP_BYTES = 64 * 1024;
const PREFIX_BYTES = 16;
const OBJECT_BYTES = 16;
const MAX_OBJECTS = 65_000;
const NOWHERE: TextPlace = new Uint8Array(16);

/** Keeps the texts of a file: they stand in heaps, each of which is written again while it fills. */
export class TextHeap {
  readonly #file: GrowingFile;
  #address = 0;
  #bytes: Buffer | undefined;
  #used = 0;
  #objects = 0;
  /** From here on is not written yet. */
  #dirtyFrom = 0;
  /** Filled ones that are not written yet. */
  readonly #full: { readonly address: number; readonly bytes: Buffer }[] = [];

  constructor(file: GrowingFile) {
    this.#file = file;
  }

  /** Takes a text in, and gives its place. */
  add(text: string): TextPlace {
    const content = Buffer.from(text);
    // A text of no bytes is nowhere.
    if (content.length === 0) return NOWHERE;
    const takes = OBJECT_BYTES + Math.ceil(content.length / 8) * 8;
    const { bytes, index } = this.#room(takes);
    const object = new BytesOut().u16(index).u16(0).u32(0).u64(content.length).bytes(content).done();
    bytes.set(object, this.#used);
    this.#used += takes;
    return new Uint8Array(new BytesOut().u32(content.length).u64(this.#address).u32(index).done());
  }

  /** Writes what was taken in. */
  async flush(): Promise<void> {
    while (this.#full.length > 0) {
      const { address, bytes } = this.#full[0] as { address: number; bytes: Buffer };
      await this.#file.put(address, bytes);
      this.#full.shift();
    }
    const bytes = this.#bytes;
    if (bytes === undefined || this.#dirtyFrom === this.#used) return;
    const used = this.#used;
    const end = Math.min(used + OBJECT_BYTES, bytes.length);
    await this.#file.put(this.#address + this.#dirtyFrom, closed(bytes, used).subarray(this.#dirtyFrom, end));
    this.#dirtyFrom = used;
  }

  #room(takes: number): { bytes: Buffer; index: number } {
    const wanted = PREFIX_BYTES + takes;
    if (this.#bytes === undefined || this.#used + takes > this.#bytes.length || this.#objects >= MAX_OBJECTS) {
      if (this.#bytes !== undefined) {
        const end = Math.min(this.#used + OBJECT_BYTES, this.#bytes.length);
        const bytes = closed(this.#bytes, this.#used).subarray(this.#dirtyFrom, end);
        this.#full.push({ address: this.#address + this.#dirtyFrom, bytes });
      }
      const size = Math.max(HEAP_BYTES, wanted);
      this.#address = this.#file.reserve(size);
      this.#bytes = Buffer.alloc(size);
      this.#bytes.set(new BytesOut().ascii("GCOL").u8(1).zeros(3).u64(size).done());
      this.#used = PREFIX_BYTES;
      this.#dirtyFrom = 0;
      this.#objects = 0;
    }
    this.#objects += 1;
    return { bytes: this.#bytes, index: this.#objects };
  }
}

/** Says what is left over, as object 0. */
function closed(bytes: Buffer, used: number): Buffer {
  const left = bytes.length - used;
  if (left < OBJECT_BYTES) return bytes;
  bytes.set(new BytesOut().u16(0).u16(0).u32(0).u64(left).done(), used);
  return bytes;
}
