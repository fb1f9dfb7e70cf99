/** What is wrong with a block; the same numbers stand in faults.ts. */
const ENDS_EARLY: i32 = -1;
const TOO_LONG: i32 = -2;
const TOO_SHORT: i32 = -3;
const BAD_OFFSET: i32 = -4;

/** A copy of that many bytes and more is left to the engine. */
const BULK: usize = 256;

/** For each offset from 0 to 15, which byte of the last 16 comes at which place when they are repeated. */
const PATTERNS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0,
  1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1,
  2, 3, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 0, 1, 2, 3, 4,
  5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2,
  3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4, 0, 1, 2,
  3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8,
  9, 10, 11, 12, 13, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
]);

/** Decodes one block into exactly the room that is given; 0, or what is wrong. */
export function decodeLz4(from: usize, fromEnd: usize, to: usize, toEnd: usize): i32 {
  const start = to;
  while (true) {
    if (from >= fromEnd) return ENDS_EARLY;
    const token: usize = load<u8>(from);
    from += 1;

    let length = token >> 4;
    if (length === 15) {
      let more: usize;
      do {
        if (from >= fromEnd) return ENDS_EARLY;
        more = load<u8>(from);
        from += 1;
        length += more;
        // Here and not behind the loop: a long run of 255 would make the sum begin again at 0.
        if (length > toEnd - to) return TOO_LONG;
      } while (more === 255);
    }
    if (length > fromEnd - from) return ENDS_EARLY;
    if (length > toEnd - to) return TOO_LONG;
    copyApart(from, to, length);
    from += length;
    to += length;
    if (from === fromEnd) return to === toEnd ? 0 : TOO_SHORT;

    if (fromEnd - from < 2) return ENDS_EARLY;
    const offset: usize = load<u16>(from);
    from += 2;
    if (offset === 0 || offset > to - start) return BAD_OFFSET;
    length = token & 15;
    if (length === 15) {
      let more: usize;
      do {
        if (from >= fromEnd) return ENDS_EARLY;
        more = load<u8>(from);
        from += 1;
        length += more;
        if (length > toEnd - to) return TOO_LONG;
      } while (more === 255);
    }
    length += 4;
    if (length > toEnd - to) return TOO_LONG;
    if (offset >= 16) copyForward(to - offset, to, length);
    else repeat(to, offset, length);
    to += length;
  }
}

/** Copies between places that do not overlap; may write up to 15 bytes too many. */
function copyApart(from: usize, to: usize, length: usize): void {
  if (length >= BULK) {
    memory.copy(to, from, length);
    return;
  }
  copyForward(from, to, length);
}

/** Copies 16 bytes at a time from a place at least 16 bytes before; what was written before may be read again. */
function copyForward(from: usize, to: usize, length: usize): void {
  const end = to + length;
  while (to < end) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
}

/** Repeats the last `offset` bytes, fewer than 16. */
function repeat(to: usize, offset: usize, length: usize): void {
  if (offset === 1 && length >= BULK) {
    memory.fill(to, load<u8>(to - 1), length);
    return;
  }
  const pattern = i8x16.swizzle(v128.load(to - offset), v128.load(PATTERNS + (offset << 4)));
  // As many bytes as whole repetitions have: the next store begins with the first byte again.
  const step: usize = 16 - (16 % <u32>offset);
  const end = to + length;
  while (to < end) {
    v128.store(to, pattern);
    to += step;
  }
}

/** The last bytes of a block are literals, and no match begins in the last but a few. */
const LAST_LITERALS: usize = 5;
const LAST_MATCH: usize = 12;
const HASH_BITS: u32 = 12;
/** Every 64 places without a match the next one is looked for one place further. */
const SKIP_BITS: usize = 6;

/**
 * Encodes one block and gives its length. The table has 4 096 places of 4 bytes; there must be room for the worst case.
 */
export function encodeLz4(from: usize, fromEnd: usize, to: usize, table: usize): usize {
  const start = from;
  const first = to;
  let anchor = from;
  if (fromEnd - from > LAST_MATCH) {
    memory.fill(table, 0xff, 4 << HASH_BITS);
    const matchEnd = fromEnd - LAST_LITERALS;
    const limit = fromEnd - LAST_MATCH;
    let tries: usize = 1 << SKIP_BITS;
    while (from < limit) {
      const word = load<u32>(from);
      const slot = table + (((word * 2654435761) >> (32 - HASH_BITS)) << 2);
      const known = load<u32>(slot);
      store<u32>(slot, <u32>(from - start));
      const candidate = start + <usize>known;
      if (known === 0xffffffff || from - candidate > 0xffff || load<u32>(candidate) !== word) {
        from += tries >> SKIP_BITS;
        tries += 1;
        continue;
      }
      tries = 1 << SKIP_BITS;
      let match = candidate;
      while (from > anchor && match > start && load<u8>(from - 1) === load<u8>(match - 1)) {
        from -= 1;
        match -= 1;
      }
      const length = sameBytes(from + 4, match + 4, matchEnd) + 4;
      to = sequence(to, anchor, from - anchor, <u32>(from - match), length);
      from += length;
      anchor = from;
    }
  }
  const literals = fromEnd - anchor;
  to = header(to, literals, 0);
  memory.copy(to, anchor, literals);
  return to + literals - first;
}

/** Counts how many bytes are the same at two places, up to an end of the first. */
function sameBytes(one: usize, other: usize, end: usize): usize {
  const start = one;
  while (one + 16 <= end) {
    const same = i8x16.bitmask(i8x16.eq(v128.load(one), v128.load(other)));
    if (same !== 0xffff) return one - start + ctz(~same);
    one += 16;
    other += 16;
  }
  while (one < end && load<u8>(one) === load<u8>(other)) {
    one += 1;
    other += 1;
  }
  return one - start;
}

/** Writes literals and a match. */
function sequence(to: usize, literals: usize, count: usize, offset: u32, length: usize): usize {
  to = header(to, count, min<usize>(length - 4, 15));
  copyApart(literals, to, count);
  to += count;
  store<u16>(to, <u16>offset);
  to += 2;
  return length - 4 >= 15 ? extension(to, length - 4 - 15) : to;
}

/** Writes a token with the length of its literals. */
function header(to: usize, literals: usize, match: usize): usize {
  store<u8>(to, (min<usize>(literals, 15) << 4) | match);
  return literals >= 15 ? extension(to + 1, literals - 15) : to + 1;
}

function extension(to: usize, more: usize): usize {
  while (more >= 255) {
    store<u8>(to, 255);
    to += 1;
    more -= 255;
  }
  store<u8>(to, more);
  return to + 1;
}
