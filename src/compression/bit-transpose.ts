/** Turns rows of bits back into elements of `size` bytes; their count is a multiple of 8. */
export function unshuffle(rows: Uint8Array, target: Uint8Array, to: number, count: number, size: number): void {
  const row = count >> 3;
  target.fill(0, to, to + count * size);
  for (let byte = 0; byte < size; byte++) {
    const plane = byte * count;
    for (let column = 0; column < row; column++) {
      const at = plane + column;
      let low = rows[at] as number;
      low |= (rows[at + row] as number) << 8;
      low |= (rows[at + row * 2] as number) << 16;
      low |= (rows[at + row * 3] as number) << 24;
      let high = rows[at + row * 4] as number;
      high |= (rows[at + row * 5] as number) << 8;
      high |= (rows[at + row * 6] as number) << 16;
      high |= (rows[at + row * 7] as number) << 24;
      // Most of the high bytes of a detector's counts.
      if ((low | high) === 0) continue;
      // The square of 8 x 8 bits: single bits change places, then pairs, then halves.
      let swap = (low ^ (low >>> 7)) & 0x00aa00aa;
      low ^= swap ^ (swap << 7);
      swap = (high ^ (high >>> 7)) & 0x00aa00aa;
      high ^= swap ^ (swap << 7);
      swap = (low ^ (low >>> 14)) & 0x0000cccc;
      low ^= swap ^ (swap << 14);
      swap = (high ^ (high >>> 14)) & 0x0000cccc;
      high ^= swap ^ (swap << 14);
      swap = (low ^ (high << 4)) & 0xf0f0f0f0;
      low ^= swap;
      high ^= swap >>> 4;
      const place = to + column * 8 * size + byte;
      target[place] = low;
      target[place + size] = low >>> 8;
      target[place + size * 2] = low >>> 16;
      target[place + size * 3] = low >>> 24;
      target[place + size * 4] = high;
      target[place + size * 5] = high >>> 8;
      target[place + size * 6] = high >>> 16;
      target[place + size * 7] = high >>> 24;
    }
  }
}

/** Turns elements into rows of bits; the opposite of `unshuffle`. */
export function shuffle(source: Uint8Array, from: number, rows: Uint8Array, count: number, size: number): void {
  const row = count >> 3;
  for (let byte = 0; byte < size; byte++) {
    const plane = byte * count;
    for (let column = 0; column < row; column++) {
      const place = from + column * 8 * size + byte;
      let low = source[place] as number;
      low |= (source[place + size] as number) << 8;
      low |= (source[place + size * 2] as number) << 16;
      low |= (source[place + size * 3] as number) << 24;
      let high = source[place + size * 4] as number;
      high |= (source[place + size * 5] as number) << 8;
      high |= (source[place + size * 6] as number) << 16;
      high |= (source[place + size * 7] as number) << 24;
      let swap = (low ^ (low >>> 7)) & 0x00aa00aa;
      low ^= swap ^ (swap << 7);
      swap = (high ^ (high >>> 7)) & 0x00aa00aa;
      high ^= swap ^ (swap << 7);
      swap = (low ^ (low >>> 14)) & 0x0000cccc;
      low ^= swap ^ (swap << 14);
      swap = (high ^ (high >>> 14)) & 0x0000cccc;
      high ^= swap ^ (swap << 14);
      swap = (low ^ (high << 4)) & 0xf0f0f0f0;
      low ^= swap;
      high ^= swap >>> 4;
      const at = plane + column;
      rows[at] = low;
      rows[at + row] = low >>> 8;
      rows[at + row * 2] = low >>> 16;
      rows[at + row * 3] = low >>> 24;
      rows[at + row * 4] = high;
      rows[at + row * 5] = high >>> 8;
      rows[at + row * 6] = high >>> 16;
      rows[at + row * 7] = high >>> 24;
    }
  }
}
