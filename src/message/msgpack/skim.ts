import { DEEPEST, type DecodeLimits } from "./decoder.ts";
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
import { isSameKey, keyLength } from "./key-text.ts";
import { uint8, uint16, uint32 } from "./numbers.ts";
import { quoted } from "./path.ts";
import { isRefusedKey } from "./refused-keys.ts";
import { highBits, isText, readText } from "./text.ts";

/**
 * Checks, without making any object, that the bytes from `start` to `end` are exactly one map that `decode` takes with
 * the same limits: every rule of `decode` holds here too, that against duplicate keys included. Returns the number of
 * entries.
 *
 * A key of the outer map that begins with `!` must be in `known`, because its writer demands that it is understood.
 */
export function skim(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: DecodeLimits,
  known: ReadonlySet<string> = NONE,
): number {
  checkSpan(bytes, start, end);
  try {
    return walk(bytes, start, end, Math.min(limits.maxDepth, DEEPEST), known);
  } catch (thrown) {
    throw rejection(thrown, bytes, start);
  } finally {
    if (largeMaps.length > 0) largeMaps.length = 0;
  }
}

const NONE: ReadonlySet<string> = new Set();
const BANG = 0x21;

/** So many keys of open maps are remembered without making strings. */
const ROOM = 4096;
/** A map with more keys than this has them in a set: comparing each with each would take too long. */
const COMPARED = 48;

/** The keys of the open maps, those of the inner map above those of the outer one: something of their text, the place. */
const marks = new Int32Array(ROOM);
const places = new Float64Array(ROOM);
/** What is left to do in the maps and arrays around the one in hand, by depth. */
const lefts = new Float64Array(DEEPEST);
const bases = new Int32Array(DEEPEST);
const kinds = new Uint8Array(DEEPEST);
const ARRAY = 0;
const MAP = 1;
const LARGE_MAP = 2;
/** The keys of maps that are too large for `marks`. */
const largeMaps: (Set<string> | undefined)[] = [];

/** One loop over all values, because calls would cost more than what they do. */
function walk(bytes: Uint8Array, start: number, end: number, maxDepth: number, known: ReadonlySet<string>): number {
  if (start >= end) throw cutShort(start, end);
  const first = bytes[start] as number;
  if ((first < 0x80 || first > 0x8f) && first !== 0xde && first !== 0xdf) {
    throw new Fault(start, `expected a map, got ${kindOf(first)}`);
  }
  let entries = -1;
  let at = start;
  let depth = 0;
  // The map or array in hand: what is left of it, where its keys begin and end in `marks`, or the set of its keys.
  let left = 1;
  let inMap = false;
  let base = 0;
  let height = 0;
  let large: Set<string> | undefined;
  for (;;) {
    if (inMap) {
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
      if (highBits(bytes, from, to) > 0x7f && !isText(bytes, from, to)) throw new Fault(at, "a key that is not UTF-8");
      if (to - from === 9 || to - from === 11) refuse(bytes, at, from, to);
      if (depth === 1 && bytes[from] === BANG && to > from) demand(bytes, at, from, to, known);
      if (large === undefined) {
        // Of keys that differ, nearly all differ in this.
        const mark =
          to === from
            ? 0
            : ((to - from) << 24) ^
              ((bytes[from] as number) << 16) ^
              ((bytes[from + ((to - from) >> 1)] as number) << 8) ^
              (bytes[to - 1] as number);
        for (let i = base; i < height; i++) {
          if (marks[i] === mark && isSameKey(bytes, places[i] as number, from, to)) {
            throw badKey(at, textOf(bytes, from, to));
          }
        }
        marks[height] = mark;
        places[height++] = at;
      } else {
        add(large, bytes, at, from, to);
      }
      at = to;
    }
    left--;
    if (at >= end) throw cutShort(at, end);
    const tag = bytes[at] as number;
    if (tag < 0x80 || tag >= 0xe0) {
      at += 1;
    } else if (tag < 0xa0 || tag >= 0xdc) {
      if (!(depth < maxDepth)) throw tooDeep(at);
      const count = tag < 0xa0 ? tag & 15 : (tag & 1) === 0 ? uint16(bytes, at, end) : uint32(bytes, at, end);
      const from = at + (tag < 0xa0 ? 1 : (tag & 1) === 0 ? 3 : 5);
      const isMap = tag < 0x90 || tag >= 0xde;
      if ((isMap ? count * 2 : count) > end - from) throw tooMany(at, isMap ? "a map" : "an array", count, end - from);
      if (depth === 0) entries = count;
      lefts[depth] = left;
      bases[depth] = base;
      kinds[depth] = inMap ? MAP : ARRAY;
      if (large !== undefined) {
        kinds[depth] = LARGE_MAP;
        largeMaps[depth] = large;
      }
      depth++;
      left = count;
      inMap = isMap;
      base = height;
      large = isMap && (count > COMPARED || height + count > ROOM) ? new Set() : undefined;
      at = from;
    } else if (tag < 0xc0) {
      at = passText(bytes, at, at + 1, at + 1 + (tag & 31), end);
    } else {
      at = passOther(bytes, at, end, tag);
    }
    while (left === 0) {
      if (depth === 0) {
        if (at !== end) throw leftOver(at, end);
        return entries;
      }
      height = base;
      depth--;
      left = lefts[depth] as number;
      base = bases[depth] as number;
      inMap = kinds[depth] !== ARRAY;
      large = kinds[depth] === LARGE_MAP ? largeMaps[depth] : undefined;
    }
  }
}

function passOther(bytes: Uint8Array, at: number, end: number, tag: number): number {
  switch (tag) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return at + 1;
    case 0xcc:
    case 0xd0:
      return inside(at, at + 2, end);
    case 0xcd:
    case 0xd1:
      return inside(at, at + 3, end);
    case 0xca:
    case 0xce:
    case 0xd2:
      return inside(at, at + 5, end);
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return inside(at, at + 9, end);
    case 0xc4:
      return inside(at, at + 2 + uint8(bytes, at, end), end);
    case 0xc5:
      return inside(at, at + 3 + uint16(bytes, at, end), end);
    case 0xc6:
      return inside(at, at + 5 + uint32(bytes, at, end), end);
    case 0xd9:
      return passText(bytes, at, at + 2, at + 2 + uint8(bytes, at, end), end);
    case 0xda:
      return passText(bytes, at, at + 3, at + 3 + uint16(bytes, at, end), end);
    case 0xdb:
      return passText(bytes, at, at + 5, at + 5 + uint32(bytes, at, end), end);
    default:
      throw unreadable(bytes, at, end);
  }
}

function inside(at: number, to: number, end: number): number {
  if (to > end) throw cutShort(at, end);
  return to;
}

function passText(bytes: Uint8Array, at: number, from: number, to: number, end: number): number {
  if (to > end) throw cutShort(at, end);
  if (highBits(bytes, from, to) > 0x7f && !isText(bytes, from, to)) throw new Fault(at, "text that is not UTF-8");
  return to;
}

function refuse(bytes: Uint8Array, keyAt: number, from: number, to: number): void {
  const first = bytes[from];
  if (first !== 0x5f && first !== 0x63 && first !== 0x70) return; // "_", "c", "p"
  const key = textOf(bytes, from, to);
  if (isRefusedKey(key)) throw badKey(keyAt, key);
}

function demand(bytes: Uint8Array, keyAt: number, from: number, to: number, known: ReadonlySet<string>): void {
  const key = textOf(bytes, from, to);
  if (!known.has(key)) throw new Fault(keyAt, `made by a newer arroyojs: the key ${quoted(key)} must be understood`);
}

function add(keys: Set<string>, bytes: Uint8Array, keyAt: number, from: number, to: number): void {
  const key = textOf(bytes, from, to);
  if (keys.has(key)) throw badKey(keyAt, key);
  keys.add(key);
}

/** Reads text that `isText` has let pass. */
function textOf(bytes: Uint8Array, from: number, to: number): string {
  return readText(bytes, from, to) as string;
}
