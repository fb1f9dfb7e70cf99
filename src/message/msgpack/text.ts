import { constants, isUtf8 } from "node:buffer";

/** The methods of Buffer that read text without the detour of `toString`; they take any Uint8Array as `this`. */
interface Slices {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  utf8Slice(this: Uint8Array, start: number, end: number): string;
}
const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as Slices;

/** From here on the native check of UTF-8 is cheaper than a loop. */
const NATIVE_CHECK = 256;

/** Joins the bits of a text; below 0x80 it is ASCII and needs no further check. Long text is left to `isText`. */
export function highBits(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > NATIVE_CHECK) return 0xff;
  let all = 0;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    all |= (bytes[at] as number) | (bytes[at + 1] as number) | (bytes[at + 2] as number) | (bytes[at + 3] as number);
  }
  for (; at < end; at++) all |= bytes[at] as number;
  return all;
}

/** Tells whether the bytes are UTF-8 that fits into one string. */
export function isText(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start <= constants.MAX_STRING_LENGTH && isUtf8(bytes.subarray(start, end));
}

/** Reads text; undefined when the bytes are not UTF-8. A byte order mark stays, so that nothing is lost. */
export function readText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (highBits(bytes, start, end) < 0x80) return latin1Slice.call(bytes, start, end);
  return isText(bytes, start, end) ? utf8Slice.call(bytes, start, end) : undefined;
}

const SLOTS = 512;
const LONGEST = 32;

/**
 * Remembers short ASCII texts, because keys, run ids and stream names come again with every message: comparing bytes is
 * several times cheaper than making a string. Its memory is fixed; a newcomer takes the slot of its predecessor.
 */
export class TextCache {
  readonly #texts: string[] = new Array<string>(SLOTS).fill("");
  readonly #bytes: Uint8Array = new Uint8Array(SLOTS * LONGEST);
  /** A number below 512 that follows from the text read last: different numbers, different texts. */
  slot = 0;

  /** Reads text; undefined when the bytes are not UTF-8. */
  read(bytes: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start;
    if (length > LONGEST || length === 0) {
      this.slot = length & (SLOTS - 1);
      return readText(bytes, start, end);
    }
    const slot =
      (length * 7 +
        (bytes[start] as number) * 31 +
        (bytes[start + (length >> 1)] as number) * 61 +
        (bytes[end - (length > 1 ? 2 : 1)] as number) * 97 +
        (bytes[end - 1] as number) * 127) &
      (SLOTS - 1);
    this.slot = slot;
    const known = this.#texts[slot] as string;
    if (known.length === length) {
      const own = this.#bytes;
      const offset = slot * LONGEST - start;
      let at = start;
      while (at < end && own[offset + at] === bytes[at]) at++;
      if (at === end) return known;
    }
    return this.#learn(bytes, start, end, slot);
  }

  #learn(bytes: Uint8Array, start: number, end: number, slot: number): string | undefined {
    const text = readText(bytes, start, end);
    // As many characters as bytes: all of them are ASCII.
    if (text === undefined || text.length !== end - start) return text;
    this.#texts[slot] = text;
    for (let at = start; at < end; at++) this.#bytes[slot * LONGEST + at - start] = bytes[at] as number;
    return text;
  }
}
