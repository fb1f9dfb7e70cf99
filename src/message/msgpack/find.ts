import { DEEPEST, decodeAt } from "./decoder.ts";
import { checkSpan, cutShort, rejectionWithoutPlace, unreadable } from "./fault.ts";
import { uint8, uint16, uint32 } from "./numbers.ts";

const ANY_DEPTH = Object.freeze({ maxDepth: DEEPEST });

/** Finds one key of the map that begins at `start`, without decoding the others; undefined when it is not there. */
export function find(bytes: Uint8Array, start: number, end: number, key: string): unknown {
  const offset = findOffset(bytes, start, end, key);
  return offset < 0 ? undefined : decodeAt(bytes, offset, end, ANY_DEPTH);
}

/** Finds one key of a map that is itself the value of a key: `findIn(bytes, start, end, "metadata", "exposure")`. */
export function findIn(bytes: Uint8Array, start: number, end: number, outer: string, key: string): unknown {
  const offset = findOffset(bytes, start, end, outer);
  return offset < 0 ? undefined : find(bytes, offset, end, key);
}

/**
 * Gives the offset of the value of a key in the map that begins at `start`; -1 when the key is not there or the value
 * at `start` is no map. Meant for bytes that `skim` has let pass: other bytes cannot mislead it beyond `end`, but it
 * does not look behind the key.
 */
export function findOffset(bytes: Uint8Array, start: number, end: number, key: string | Uint8Array): number {
  checkSpan(bytes, start, end);
  try {
    return typeof key === "string" && isAscii(key)
      ? scan(bytes, start, end, key, undefined)
      : scan(bytes, start, end, "", typeof key === "string" ? Buffer.from(key) : key);
  } catch (thrown) {
    throw rejectionWithoutPlace(thrown);
  }
}

/** Gives the offset behind the value that begins at `offset`, which must end at `end` or before. */
export function skip(bytes: Uint8Array, offset: number, end: number = bytes.length): number {
  checkSpan(bytes, offset, end);
  try {
    return pass(bytes, offset, end);
  } catch (thrown) {
    throw rejectionWithoutPlace(thrown);
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Looks for `text`, which is ASCII, or for `raw`. */
function scan(bytes: Uint8Array, start: number, end: number, text: string, raw: Uint8Array | undefined): number {
  if (start >= end) throw cutShort(start, end);
  const tag = bytes[start] as number;
  let count = tag & 15;
  let at = start + 1;
  if (tag === 0xde) {
    count = uint16(bytes, start, end);
    at = start + 3;
  } else if (tag === 0xdf) {
    count = uint32(bytes, start, end);
    at = start + 5;
  } else if (tag < 0x80 || tag > 0x8f) {
    return -1;
  }
  const length = raw === undefined ? text.length : raw.length;
  for (let i = 0; i < count; i++) {
    if (at >= end) throw cutShort(at, end);
    const keyTag = bytes[at] as number;
    let from = at + 1;
    let to = from + (keyTag & 31);
    if (keyTag < 0xa0 || keyTag > 0xbf) {
      to = pass(bytes, at, end);
      from = keyTag >= 0xd9 && keyTag <= 0xdb ? at + 1 + (1 << (keyTag - 0xd9)) : to + 1; // not text: never equal
    } else if (to > end) {
      throw cutShort(at, end);
    }
    if (to - from === length && (raw === undefined ? isText(bytes, from, text) : isRaw(bytes, from, raw))) return to;
    at = pass(bytes, to, end);
  }
  return -1;
}

function isText(bytes: Uint8Array, from: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}

function isRaw(bytes: Uint8Array, from: number, raw: Uint8Array): boolean {
  for (let i = 0; i < raw.length; i++) if (bytes[from + i] !== raw[i]) return false;
  return true;
}

/** Goes over one value with all that is inside it; a loop, so that no depth can overflow the stack. */
function pass(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (let pending = 1; pending > 0; pending--) {
    if (at >= end) throw cutShort(at, end);
    const tag = bytes[at] as number;
    if (tag < 0x80 || tag >= 0xe0) at += 1;
    else if (tag >= 0xa0 && tag < 0xc0) at += 1 + (tag & 31);
    else if (tag < 0xa0) {
      pending += tag < 0x90 ? 2 * (tag & 15) : tag & 15;
      at += 1;
    } else {
      switch (tag) {
        case 0xc0:
        case 0xc2:
        case 0xc3:
          at += 1;
          break;
        case 0xcc:
        case 0xd0:
          at += 2;
          break;
        case 0xcd:
        case 0xd1:
          at += 3;
          break;
        case 0xca:
        case 0xce:
        case 0xd2:
          at += 5;
          break;
        case 0xcb:
        case 0xcf:
        case 0xd3:
          at += 9;
          break;
        case 0xc4:
        case 0xd9:
          at += 2 + uint8(bytes, at, end);
          break;
        case 0xc5:
        case 0xda:
          at += 3 + uint16(bytes, at, end);
          break;
        case 0xc6:
        case 0xdb:
          at += 5 + uint32(bytes, at, end);
          break;
        case 0xdc:
          pending += uint16(bytes, at, end);
          at += 3;
          break;
        case 0xdd:
          pending += uint32(bytes, at, end);
          at += 5;
          break;
        case 0xde:
          pending += 2 * uint16(bytes, at, end);
          at += 3;
          break;
        case 0xdf:
          pending += 2 * uint32(bytes, at, end);
          at += 5;
          break;
        default:
          throw unreadable(bytes, at, end);
      }
    }
    if (at > end) throw cutShort(at, end);
  }
  return at;
}
