import { LiveFormatError } from "./messages.ts";

const MAX_DEPTH = 64;
const REFUSED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads one MessagePack value that fills the bytes exactly; byte arrays are views. */
export function readMsgpack(bytes: Uint8Array): unknown {
  const reader = new MsgpackReader(bytes);
  const value = reader.value();
  if (reader.at !== bytes.length) throw new LiveFormatError("msgpack: more bytes than one value has");
  return value;
}

/** Reads MessagePack values one behind the other; nothing is allocated for what is not there. */
export class MsgpackReader {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  /** Reads the value that begins here. */
  value(depth = 0): unknown {
    const tag = this.#uint(1);
    if (tag < 0x80) return tag;
    if (tag < 0x90) return this.#map(tag & 15, depth);
    if (tag < 0xa0) return this.#list(tag & 15, depth);
    if (tag < 0xc0) return this.#text(tag & 31);
    if (tag >= 0xe0) return tag - 0x100;
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#uint(1 << (tag - 0xc4)));
      case 0xca:
        return this.#view.getFloat32(this.#skip(4));
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (tag - 0xcc));
      case 0xcf:
        return plain(this.#view.getBigUint64(this.#skip(8)));
      case 0xd0:
        return this.#view.getInt8(this.#skip(1));
      case 0xd1:
        return this.#view.getInt16(this.#skip(2));
      case 0xd2:
        return this.#view.getInt32(this.#skip(4));
      case 0xd3:
        return plain(this.#view.getBigInt64(this.#skip(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (tag - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#uint(tag === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(tag === 0xde ? 2 : 4), depth);
      default:
        throw new LiveFormatError(`msgpack: the tag 0x${tag.toString(16)} is not used`);
    }
  }

  #list(length: number, depth: number): unknown[] {
    this.#descend(depth, length);
    const list: unknown[] = [];
    for (let index = 0; index < length; index += 1) list.push(this.value(depth + 1));
    return list;
  }

  #map(entries: number, depth: number): Record<string, unknown> {
    this.#descend(depth, entries * 2);
    const map: Record<string, unknown> = {};
    for (let index = 0; index < entries; index += 1) {
      const key = this.value(depth + 1);
      if (typeof key !== "string" || REFUSED.has(key)) throw new LiveFormatError("msgpack: a key that is refused");
      map[key] = this.value(depth + 1);
    }
    return map;
  }

  #descend(depth: number, least: number): void {
    if (depth >= MAX_DEPTH) throw new LiveFormatError("msgpack: nested too deeply");
    if (least > this.#bytes.length - this.at) throw new LiveFormatError("msgpack: cut short");
  }

  #text(length: number): string {
    try {
      return utf8.decode(this.#take(length));
    } catch (error) {
      if (error instanceof LiveFormatError) throw error;
      throw new LiveFormatError("msgpack: text that is not UTF-8");
    }
  }

  #take(length: number): Uint8Array {
    const from = this.#skip(length);
    return this.#bytes.subarray(from, from + length);
  }

  #uint(size: number): number {
    const from = this.#skip(size);
    return size === 1
      ? this.#view.getUint8(from)
      : size === 2
        ? this.#view.getUint16(from)
        : this.#view.getUint32(from);
  }

  #skip(size: number): number {
    const from = this.at;
    if (from + size > this.#bytes.length) throw new LiveFormatError("msgpack: cut short");
    this.at = from + size;
    return from;
  }
}

/** Gives a number where it is exact, otherwise the bigint. */
function plain(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
