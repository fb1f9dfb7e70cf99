/** Elements that are transposed at once: 16 bytes of each row. */
const GROUP: usize = 128;

/**
 * Turns rows of bits back into elements. `count` is a multiple of 8, `size` is 1, 2, 4 or 8 bytes; `scratch` has room for
 * 2 x 128 elements.
 */
export function unshuffle(from: usize, to: usize, count: usize, size: usize, scratch: usize): void {
  const row = count >> 3;
  const plane = row << 3;
  let done: usize = 0;
  for (; done + GROUP <= count; done += GROUP) {
    const target = to + done * size;
    const planes = size === 1 ? target : scratch;
    for (let byte: usize = 0; byte < size; byte++) {
      groupOfPlane(from + byte * plane + (done >> 3), row, planes + byte * GROUP);
    }
    if (size === 2) zip(planes, target, GROUP * 2);
    else if (size === 4) zipFour(planes, target);
    else if (size === 8) {
      zip(planes, scratch + GROUP * 8, GROUP * 8);
      zip(scratch + GROUP * 8, planes, GROUP * 8);
      zip(planes, target, GROUP * 8);
    }
  }
  for (; done < count; done += 8) {
    for (let byte: usize = 0; byte < size; byte++) {
      const eight = transposed(gathered(from + byte * plane + (done >> 3), row));
      for (let k: usize = 0; k < 8; k++) store<u8>(to + (done + k) * size + byte, <u8>(eight >> ((<u64>k) << 3)));
    }
  }
}

/** Makes one byte of each of 128 elements from 16 bytes of its eight rows. */
function groupOfPlane(from: usize, row: usize, to: usize): void {
  let a = v128.load(from);
  let b = v128.load(from + row);
  let c = v128.load(from + row * 2);
  let d = v128.load(from + row * 3);
  let e = v128.load(from + row * 4);
  let f = v128.load(from + row * 5);
  let g = v128.load(from + row * 6);
  let h = v128.load(from + row * 7);
  const any = v128.or(v128.or(v128.or(a, b), v128.or(c, d)), v128.or(v128.or(e, f), v128.or(g, h)));
  if (!v128.any_true(any)) {
    // Most of the high bytes of a detector's counts.
    for (let k: usize = 0; k < GROUP; k += 16) v128.store(to + k, any);
    return;
  }
  // The bits of all 16 columns at once: halves of the 8 x 8 squares change places, then quarters, then single bits.
  let mask = i8x16.splat(0x0f);
  let t = v128.and(v128.xor(i16x8.shr_u(a, 4), e), mask);
  e = v128.xor(e, t);
  a = v128.xor(a, i16x8.shl(t, 4));
  t = v128.and(v128.xor(i16x8.shr_u(b, 4), f), mask);
  f = v128.xor(f, t);
  b = v128.xor(b, i16x8.shl(t, 4));
  t = v128.and(v128.xor(i16x8.shr_u(c, 4), g), mask);
  g = v128.xor(g, t);
  c = v128.xor(c, i16x8.shl(t, 4));
  t = v128.and(v128.xor(i16x8.shr_u(d, 4), h), mask);
  h = v128.xor(h, t);
  d = v128.xor(d, i16x8.shl(t, 4));

  mask = i8x16.splat(0x33);
  t = v128.and(v128.xor(i16x8.shr_u(a, 2), c), mask);
  c = v128.xor(c, t);
  a = v128.xor(a, i16x8.shl(t, 2));
  t = v128.and(v128.xor(i16x8.shr_u(b, 2), d), mask);
  d = v128.xor(d, t);
  b = v128.xor(b, i16x8.shl(t, 2));
  t = v128.and(v128.xor(i16x8.shr_u(e, 2), g), mask);
  g = v128.xor(g, t);
  e = v128.xor(e, i16x8.shl(t, 2));
  t = v128.and(v128.xor(i16x8.shr_u(f, 2), h), mask);
  h = v128.xor(h, t);
  f = v128.xor(f, i16x8.shl(t, 2));

  mask = i8x16.splat(0x55);
  t = v128.and(v128.xor(i16x8.shr_u(a, 1), b), mask);
  b = v128.xor(b, t);
  a = v128.xor(a, i16x8.shl(t, 1));
  t = v128.and(v128.xor(i16x8.shr_u(c, 1), d), mask);
  d = v128.xor(d, t);
  c = v128.xor(c, i16x8.shl(t, 1));
  t = v128.and(v128.xor(i16x8.shr_u(e, 1), f), mask);
  f = v128.xor(f, t);
  e = v128.xor(e, i16x8.shl(t, 1));
  t = v128.and(v128.xor(i16x8.shr_u(g, 1), h), mask);
  h = v128.xor(h, t);
  g = v128.xor(g, i16x8.shl(t, 1));

  // a holds elements 0, 8, 16 ... of the group, b holds 1, 9, 17 ...: put them in turn.
  const ae0 = zipLow(a, e);
  const ae1 = zipHigh(a, e);
  const bf0 = zipLow(b, f);
  const bf1 = zipHigh(b, f);
  const cg0 = zipLow(c, g);
  const cg1 = zipHigh(c, g);
  const dh0 = zipLow(d, h);
  const dh1 = zipHigh(d, h);
  const even0 = zipLow(ae0, cg0);
  const even1 = zipHigh(ae0, cg0);
  const even2 = zipLow(ae1, cg1);
  const even3 = zipHigh(ae1, cg1);
  const odd0 = zipLow(bf0, dh0);
  const odd1 = zipHigh(bf0, dh0);
  const odd2 = zipLow(bf1, dh1);
  const odd3 = zipHigh(bf1, dh1);
  v128.store(to, zipLow(even0, odd0));
  v128.store(to, zipHigh(even0, odd0), 16);
  v128.store(to, zipLow(even1, odd1), 32);
  v128.store(to, zipHigh(even1, odd1), 48);
  v128.store(to, zipLow(even2, odd2), 64);
  v128.store(to, zipHigh(even2, odd2), 80);
  v128.store(to, zipLow(even3, odd3), 96);
  v128.store(to, zipHigh(even3, odd3), 112);
}

function zipLow(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

function zipHigh(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** Puts the bytes of two halves in turn. */
function zip(from: usize, to: usize, bytes: usize): void {
  const half = bytes >> 1;
  for (let at: usize = 0; at < half; at += 16) {
    const a = v128.load(from + at);
    const b = v128.load(from + half + at);
    v128.store(to + at * 2, zipLow(a, b));
    v128.store(to + at * 2, zipHigh(a, b), 16);
  }
}

/** Puts the bytes of four planes of a group in turn. */
function zipFour(from: usize, to: usize): void {
  for (let at: usize = 0; at < GROUP; at += 16) {
    const a = v128.load(from + at);
    const b = v128.load(from + at, GROUP);
    const c = v128.load(from + at, 2 * GROUP);
    const d = v128.load(from + at, 3 * GROUP);
    const ac0 = zipLow(a, c);
    const ac1 = zipHigh(a, c);
    const bd0 = zipLow(b, d);
    const bd1 = zipHigh(b, d);
    v128.store(to + at * 4, zipLow(ac0, bd0));
    v128.store(to + at * 4, zipHigh(ac0, bd0), 16);
    v128.store(to + at * 4, zipLow(ac1, bd1), 32);
    v128.store(to + at * 4, zipHigh(ac1, bd1), 48);
  }
}

/** Turns elements into rows of bits; the opposite of `unshuffle`, with the same arguments. */
export function shuffle(from: usize, to: usize, count: usize, size: usize, scratch: usize): void {
  const row = count >> 3;
  const plane = row << 3;
  let done: usize = 0;
  for (; done + 16 <= count; done += 16) {
    const planes = planesOf(from + done * size, size, scratch);
    for (let byte: usize = 0; byte < size; byte++) {
      let bits = v128.load(planes + (byte << 4));
      const target = to + byte * plane + (done >> 3);
      for (let k: isize = 7; k >= 0; k--) {
        store<u16>(target + k * row, <u16>i8x16.bitmask(bits));
        bits = i8x16.add(bits, bits);
      }
    }
  }
  for (; done < count; done += 8) {
    for (let byte: usize = 0; byte < size; byte++) {
      const eight = transposed(gathered(from + done * size + byte, size));
      const target = to + byte * plane + (done >> 3);
      for (let k: usize = 0; k < 8; k++) store<u8>(target + k * row, <u8>(eight >> ((<u64>k) << 3)));
    }
  }
}

/** Sorts 16 elements by their bytes: first all lowest bytes, then all second ones, and so on. Gives where they are. */
function planesOf(from: usize, size: usize, scratch: usize): usize {
  let place = from;
  let other = scratch;
  for (let left = size; left > 1; left >>= 1) {
    for (let at: usize = 0; at < size; at += 2) {
      const a = v128.load(place + (at << 4));
      const b = v128.load(place + (at << 4), 16);
      const even = i8x16.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
      const odd = i8x16.shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
      v128.store(other + (at << 3), even);
      v128.store(other + (size << 3) + (at << 3), odd);
    }
    place = other;
    other = other === scratch ? scratch + 128 : scratch;
  }
  return place;
}

/** Reads eight bytes that stand apart. */
function gathered(from: usize, apart: usize): u64 {
  let bytes: u64 = 0;
  for (let k: usize = 0; k < 8; k++) bytes |= (<u64>load<u8>(from + k * apart)) << ((<u64>k) << 3);
  return bytes;
}

/** Transposes a square of 8 x 8 bits. */
function transposed(bits: u64): u64 {
  let t = (bits ^ (bits >> 28)) & 0x00000000f0f0f0f0;
  bits ^= t ^ (t << 28);
  t = (bits ^ (bits >> 14)) & 0x0000cccc0000cccc;
  bits ^= t ^ (t << 14);
  t = (bits ^ (bits >> 7)) & (((<u64>0x00aa00aa) << 32) | 0x00aa00aa);
  return bits ^ t ^ (t << 7);
}
