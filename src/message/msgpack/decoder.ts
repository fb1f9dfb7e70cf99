import { BinaryKeyed } from "./binary-keyed.ts";
import {
  badKey,
  checkSpan,
  cutShort,
  Fault,
  kindOf,
  leftOver,
  rejection,
  tooDeep,
  tooMany,
  unreadable,
} from "./fault.ts";
import { keyLength } from "./key-text.ts";
import { four, uint8, uint16, uint32 } from "./numbers.ts";
import { isRefusedKey } from "./refused-keys.ts";
import { TextCache } from "./text.ts";

/** Says what a reader of MessagePack accepts. */
export interface DecodeLimits {
  /** How many maps and arrays may stand inside one another; never more than 512. */
  readonly maxDepth: number;
  /** Whether maps may have bytes as keys, which come as `BinaryKeyed`; false by default. */
  readonly binaryKeys?: boolean;
}

/** The recursion ends here, whatever a caller allows: the stack must not overflow. */
export const DEEPEST = 512;

/** Decodes the one value that fills the bytes from `start` to `end` exactly; byte arrays are views of `bytes`. */
export function decode(bytes: Uint8Array, start: number, end: number, limits: DecodeLimits): unknown {
  checkSpan(bytes, start, end);
  try {
    const value = read(bytes, start, end, Math.min(limits.maxDepth, DEEPEST), limits.binaryKeys === true);
    if (next !== end) throw leftOver(next, end);
    return value;
  } catch (thrown) {
    throw rejection(thrown, bytes, start);
  }
}

/** Decodes the value that begins at `offset` and ends at `end` or before. */
export function decodeAt(bytes: Uint8Array, offset: number, end: number, limits: DecodeLimits): unknown {
  checkSpan(bytes, offset, end);
  try {
    return read(bytes, offset, end, Math.min(limits.maxDepth, DEEPEST), limits.binaryKeys === true);
  } catch (thrown) {
    throw rejection(thrown, bytes, offset);
  }
}

const names = new TextCache();
const words = new TextCache();
const scratch = new DataView(new ArrayBuffer(8));

/** Where the value that was read last ends: saves an object for each value. */
let next = 0;

function read(bytes: Uint8Array, at: number, end: number, depth: number, binary: boolean): unknown {
  if (at >= end) throw cutShort(at, end);
  const tag = bytes[at] as number;
  if (tag < 0x80) {
    next = at + 1;
    return tag;
  }
  if (tag >= 0xe0) {
    next = at + 1;
    return tag - 0x100;
  }
  if (tag < 0x90) return readMap(bytes, at, at + 1, end, tag & 15, depth, binary);
  if (tag < 0xa0) return readArray(bytes, at, at + 1, end, tag & 15, depth, binary);
  if (tag < 0xc0) return readString(bytes, at, at + 1, end, tag & 31);
  switch (tag) {
    case 0xc0:
      next = at + 1;
      return null;
    case 0xc2:
      next = at + 1;
      return false;
    case 0xc3:
      next = at + 1;
      return true;
    case 0xc4:
      return readBytes(bytes, at, at + 2, end, uint8(bytes, at, end));
    case 0xc5:
      return readBytes(bytes, at, at + 3, end, uint16(bytes, at, end));
    case 0xc6:
      return readBytes(bytes, at, at + 5, end, uint32(bytes, at, end));
    case 0xca:
      scratch.setUint32(0, uint32(bytes, at, end));
      next = at + 5;
      return scratch.getFloat32(0);
    case 0xcb:
      load64(bytes, at, end);
      return scratch.getFloat64(0);
    case 0xcc:
      next = at + 2;
      return uint8(bytes, at, end);
    case 0xcd:
      next = at + 3;
      return uint16(bytes, at, end);
    case 0xce:
      next = at + 5;
      return uint32(bytes, at, end);
    case 0xcf: {
      load64(bytes, at, end);
      const high = scratch.getUint32(0);
      return high < 0x20_0000 ? high * 0x1_0000_0000 + scratch.getUint32(4) : scratch.getBigUint64(0);
    }
    case 0xd0:
      next = at + 2;
      return (uint8(bytes, at, end) << 24) >> 24;
    case 0xd1:
      next = at + 3;
      return (uint16(bytes, at, end) << 16) >> 16;
    case 0xd2:
      next = at + 5;
      return uint32(bytes, at, end) | 0;
    case 0xd3: {
      load64(bytes, at, end);
      const number = scratch.getInt32(0) * 0x1_0000_0000 + scratch.getUint32(4);
      return Number.isSafeInteger(number) ? number : scratch.getBigInt64(0);
    }
    case 0xd9:
      return readString(bytes, at, at + 2, end, uint8(bytes, at, end));
    case 0xda:
      return readString(bytes, at, at + 3, end, uint16(bytes, at, end));
    case 0xdb:
      return readString(bytes, at, at + 5, end, uint32(bytes, at, end));
    case 0xdc:
      return readArray(bytes, at, at + 3, end, uint16(bytes, at, end), depth, binary);
    case 0xdd:
      return readArray(bytes, at, at + 5, end, uint32(bytes, at, end), depth, binary);
    case 0xde:
      return readMap(bytes, at, at + 3, end, uint16(bytes, at, end), depth, binary);
    case 0xdf:
      return readMap(bytes, at, at + 5, end, uint32(bytes, at, end), depth, binary);
    default:
      throw unreadable(bytes, at, end);
  }
}

function load64(bytes: Uint8Array, at: number, end: number): void {
  if (at + 9 > end) throw cutShort(at, end);
  scratch.setUint32(0, four(bytes, at + 1));
  scratch.setUint32(4, four(bytes, at + 5));
  next = at + 9;
}

function readString(bytes: Uint8Array, at: number, from: number, end: number, length: number): string {
  const to = from + length;
  if (to > end) throw cutShort(at, end);
  const text = words.read(bytes, from, to);
  if (text === undefined) throw new Fault(at, "text that is not UTF-8");
  next = to;
  return text;
}

function readBytes(bytes: Uint8Array, at: number, from: number, end: number, length: number): Uint8Array {
  const to = from + length;
  if (to > end) throw cutShort(at, end);
  next = to;
  return bytes.subarray(from, to);
}

function readArray(
  bytes: Uint8Array,
  at: number,
  from: number,
  end: number,
  count: number,
  depth: number,
  binary: boolean,
): unknown[] {
  if (!(depth > 0)) throw tooDeep(at);
  if (count > end - from) throw tooMany(at, "an array", count, end - from);
  const array: unknown[] = [];
  next = from;
  for (let i = 0; i < count; i++) array.push(read(bytes, next, end, depth - 1, binary));
  return array;
}

function readMap(
  bytes: Uint8Array,
  at: number,
  from: number,
  end: number,
  count: number,
  depth: number,
  binary: boolean,
): unknown {
  if (!(depth > 0)) throw tooDeep(at);
  if (count * 2 > end - from) throw tooMany(at, "a map", count, end - from);
  if (binary && count > 0 && isBytesTag(bytes[from])) return readBinaryKeyed(bytes, from, end, count, depth);
  const map: Record<string, unknown> = {};
  let slots = 0;
  next = from;
  for (let i = 0; i < count; i++) {
    const keyAt = next;
    const key = readKey(bytes, keyAt, end);
    // Most keys of a map have slots of their own, and need not be looked up.
    const bit = 1 << (names.slot & 31);
    if (isRefusedKey(key) || ((slots & bit) !== 0 && Object.hasOwn(map, key))) throw badKey(keyAt, key);
    slots |= bit;
    map[key] = read(bytes, next, end, depth - 1, binary);
  }
  return map;
}

function readKey(bytes: Uint8Array, at: number, end: number): string {
  if (at >= end) throw cutShort(at, end);
  const tag = bytes[at] as number;
  let from = at + 1;
  let to = from + (tag & 31);
  if ((tag & 0xe0) !== 0xa0) {
    if (tag < 0xd9 || tag > 0xdb) throw new Fault(at, `a key that is ${kindOf(tag)}; keys must be text`);
    from += 1 << (tag - 0xd9);
    to = from + keyLength(bytes, at, end, tag);
  }
  if (to > end) throw cutShort(at, end);
  const key = names.read(bytes, from, to);
  if (key === undefined) throw new Fault(at, "a key that is not UTF-8");
  next = to;
  return key;
}

function isBytesTag(tag: number | undefined): boolean {
  return tag !== undefined && tag >= 0xc4 && tag <= 0xc6;
}

function readBinaryKeyed(bytes: Uint8Array, from: number, end: number, count: number, depth: number): BinaryKeyed {
  const entries = new Map<string, unknown>();
  next = from;
  for (let i = 0; i < count; i++) {
    const keyAt = next;
    if (keyAt >= end) throw cutShort(keyAt, end);
    if (!isBytesTag(bytes[keyAt])) throw new Fault(keyAt, "a map with both bytes and other kinds as keys");
    const name = read(bytes, keyAt, end, 0, false) as Uint8Array;
    const key = names.read(name, 0, name.length);
    if (key === undefined) throw new Fault(keyAt, "a key that is not UTF-8");
    if (isRefusedKey(key) || entries.has(key)) throw badKey(keyAt, key);
    entries.set(key, read(bytes, next, end, depth - 1, true));
  }
  return new BinaryKeyed(entries);
}
