import { UsageError } from "../../errors.ts";
import { HALF_PAIR } from "../../message/msgpack/byte-writer.ts";
import { pathOf } from "../../message/msgpack/path.ts";
import { isRefusedKey } from "../../message/msgpack/refused-keys.ts";
import { remedyFor } from "../../message/msgpack/remedy.ts";

const MAX_DEPTH = 64;
/** Bytes from here on are not gathered but joined at the end, so that they are copied once. */
const APART = 4096;
const FIRST = 4096;
/** Half of a surrogate pair; with the `u` flag whole pairs are not seen as two halves. */
const LONE_SURROGATE = /\p{Surrogate}/u;

type Path = readonly (string | number)[];

/** Writes CBOR of definite lengths; what a format writes in its own way, its `special` writes. */
export class CborWriter {
  #parts: Uint8Array[] = [];
  #bytes = Buffer.allocUnsafeSlow(FIRST);
  /** Where what is not yet among the parts begins. */
  #start = 0;
  #at = 0;
  readonly #special: (writer: CborWriter, value: unknown, path: Path) => boolean;

  constructor(special: (writer: CborWriter, value: unknown, path: Path) => boolean) {
    this.#special = special;
  }

  /** Writes one value and gives its bytes, which nobody else will change; `name` names it in errors. */
  write(value: unknown, name: string): Uint8Array {
    this.#parts = [];
    this.#start = 0;
    this.#at = 0;
    this.value(value, [name]);
    this.#gather();
    const { buffer } = Buffer.allocUnsafeSlow(this.#parts.reduce((sum, { length }) => sum + length, 0));
    const whole = new Uint8Array(buffer);
    let to = 0;
    for (const part of this.#parts) {
      whole.set(part, to);
      to += part.length;
    }
    this.#parts = [];
    return whole;
  }

  /** Writes a value; `path` names it in errors. */
  value(value: unknown, path: Path): void {
    if (this.#special(this, value, path)) return;
    switch (typeof value) {
      case "string":
        this.text(value, path);
        return;
      case "number":
        this.#number(value);
        return;
      case "bigint":
        this.#bigint(value, path);
        return;
      case "boolean":
        this.#byte(value ? 0xf5 : 0xf4);
        return;
      case "undefined":
        this.#byte(0xf6);
        return;
      case "object":
        this.#object(value, path);
        return;
      default:
        throw new UsageError(`${placeOf(path)}: ${remedyFor(value)}`);
    }
  }

  /** Begins a tagged value. */
  tag(tag: number): void {
    this.#head(6, tag);
  }

  /** Begins a list of that many items. */
  list(items: number): void {
    this.#head(4, items);
  }

  /** Writes text; `path` names it in errors. */
  text(text: string, path: Path = []): void {
    const length = Buffer.byteLength(text);
    if (length !== text.length && LONE_SURROGATE.test(text)) throw new UsageError(`${placeOf(path)}: ${HALF_PAIR}`);
    this.#head(3, length);
    this.#room(length);
    this.#at += this.#bytes.write(text, this.#at, length, "utf8");
  }

  /** Writes bytes; many bytes must not change before the end. */
  byteString(bytes: Uint8Array): void {
    this.#head(2, bytes.length);
    this.raw(bytes);
  }

  /** Writes what is CBOR already; many bytes must not change before the end. */
  raw(bytes: Uint8Array): void {
    if (bytes.length >= APART) {
      this.#gather();
      this.#parts.push(bytes);
      return;
    }
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Writes a whole number from 0 on. */
  uint(number: number): void {
    this.#head(0, number);
  }

  #object(value: object | null, path: Path): void {
    if (value === null) {
      this.#byte(0xf6);
      return;
    }
    if (value instanceof Uint8Array) {
      this.byteString(value);
      return;
    }
    if (path.length > MAX_DEPTH) {
      throw new UsageError(
        `${placeOf(path)}: nested more than ${MAX_DEPTH} deep; does it contain itself? make it flatter`,
      );
    }
    if (Array.isArray(value)) {
      this.list(value.length);
      for (const [index, item] of value.entries()) this.value(item, [...path, index]);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      throw new UsageError(`${placeOf(path)}: ${remedyFor(value)}`);
    const fields = Object.entries(value).filter(([, item]) => item !== undefined);
    this.#head(5, fields.length);
    for (const [key, item] of fields) {
      const place = [...path, key];
      if (isRefusedKey(key)) throw new UsageError(`${placeOf(place)}: a key of this name is refused; use another name`);
      this.text(key, place);
      this.value(item, place);
    }
  }

  #number(number: number): void {
    if (Number.isSafeInteger(number) && !Object.is(number, -0)) {
      if (number >= 0) this.#head(0, number);
      else this.#head(1, -1 - number);
      return;
    }
    this.#byte(0xfb);
    this.#room(8);
    this.#at = this.#bytes.writeDoubleBE(number, this.#at);
  }

  #bigint(number: bigint, path: Path): void {
    const argument = number >= 0n ? number : -1n - number;
    if (argument >= 1n << 64n) throw new UsageError(`${placeOf(path)}: has more than 64 bits; use text`);
    this.#byte(number >= 0n ? 0x1b : 0x3b);
    this.#room(8);
    this.#at = this.#bytes.writeBigUInt64BE(argument, this.#at);
  }

  #head(major: number, argument: number): void {
    const first = major << 5;
    if (argument < 24) {
      this.#byte(first | argument);
      return;
    }
    if (argument >= 2 ** 32) {
      this.#byte(first | 27);
      this.#room(8);
      this.#at = this.#bytes.writeBigUInt64BE(BigInt(argument), this.#at);
      return;
    }
    this.#room(5);
    if (argument < 0x100) {
      this.#byte(first | 24);
      this.#byte(argument);
    } else if (argument < 0x1_0000) {
      this.#byte(first | 25);
      this.#at = this.#bytes.writeUInt16BE(argument, this.#at);
    } else {
      this.#byte(first | 26);
      this.#at = this.#bytes.writeUInt32BE(argument, this.#at);
    }
  }

  #byte(byte: number): void {
    this.#room(1);
    this.#bytes[this.#at] = byte;
    this.#at += 1;
  }

  #gather(): void {
    if (this.#at > this.#start) this.#parts.push(this.#bytes.subarray(this.#start, this.#at));
    this.#start = this.#at;
  }

  /** Makes room; what is among the parts stays where it is. */
  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const waiting = this.#bytes.subarray(this.#start, this.#at);
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(FIRST, 2 * (waiting.length + more)));
    this.#bytes.set(waiting);
    this.#start = 0;
    this.#at = waiting.length;
  }
}

/** Names a place: the name of the whole, and the keys and indices that lead there. */
function placeOf([name, ...steps]: Path): string {
  return pathOf(steps, String(name));
}
