import { FAULT } from "./faults.ts";

/** Decodes one LZ4 block into exactly the room that is given; 0, or the number of what is wrong. */
export function decodeLz4(
  source: Uint8Array,
  from: number,
  fromEnd: number,
  target: Uint8Array,
  to: number,
  toEnd: number,
): number {
  const start = to;
  while (true) {
    if (from >= fromEnd) return FAULT.endsEarly;
    const token = source[from++] as number;

    let length = token >> 4;
    if (length === 15) {
      let more = 255;
      while (more === 255) {
        if (from >= fromEnd) return FAULT.endsEarly;
        more = source[from++] as number;
        length += more;
        if (length > toEnd - to) return FAULT.tooLong;
      }
    }
    if (length > fromEnd - from) return FAULT.endsEarly;
    if (length > toEnd - to) return FAULT.tooLong;
    if (length > SHORT) target.set(source.subarray(from, from + length), to);
    else for (let at = 0; at < length; at++) target[to + at] = source[from + at] as number;
    from += length;
    to += length;
    if (from === fromEnd) return to === toEnd ? 0 : FAULT.tooShort;

    if (fromEnd - from < 2) return FAULT.endsEarly;
    const offset = (source[from] as number) | ((source[from + 1] as number) << 8);
    from += 2;
    if (offset === 0 || offset > to - start) return FAULT.badOffset;
    length = token & 15;
    if (length === 15) {
      let more = 255;
      while (more === 255) {
        if (from >= fromEnd) return FAULT.endsEarly;
        more = source[from++] as number;
        length += more;
        if (length > toEnd - to) return FAULT.tooLong;
      }
    }
    length += 4;
    if (length > toEnd - to) return FAULT.tooLong;
    copyMatch(target, to, offset, length);
    to += length;
  }
}

/** Up to here a loop is cheaper than a call. */
const SHORT = 32;

function copyMatch(target: Uint8Array, to: number, offset: number, length: number): void {
  if (length > SHORT) {
    if (offset === 1) {
      target.fill(target[to - 1] as number, to, to + length);
      return;
    }
    if (offset >= length) {
      target.copyWithin(to, to - offset, to - offset + length);
      return;
    }
  }
  // Forward, byte by byte: a match may read what it wrote.
  for (const end = to + length; to < end; to++) target[to] = target[to - offset] as number;
}

const LAST_LITERALS = 5;
const LAST_MATCH = 12;
const HASH_BITS = 12;
/** Every 64 places without a match the next one is looked for one place further. */
const SKIP_BITS = 6;
const table = new Int32Array(1 << HASH_BITS);

/** Encodes one LZ4 block and gives where it ends; there must be room for the worst case. */
export function encodeLz4(source: Uint8Array, from: number, fromEnd: number, target: Uint8Array, to: number): number {
  const start = from;
  let anchor = from;
  table.fill(-1);
  const matchEnd = fromEnd - LAST_LITERALS;
  const limit = fromEnd - LAST_MATCH;
  let tries = 1 << SKIP_BITS;
  while (from < limit) {
    const word = word32(source, from);
    const slot = Math.imul(word, 2654435761) >>> (32 - HASH_BITS);
    const known = table[slot] as number;
    table[slot] = from - start;
    let match = start + known;
    if (known < 0 || from - match > 0xffff || word32(source, match) !== word) {
      from += tries >> SKIP_BITS;
      tries += 1;
      continue;
    }
    tries = 1 << SKIP_BITS;
    while (from > anchor && match > start && source[from - 1] === source[match - 1]) {
      from -= 1;
      match -= 1;
    }
    let end = from + 4;
    const offset = from - match;
    while (end < matchEnd && source[end] === source[end - offset]) end += 1;
    const length = end - from - 4;
    to = literals(source, anchor, from, target, to, Math.min(length, 15));
    target[to++] = offset;
    target[to++] = offset >> 8;
    if (length >= 15) to = extension(target, to, length - 15);
    from = end;
    anchor = end;
  }
  return literals(source, anchor, fromEnd, target, to, 0);
}

function literals(
  source: Uint8Array,
  from: number,
  end: number,
  target: Uint8Array,
  to: number,
  match: number,
): number {
  const count = end - from;
  target[to++] = (Math.min(count, 15) << 4) | match;
  if (count >= 15) to = extension(target, to, count - 15);
  if (count > SHORT) target.set(source.subarray(from, end), to);
  else for (let at = 0; at < count; at++) target[to + at] = source[from + at] as number;
  return to + count;
}

function extension(target: Uint8Array, to: number, more: number): number {
  while (more >= 255) {
    target[to++] = 255;
    more -= 255;
  }
  target[to++] = more;
  return to;
}

function word32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
