import { RejectedError } from "../../errors.ts";
import { readText, type TextCache } from "../../message/msgpack/text.ts";

/** The additional information that stands for a length to be found, or for an end. */
export const INDEFINITE = 31;

const scratch = new DataView(new ArrayBuffer(8));

/** Reads the parts of CBOR one after the other, and counts what is not the contents of byte strings. */
export class CborBytes {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #most: number;
  /** Contents of byte strings so far. */
  #contents = 0;

  constructor(bytes: Uint8Array, maxHeaderBytes: number) {
    this.#bytes = bytes;
    this.#most = maxHeaderBytes;
  }

  /** Reads the first byte of an item. */
  head(): { readonly major: number; readonly info: number } {
    this.#checkStructure();
    const first = this.#bytes[this.#take(1)] as number;
    return { major: first >> 5, info: first & 31 };
  }

  /** Reads the whole number from 0 on that belongs to an item. */
  integer(info: number): number | bigint {
    if (info < 24) return info;
    if (info > 27) throw new RejectedError("not CBOR: a byte that means nothing");
    const bytes = 1 << (info - 24);
    const at = this.#take(bytes);
    if (bytes < 8) return this.#number(at, bytes);
    const high = this.#number(at, 4);
    const low = this.#number(at + 4, 4);
    return high < 0x20_0000 ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  /** Reads how many items a list or map has, each of at least so many bytes. */
  count(info: number, bytes: number): number {
    const count = this.integer(info);
    const most = (this.#bytes.length - this.at) / bytes;
    if (count > most) throw new RejectedError("claims more items than there are bytes");
    return Number(count);
  }

  /** Reads bytes: a view, or a copy where they come in pieces. */
  byteString(info: number): Uint8Array {
    const pieces = this.#pieces(2, info);
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : new Uint8Array(Buffer.concat(pieces));
  }

  /** Reads text. */
  text(info: number, cache: TextCache): string {
    let all = "";
    for (const piece of this.#pieces(3, info)) {
      const text = piece.length > 32 ? readText(piece, 0, piece.length) : cache.read(piece, 0, piece.length);
      if (text === undefined) throw new RejectedError("text that is not UTF-8");
      all += text;
    }
    this.#checkStructure();
    return all;
  }

  /** Reads what is no number of any size: booleans, null and floats. */
  simple(info: number): unknown {
    if (info === 20) return false;
    if (info === 21) return true;
    // Undefined is null here: documents have no other form for it.
    if (info === 22 || info === 23) return null;
    if (info < 25 || info > 27) throw new RejectedError("a simple value that is not supported");
    const bytes = 1 << (info - 24);
    const at = this.#take(bytes);
    for (let index = 0; index < bytes; index += 1) scratch.setUint8(index, this.#bytes[at + index] as number);
    if (bytes === 8) return scratch.getFloat64(0);
    return bytes === 4 ? scratch.getFloat32(0) : fromHalf(scratch.getUint16(0));
  }

  /** Gives the bytes from a place to here. */
  from(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.at);
  }

  /** Gives a value if nothing is left. */
  expectEnd<T>(value: T): T {
    if (this.at < this.#bytes.length) throw new RejectedError(`${this.#bytes.length - this.at} bytes are left over`);
    return value;
  }

  /** Reads the one piece, or the several ones, of a string of bytes or text. */
  #pieces(major: number, info: number): readonly Uint8Array[] {
    if (info !== INDEFINITE) return [this.#piece(major, info)];
    const pieces: Uint8Array[] = [];
    while (true) {
      const head = this.head();
      if (head.major === 7 && head.info === INDEFINITE) return pieces;
      if (head.major !== major || head.info === INDEFINITE)
        throw new RejectedError("not CBOR: a piece of another kind");
      pieces.push(this.#piece(major, head.info));
    }
  }

  #piece(major: number, info: number): Uint8Array {
    const length = this.integer(info);
    if (length > this.#bytes.length - this.at) throw new RejectedError(`cut short: ${length} bytes are claimed`);
    const at = this.#take(Number(length));
    if (major === 2) this.#contents += this.at - at;
    return this.#bytes.subarray(at, this.at);
  }

  /** Each byte of structure can become an object many times its size. */
  #checkStructure(): void {
    if (this.at - this.#contents <= this.#most) return;
    throw new RejectedError(`the message has more than ${this.#most} bytes beside its arrays`);
  }

  #take(bytes: number): number {
    const at = this.at;
    if (at + bytes > this.#bytes.length) throw new RejectedError("cut short");
    this.at = at + bytes;
    return at;
  }

  #number(at: number, bytes: number): number {
    let value = 0;
    for (let index = at; index < at + bytes; index += 1) value = value * 256 + (this.#bytes[index] as number);
    return value;
  }
}

/** Gives the number that the bits of a float16 stand for. */
function fromHalf(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
