import { RejectedError } from "../errors.ts";

/** Says what is wrong with a Zstandard block; all that is wrong with one is an error of the same kind. */
export function damaged(what: string): RejectedError {
  return new RejectedError(`a Zstandard block is damaged: ${what}`);
}

/** Gives the place of the highest bit that is set, for numbers from 1 on. */
export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** Reads bits from the first byte on, the lowest bit first, as tables are described. */
export class ForwardBits {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads at most 16 bits. */
  read(count: number): number {
    const value = bitsAt(this.#bytes, this.#at, count);
    this.#at += count;
    if (this.#at > this.#bytes.length * 8) throw damaged("a table ends early");
    return value;
  }

  /** Takes the last bit back. */
  back(): void {
    this.#at -= 1;
  }

  /** How many bytes were begun. */
  get bytes(): number {
    return Math.ceil(this.#at / 8);
  }
}

/** Reads bits from the last byte on, the highest bit first, as symbols are coded; a bit that is set marks the end. */
export class BackwardBits {
  readonly #bytes: Uint8Array;
  #left: number;

  constructor(bytes: Uint8Array) {
    const last = bytes.at(-1) ?? 0;
    if (last === 0) throw damaged("the end of its bits is not marked");
    this.#bytes = bytes;
    this.#left = (bytes.length - 1) * 8 + highestBit(last);
  }

  /** How many bits are left; fewer than none where more were read than there are. */
  get left(): number {
    return this.#left;
  }

  /** Reads at most 16 bits; behind the last there are zeros. */
  read(count: number): number {
    const value = this.peek(count);
    this.#left -= count;
    return value;
  }

  /** Looks at the next bits without taking them. */
  peek(count: number): number {
    const from = this.#left - count;
    if (from >= 0) return bitsAt(this.#bytes, from, count);
    return this.#left <= 0 ? 0 : bitsAt(this.#bytes, 0, this.#left) << -from;
  }

  /** Takes bits that were looked at. */
  skip(count: number): void {
    this.#left -= count;
  }

  /** Reads at most 32 bits. */
  readLong(count: number): number {
    if (count <= 16) return this.read(count);
    const high = this.read(count - 16);
    return high * 65_536 + this.read(16);
  }
}

function bitsAt(bytes: Uint8Array, at: number, count: number): number {
  const from = at >>> 3;
  const word = (bytes[from] ?? 0) | ((bytes[from + 1] ?? 0) << 8) | ((bytes[from + 2] ?? 0) << 16);
  return (word >>> (at & 7)) & ((1 << count) - 1);
}
