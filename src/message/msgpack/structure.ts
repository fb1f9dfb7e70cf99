import { skip } from "./find.ts";
import { uint8, uint16, uint32 } from "./numbers.ts";

/**
 * Says which bits of a map that `skim` has let pass are its structure: where other bytes of the same length have the same
 * bits, `skim` would let them pass too, and their keys and values stand at the same places. All other bits are those of
 * numbers and booleans, of ASCII text below its highest bit, and of byte arrays.
 */
export function structureOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const structure = new Structure(bytes, start, end);
  structure.value(start);
  return structure.bits;
}

const NOT_ASCII = 0x80;

/** Goes over a map, as deep as its bytes were let to be. */
class Structure {
  readonly bits: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.bits = new Uint8Array(end - start).fill(0xff);
  }

  /** Notes what is free in the value at a place; gives where the next one begins. */
  value(at: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    const tag = bytes[at] as number;
    if (tag < 0x80) return this.#free(at, 1, 0x80);
    if (tag < 0x90) return this.#entries(at + 1, tag & 15);
    if (tag < 0xa0) return this.#values(at + 1, tag & 15);
    if (tag < 0xc0) return this.#text(at + 1, tag & 31);
    if (tag >= 0xe0) return this.#free(at, 1, 0xe0);
    switch (tag) {
      case 0xc2:
      case 0xc3:
        return this.#free(at, 1, 0xfe);
      case 0xcc:
      case 0xd0:
        return this.#free(at + 1, 1);
      case 0xcd:
      case 0xd1:
        return this.#free(at + 1, 2);
      case 0xca:
      case 0xce:
      case 0xd2:
        return this.#free(at + 1, 4);
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return this.#free(at + 1, 8);
      case 0xc4:
        return this.#free(at + 2, uint8(bytes, at, end));
      case 0xc5:
        return this.#free(at + 3, uint16(bytes, at, end));
      case 0xc6:
        return this.#free(at + 5, uint32(bytes, at, end));
      case 0xd9:
        return this.#text(at + 2, uint8(bytes, at, end));
      case 0xda:
        return this.#text(at + 3, uint16(bytes, at, end));
      case 0xdb:
        return this.#text(at + 5, uint32(bytes, at, end));
      case 0xdc:
        return this.#values(at + 3, uint16(bytes, at, end));
      case 0xdd:
        return this.#values(at + 5, uint32(bytes, at, end));
      case 0xde:
        return this.#entries(at + 3, uint16(bytes, at, end));
      case 0xdf:
        return this.#entries(at + 5, uint32(bytes, at, end));
      default:
        return skip(bytes, at, end);
    }
  }

  #values(from: number, count: number): number {
    let at = from;
    for (let left = count; left > 0; left -= 1) at = this.value(at);
    return at;
  }

  #entries(from: number, count: number): number {
    let at = from;
    for (let left = count; left > 0; left -= 1) at = this.value(skip(this.#bytes, at, this.#end));
    return at;
  }

  /** Of other text than ASCII every bit counts, as which bytes may follow each other is not said by bits. */
  #text(from: number, length: number): number {
    const to = from + length;
    for (let at = from; at < to; at += 1) if ((this.#bytes[at] as number) >= NOT_ASCII) return to;
    return this.#free(from, length, NOT_ASCII);
  }

  #free(from: number, length: number, fixed = 0): number {
    const at = from - this.#start;
    this.bits.fill(fixed, at, at + length);
    return from + length;
  }
}
