import { ByteReader } from "./byte-reader.ts";
import { type ChunkPlace, type ChunkPlaces, type IndexFacts, linear, readElement } from "./chunk-index.ts";

const PREFIX_BYTES = 14;
const CHECKSUM_BYTES = 4;

/** Finds chunks in a fixed array: of a dataset that cannot grow. */
export class FixedPlaces implements ChunkPlaces {
  readonly #facts: IndexFacts;
  readonly #elementBytes: number;
  readonly #pageElements: number;
  readonly #elements: number;
  readonly #block: number | undefined;

  private constructor(facts: IndexFacts, reader: ByteReader) {
    this.#facts = facts;
    this.#elementBytes = reader.u8();
    this.#pageElements = 2 ** reader.u8();
    this.#elements = reader.size();
    this.#block = reader.address();
  }

  static async open(facts: IndexFacts): Promise<FixedPlaces> {
    const reader = new ByteReader(await facts.file.part(facts.address, 28)).expect("FAHD");
    reader.version("a fixed array", [0]);
    return new FixedPlaces(facts, reader.skip(1));
  }

  async find(chunk: readonly number[]): Promise<ChunkPlace | undefined> {
    const number = linear(chunk, this.#facts.grid);
    if (this.#block === undefined || number >= this.#elements) return undefined;
    const pages = Math.ceil(this.#elements / this.#pageElements);
    const page = Math.floor(number / this.#pageElements);
    let at = this.#block + PREFIX_BYTES + number * this.#elementBytes;
    if (this.#elements > this.#pageElements) {
      const bits = await this.#facts.file.part(this.#block + PREFIX_BYTES + Math.floor(page / 8), 1);
      if (((bits[0] as number) & (0x80 >> (page % 8))) === 0) return undefined;
      at += Math.ceil(pages / 8) + CHECKSUM_BYTES * (1 + page);
    }
    const element = new ByteReader(await this.#facts.file.part(at, this.#elementBytes));
    return readElement(element, this.#elementBytes, this.#facts);
  }
}
