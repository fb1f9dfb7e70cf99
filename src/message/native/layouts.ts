import { dynamicStructure } from "./dynamic-map.ts";
import type { Facts } from "./facts.ts";
import { PRELUDE, staticLength } from "./prelude.ts";

/** Holds what is the same in all headers of events whose maps have the same keys and lengths at the same places. */
export interface Layout {
  readonly facts: Facts;
  /** Where the metadata begin in the header; 0 where there are none. */
  readonly metadataAt: number;
  /** What else the dynamic map has, in bits of `SEEN`. */
  readonly seen: number;
  readonly flags: number;
  readonly staticLength: number;
  /** The header in words of four bytes, and which of their bits count; the prelude is not looked at. */
  readonly words: Int32Array;
  readonly bits: Int32Array;
  /** The length of the header. */
  readonly length: number;
}

const REMEMBERED = 8;
const LONGEST = 4096;
const FIRST_WORD = PRELUDE / 4;
/** What it costs to learn a layout, in headers that have to be known for it: where none ever is, few are learned. */
const PRICE = 16;
const MOST_CREDIT = 256;
/** So many unknown headers in a row are reason to try once more. */
const PATIENCE = 64;

/**
 * Recognizes headers whose maps need no check, as an earlier one that was checked differs from them in nothing but values:
 * in numbers, booleans, ASCII text of the same length, byte arrays. To compare costs a fifth of a check.
 */
export class Layouts {
  readonly #known: Layout[] = [];
  #credit = MOST_CREDIT;
  #misses = 0;
  /** The header at hand, where its words are aligned: to copy it costs less than to ask it for its buffer. */
  readonly #bytes = new Uint8Array(LONGEST + 16);
  readonly #words = new Int32Array(this.#bytes.buffer);

  /** Gives the layout of a header of which only the prelude was checked; undefined for one that is not known. */
  find(header: Uint8Array): Layout | undefined {
    if (header.length > LONGEST) return undefined;
    this.#bytes.set(header);
    const known = this.#known;
    for (let index = 0; index < known.length; index += 1) {
      const layout = known[index] as Layout;
      if (!isOf(layout, header, this.#words)) continue;
      if (index > 0) {
        known[index] = known[index - 1] as Layout;
        known[index - 1] = layout;
      }
      if (this.#credit < MOST_CREDIT) this.#credit += 1;
      return layout;
    }
    return undefined;
  }

  /** Takes a header that was checked and not known, so that the next one like it is. */
  learn(header: Uint8Array, facts: Facts, metadataAt: number, seen: number): void {
    this.#misses += 1;
    if (this.#misses % PATIENCE === 0) this.#credit += PRICE;
    if (this.#credit < PRICE || header.length > LONGEST) return;
    this.#credit -= PRICE;
    this.#known.unshift(layoutOf(header, facts, metadataAt, seen));
    if (this.#known.length > REMEMBERED) this.#known.pop();
  }
}

function isOf(layout: Layout, header: Uint8Array, given: Int32Array): boolean {
  if (layout.length !== header.length || layout.flags !== header[5]) return false;
  if (layout.staticLength !== staticLength(header)) return false;
  const { words, bits } = layout;
  // Four words at a time: a jump for each would cost more than the comparison.
  for (let at = FIRST_WORD; at < words.length; at += 4) {
    const differs =
      (((given[at] as number) ^ (words[at] as number)) & (bits[at] as number)) |
      (((given[at + 1] as number) ^ (words[at + 1] as number)) & (bits[at + 1] as number)) |
      (((given[at + 2] as number) ^ (words[at + 2] as number)) & (bits[at + 2] as number)) |
      (((given[at + 3] as number) ^ (words[at + 3] as number)) & (bits[at + 3] as number));
    if (differs !== 0) return false;
  }
  return true;
}

function layoutOf(header: Uint8Array, facts: Facts, metadataAt: number, seen: number): Layout {
  const { length } = header;
  const ofStatic = staticLength(header);
  const bits = new Uint8Array(length).fill(0xff);
  bits.set(dynamicStructure(header, PRELUDE + ofStatic), PRELUDE + ofStatic);
  const flags = header[5] as number;
  return {
    facts,
    metadataAt,
    seen,
    flags,
    staticLength: ofStatic,
    words: wordsOf(header),
    bits: wordsOf(bits),
    length,
  };
}

/** Gives bytes as words, of which there are as many fours as are compared. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const fours = Math.ceil((bytes.length - PRELUDE) / 16);
  const words = new Int32Array(FIRST_WORD + fours * 4);
  new Uint8Array(words.buffer).set(bytes);
  return words;
}
