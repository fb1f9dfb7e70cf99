import { uint8, uint16, uint32 } from "./numbers.ts";

/** Reads the length of a key that is text with this tag; the tag stands at `keyAt`. */
export function keyLength(bytes: Uint8Array, keyAt: number, end: number, tag: number): number {
  if (tag < 0xc0) return tag & 31;
  if (tag === 0xd9) return uint8(bytes, keyAt, end);
  return tag === 0xda ? uint16(bytes, keyAt, end) : uint32(bytes, keyAt, end);
}

/** Tells whether the key at `keyAt`, which was read before, has the same text as there is from `from` to `to`. */
export function isSameKey(bytes: Uint8Array, keyAt: number, from: number, to: number): boolean {
  const tag = bytes[keyAt] as number;
  if (keyLength(bytes, keyAt, from, tag) !== to - from) return false;
  const other = keyAt + 1 + (tag < 0xc0 ? 0 : 1 << (tag - 0xd9));
  let at = from;
  while (at < to && bytes[other + at - from] === bytes[at]) at++;
  return at === to;
}
