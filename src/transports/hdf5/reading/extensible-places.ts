import { RejectedError } from "../../../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { type ChunkPlace, type ChunkPlaces, type IndexFacts, linear, readElement } from "./chunk-index.ts";

const PREFIX_BYTES = 14;
const CHECKSUM_BYTES = 4;

/** Finds chunks in an extensible array: of a dataset that grows along its first axis. */
export class ExtensiblePlaces implements ChunkPlaces {
  readonly #facts: IndexFacts;
  readonly #elementBytes: number;
  readonly #offsetBytes: number;
  /** Elements that stand in the index block itself. */
  readonly #inIndex: number;
  readonly #leastElements: number;
  readonly #leastPointers: number;
  readonly #pageElements: number;
  readonly #index: number | undefined;

  private constructor(facts: IndexFacts, reader: ByteReader) {
    this.#facts = facts;
    this.#elementBytes = reader.u8();
    this.#offsetBytes = Math.ceil(reader.u8() / 8);
    this.#inIndex = reader.u8();
    this.#leastElements = reader.u8();
    this.#leastPointers = reader.u8();
    this.#pageElements = 2 ** reader.u8();
    this.#index = reader.skip(6 * 8).address();
    if (this.#leastElements === 0 || this.#leastPointers === 0) {
      throw new RejectedError("hdf5: an extensible array is damaged");
    }
  }

  static async open(facts: IndexFacts): Promise<ExtensiblePlaces> {
    const reader = new ByteReader(await facts.file.part(facts.address, 72)).expect("EAHD");
    reader.version("an extensible array", [0]);
    return new ExtensiblePlaces(facts, reader.skip(1));
  }

  async find(chunk: readonly number[]): Promise<ChunkPlace | undefined> {
    const number = linear(chunk, this.#facts.grid);
    if (this.#index === undefined) return undefined;
    const elements = this.#index + PREFIX_BYTES;
    if (number < this.#inIndex) return this.#element(elements + number * this.#elementBytes);
    const pointers = elements + this.#inIndex * this.#elementBytes;
    return this.#inBlocks(number - this.#inIndex, pointers);
  }

  /** Blocks come in generations: every second one has twice as many blocks, every other one blocks of twice the size. */
  async #inBlocks(number: number, pointers: number): Promise<ChunkPlace | undefined> {
    const direct = 2 * Math.log2(this.#leastPointers);
    let firstElement = 0;
    let firstBlock = 0;
    for (let generation = 0; generation < 128; generation += 1) {
      const blocks = 2 ** Math.floor(generation / 2);
      const blockElements = this.#leastElements * 2 ** Math.ceil(generation / 2);
      if (number >= firstElement + blocks * blockElements) {
        firstElement += blocks * blockElements;
        firstBlock += blocks;
        continue;
      }
      const block = Math.floor((number - firstElement) / blockElements);
      const within = (number - firstElement) % blockElements;
      if (generation < direct) {
        return this.#inBlock(await this.#address(pointers + (firstBlock + block) * 8), within, blockElements);
      }
      const supers = pointers + 2 * (this.#leastPointers - 1) * 8;
      const superBlock = await this.#address(supers + (generation - direct) * 8);
      if (superBlock === undefined) return undefined;
      const pages = blockElements > this.#pageElements ? blockElements / this.#pageElements : 0;
      const bitmaps = blocks * Math.ceil(pages / 8);
      const at = superBlock + PREFIX_BYTES + this.#offsetBytes + bitmaps + block * 8;
      return this.#inBlock(await this.#address(at), within, blockElements);
    }
    throw new RejectedError("hdf5: an extensible array has no end");
  }

  async #inBlock(block: number | undefined, within: number, elements: number): Promise<ChunkPlace | undefined> {
    if (block === undefined) return undefined;
    let at = block + PREFIX_BYTES + this.#offsetBytes + within * this.#elementBytes;
    if (elements > this.#pageElements) at += CHECKSUM_BYTES * (1 + Math.floor(within / this.#pageElements));
    return this.#element(at);
  }

  async #address(at: number): Promise<number | undefined> {
    return new ByteReader(await this.#facts.file.part(at, 8)).address();
  }

  async #element(at: number): Promise<ChunkPlace | undefined> {
    const reader = new ByteReader(await this.#facts.file.part(at, this.#elementBytes));
    return readElement(reader, this.#elementBytes, this.#facts);
  }
}
