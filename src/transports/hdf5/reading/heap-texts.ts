import { RejectedError } from "../../../errors.ts";
import { MAX_TEXT_BYTES } from "../format/layout.ts";
import { ByteReader } from "./byte-reader.ts";
import type { StoredFile } from "./stored-file.ts";

const MAX_HEAPS = 16;

/** Reads texts of any length: they stand in heaps, the latest of which are kept. */
export class HeapTexts {
  readonly #file: StoredFile;
  readonly #heaps = new Map<number, ReadonlyMap<number, Buffer>>();

  constructor(file: StoredFile) {
    this.#file = file;
  }

  /** Gives the text that an element of 16 bytes names. */
  async text(element: Uint8Array): Promise<string> {
    const reader = new ByteReader(element);
    const length = reader.u32();
    const address = reader.address();
    const index = reader.u32();
    if (length === 0 || address === undefined || address === 0) return "";
    if (length > MAX_TEXT_BYTES) throw new RejectedError(`hdf5: a text of ${length} bytes is too long`);
    const bytes = (await this.#heap(address)).get(index);
    if (bytes === undefined || bytes.length < length) {
      throw new RejectedError("hdf5: a text is not where it should be; the file is damaged");
    }
    return bytes.toString("utf8", 0, length).replace(/\0+$/u, "");
  }

  async #heap(address: number): Promise<ReadonlyMap<number, Buffer>> {
    const known = this.#heaps.get(address);
    if (known !== undefined) return known;
    const head = new ByteReader(await this.#file.part(address, 16)).expect("GCOL");
    head.version("a heap of texts", [1]);
    const size = head.skip(3).size();
    const reader = new ByteReader(await this.#file.part(address, size)).skip(16);
    const objects = new Map<number, Buffer>();
    while (reader.left >= 16) {
      const index = reader.u16();
      const length = reader.skip(6).size();
      if (index === 0) break;
      objects.set(index, reader.bytes(length));
      reader.skip(Math.min(reader.left, Math.ceil(length / 8) * 8 - length));
    }
    const [oldest] = this.#heaps.keys();
    if (this.#heaps.size >= MAX_HEAPS && oldest !== undefined) this.#heaps.delete(oldest);
    this.#heaps.set(address, objects);
    return objects;
  }
}
