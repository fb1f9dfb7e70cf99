import { markAsUntransferable } from "node:worker_threads";
import { UsageError } from "../../errors.ts";

/** Messages are written one behind the other into a slab of this size, and handed out as views of it. */
const SLAB = 16 * 1024;
/** A message that grows beyond this leaves the slab and is handed out as a copy of its own. */
const IN_SLAB = 4 * 1024;
/** Bytes from here on are not gathered but joined at the end, so that they are copied once. */
const APART = 4 * 1024;
/** A workspace larger than this is not kept for the next message. */
const KEPT_WORKSPACE = 1024 * 1024;

/** Shorter texts are written by a loop, longer ones by a native call. */
const IN_LOOP = 20;

/** What `putText` refuses, in words. */
export const HALF_PAIR = "half of a surrogate pair is not text; use toWellFormed()";

const NOTHING = Buffer.alloc(0);
const scratch = new DataView(new ArrayBuffer(8));
/** Half of a surrogate pair; with the `u` flag whole pairs are not seen as two halves. */
const LONE_SURROGATE = /\p{Surrogate}/u;

const { utf8Write } = Buffer.prototype as unknown as {
  utf8Write(this: Uint8Array, text: string, offset: number, length: number): number;
};

/**
 * Writes the parts of MessagePack for one message after the other into memory that it reuses; the bytes that `finish`
 * gives are the caller's.
 */
export class ByteWriter {
  #slab: Uint8Array = NOTHING;
  #slabUsed = 0;
  #workspace: Uint8Array = NOTHING;

  /** What is written into now: the slab, or the workspace of a larger message. */
  #bytes: Uint8Array = NOTHING;
  #start = 0;
  #at = 0;
  #apart: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  #apartBytes = 0;

  /** Begins a message, with a prelude of that many zero bytes, which the caller fills in after `finish`. */
  reset(reserve = 0): void {
    this.#bytes = this.#slab;
    this.#start = this.#slabUsed;
    this.#at = this.#start;
    if (this.#apart.length > 0) this.#apart = [];
    this.#apartBytes = 0;
    if (reserve === 0) return;
    this.#room(reserve);
    this.#bytes.fill(0, this.#at, this.#at + reserve);
    this.#at += reserve;
  }

  /** Ends the message and gives its bytes, which nobody else will change. */
  finish(): Uint8Array {
    const written = this.#bytes.subarray(this.#start, this.#at);
    if (this.#bytes === this.#slab && this.#apart.length === 0) {
      this.#slabUsed = this.#at;
      this.#start = this.#at;
      return written;
    }
    const whole = Buffer.allocUnsafe(written.length + this.#apartBytes);
    let from = 0;
    let to = 0;
    for (const { offset, bytes } of this.#apart) {
      whole.set(written.subarray(from, offset), to);
      to += offset - from;
      whole.set(bytes, to);
      to += bytes.length;
      from = offset;
    }
    whole.set(written.subarray(from), to);
    if (this.#workspace.length > KEPT_WORKSPACE) this.#workspace = NOTHING;
    this.reset();
    return whole;
  }

  /** Begins a map of that many entries: write a key and a value for each. */
  mapHeader(entries: number): void {
    this.#container(0x80, 0xde, entries);
  }

  /** Begins an array of that many items. */
  arrayHeader(items: number): void {
    this.#container(0x90, 0xdc, items);
  }

  /** Writes text; `path` is its name in errors. */
  string(text: string, path = "text"): void {
    if (!this.putText(text)) throw new UsageError(`${path}: ${HALF_PAIR}`);
  }

  /** Writes a whole number from 0 to 2^53 - 1. */
  uint(number: number): void {
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new UsageError(`uint: expected a whole number from 0 to 2^53 - 1, got ${number}`);
    }
    this.#putInteger(number);
  }

  /** Writes bytes; many bytes are referred to until `finish` copies them, so they must not change before. */
  bin(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#room(5);
    if (length < 0x100) this.#put8(0xc4, length);
    else if (length < 0x1_0000) this.#put16(0xc5, length);
    else this.#put32(0xc6, length);
    this.raw(bytes);
  }

  /** Writes a key that is bytes, not text, as msgpack-numpy has them. */
  binKey(asciiName: string): void {
    const { length } = asciiName;
    if (length > 0xff) throw new UsageError(`binKey: expected at most 255 characters, got ${length}`);
    this.#room(2 + length);
    this.#put8(0xc4, length);
    for (let i = 0; i < length; i++) this.#bytes[this.#at++] = asciiName.charCodeAt(i) & 0x7f;
  }

  /** Writes bytes that are MessagePack already; many bytes must not change before `finish`. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length >= APART) {
      this.#apart.push({ offset: this.#at - this.#start, bytes });
      this.#apartBytes += length;
      return;
    }
    this.#room(length);
    this.#bytes.set(bytes, this.#at);
    this.#at += length;
  }

  /** Writes text; false when it holds half of a surrogate pair, which UTF-8 cannot hold. */
  protected putText(text: string): boolean {
    const { length } = text;
    if (length > IN_LOOP) return this.#longText(text);
    this.#room(length + 1);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = 0xa0 | length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return this.#longText(text);
      bytes[at++] = unit;
    }
    this.#at = at;
    return true;
  }

  /** Writes text that is long or not ASCII: first the characters, behind a guess of the header, which is then made true. */
  #longText(text: string): boolean {
    const most = text.length > IN_SLAB ? Buffer.byteLength(text) : text.length * 3;
    this.#room(5 + most);
    const bytes = this.#bytes;
    const from = this.#at + textHeader(text.length);
    const length = utf8Write.call(bytes, text, from, most);
    if (length !== text.length && LONE_SURROGATE.test(text)) return false;
    const header = textHeader(length);
    const to = this.#at + header;
    if (to !== from) bytes.copyWithin(to, from, from + length);
    if (header === 1) bytes[this.#at++] = 0xa0 | length;
    else if (header === 2) this.#put8(0xd9, length);
    else if (header === 3) this.#put16(0xda, length);
    else this.#put32(0xdb, length);
    this.#at += length;
    return true;
  }

  /** Writes a number: as an integer where it is one that can be told from its neighbours, else as a float of 64 bits. */
  protected putNumber(number: number): void {
    if (Number.isSafeInteger(number) && !Object.is(number, -0)) {
      this.#putInteger(number);
      return;
    }
    this.#room(9);
    scratch.setFloat64(0, number);
    this.#put32(0xcb, scratch.getUint32(0));
    this.#four(scratch.getUint32(4));
  }

  #putInteger(number: number): void {
    this.#room(9);
    if (number >= 0) {
      if (number < 0x80) this.#bytes[this.#at++] = number;
      else if (number < 0x100) this.#put8(0xcc, number);
      else if (number < 0x1_0000) this.#put16(0xcd, number);
      else if (number < 0x1_0000_0000) this.#put32(0xce, number);
      else this.#put64(0xcf, number);
    } else if (number >= -0x20) this.#bytes[this.#at++] = number;
    else if (number >= -0x80) this.#put8(0xd0, number);
    else if (number >= -0x8000) this.#put16(0xd1, number);
    else if (number >= -0x8000_0000) this.#put32(0xd2, number);
    else this.#put64(0xd3, number);
  }

  /** Writes an integer of 64 bits that a number cannot hold. */
  protected putBigint(number: bigint): void {
    this.#room(9);
    scratch.setBigUint64(0, BigInt.asUintN(64, number));
    this.#put32(number < 0n ? 0xd3 : 0xcf, scratch.getUint32(0));
    this.#four(scratch.getUint32(4));
  }

  /** Gives the place of what is written next, for `correctMap`. */
  protected get place(): number {
    return this.#at - this.#start;
  }

  /** Puts the right number into the header of a map, which ends at a place and was written for more entries than came. */
  protected correctMap(behindHeader: number, claimed: number, entries: number): void {
    const bytes = this.#bytes;
    const end = this.#start + behindHeader;
    if (claimed < 16) {
      bytes[end - 1] = 0x80 | entries;
      return;
    }
    bytes[end - 1] = entries;
    bytes[end - 2] = entries >>> 8;
    if (claimed < 0x1_0000) return;
    bytes[end - 3] = entries >>> 16;
    bytes[end - 4] = entries >>> 24;
  }

  #container(fix: number, wide: number, count: number): void {
    this.#room(5);
    if (count < 16) this.#bytes[this.#at++] = fix | count;
    else if (count < 0x1_0000) this.#put16(wide, count);
    else this.#put32(wide + 1, count);
  }

  /** Writes one byte, as nil and the booleans are. */
  protected putTag(tag: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = tag;
  }

  #put8(tag: number, number: number): void {
    this.#bytes[this.#at++] = tag;
    this.#bytes[this.#at++] = number;
  }

  #put16(tag: number, number: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = tag;
    bytes[at + 1] = number >>> 8;
    bytes[at + 2] = number;
    this.#at = at + 3;
  }

  #put32(tag: number, number: number): void {
    this.#bytes[this.#at++] = tag;
    this.#four(number);
  }

  #put64(tag: number, number: number): void {
    const high = Math.floor(number / 0x1_0000_0000);
    this.#put32(tag, high);
    this.#four(number - high * 0x1_0000_0000);
  }

  #four(number: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = number >>> 24;
    bytes[at + 1] = number >>> 16;
    bytes[at + 2] = number >>> 8;
    bytes[at + 3] = number;
    this.#at = at + 4;
  }

  #room(more: number): void {
    if (this.#at + more > this.#bytes.length) this.#grow(more);
  }

  #grow(more: number): void {
    const used = this.#at - this.#start;
    const needed = used + more;
    const written = this.#bytes.subarray(this.#start, this.#at);
    if (needed <= IN_SLAB && this.#bytes === this.#slab) {
      this.#bytes = newSlab();
      this.#slab = this.#bytes;
      this.#slabUsed = 0;
    } else {
      if (this.#bytes === this.#workspace || this.#workspace.length < needed) {
        this.#workspace = Buffer.allocUnsafeSlow(Math.max(2 * SLAB, Math.ceil(needed * 1.5)));
      }
      this.#bytes = this.#workspace;
    }
    this.#bytes.set(written);
    this.#start = 0;
    this.#at = used;
  }
}

function newSlab(): Uint8Array {
  const slab = Buffer.allocUnsafeSlow(SLAB);
  // Whoever transfers one message to a thread would take the others, and the rest of the slab, from under us.
  markAsUntransferable(slab.buffer);
  return slab;
}

function textHeader(length: number): number {
  if (length < 0x20) return 1;
  if (length < 0x100) return 2;
  return length < 0x1_0000 ? 3 : 5;
}
