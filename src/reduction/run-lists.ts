/** Is how the pixels of a frame fall into bins, tile by tile. */
export interface RunLists {
  /** Pixels of a tile; the last one may have fewer. */
  readonly tile: number;
  /** Of each run where its sum is, in bytes from the first, and where its entries end, in bytes from those of its tile. */
  readonly runs: Uint32Array;
  /** Places of pixels in their tile, in bytes: those of a run in fours, filled up with the pixel behind the last. */
  readonly entries: Uint16Array;
  /** Of each tile its first run, and behind the last tile the end of all. */
  readonly firstRun: Uint32Array;
  /** Of each tile its first entry. */
  readonly firstEntry: Uint32Array;
}

/** A tile with the pixel behind it takes at most so many bytes, so that places have 16 bits. */
const TILE_BYTES = 65_536;
/** The places of batches of vectors begin at multiples of this. */
const VECTOR = 16;

/** Gives how many pixels of so many bytes a tile has. */
export function tileOf(bytes: number): number {
  // Sums of a whole tile of 16 bits stay within 32.
  return TILE_BYTES / Math.max(2, bytes) - VECTOR;
}

/**
 * Lists for each tile the pixels of each bin; a bin number that is `count` is in no list. Gives undefined where runs are
 * shorter than `least` on average: then to go through lists costs more than it saves.
 */
export function runLists(bins: Uint32Array, count: number, bytes: number, least: number): RunLists | undefined {
  const tile = tileOf(bytes);
  const tiles = Math.ceil(bins.length / tile);
  const [firstRun, firstEntry] = [new Uint32Array(tiles + 1), new Uint32Array(tiles + 1)];
  const pixels = new Uint16Array(count);
  const touched = new Uint32Array(Math.min(count, tile));
  let listed = 0;
  for (let at = 0; at < tiles; at += 1) {
    const { runs, entries, sum } = counted(bins, count, at * tile, tile, pixels, touched);
    firstRun[at + 1] = (firstRun[at] as number) + runs;
    firstEntry[at + 1] = (firstEntry[at] as number) + entries;
    listed += sum;
    for (let run = 0; run < runs; run += 1) pixels[touched[run] as number] = 0;
  }
  const all = firstRun[tiles] as number;
  if (listed < least * all) return undefined;
  const runs = new Uint32Array(all * 2);
  const entries = new Uint16Array(firstEntry[tiles] as number).fill(tile * bytes);
  const next = new Uint32Array(count);
  for (let at = 0; at < tiles; at += 1) {
    const first = at * tile;
    const { runs: own } = counted(bins, count, first, tile, pixels, touched);
    // Sums are then gone through in order.
    touched.subarray(0, own).sort();
    const begin = firstEntry[at] as number;
    let entry = begin;
    for (let run = 0; run < own; run += 1) {
      const bin = touched[run] as number;
      next[bin] = entry;
      entry += inFours(pixels[bin] as number);
      const place = ((firstRun[at] as number) + run) * 2;
      runs[place] = bin * 8;
      runs[place + 1] = (entry - begin) * 2;
      pixels[bin] = 0;
    }
    const end = Math.min(first + tile, bins.length);
    for (let pixel = first; pixel < end; pixel += 1) {
      const bin = bins[pixel] as number;
      if (bin >= count) continue;
      const to = next[bin] as number;
      next[bin] = to + 1;
      entries[to] = (pixel - first) * bytes;
    }
  }
  return { tile, runs, entries, firstRun, firstEntry };
}

/** Counts the pixels of each bin of a tile, and notes which bins these are. */
function counted(
  bins: Uint32Array,
  count: number,
  first: number,
  tile: number,
  pixels: Uint16Array,
  touched: Uint32Array,
): { runs: number; entries: number; sum: number } {
  let runs = 0;
  let entries = 0;
  let sum = 0;
  const end = Math.min(first + tile, bins.length);
  for (let pixel = first; pixel < end; pixel += 1) {
    const bin = bins[pixel] as number;
    if (bin >= count) continue;
    const before = pixels[bin] as number;
    if (before === 0) {
      touched[runs] = bin;
      runs += 1;
    }
    // One more four is begun.
    if (before % 4 === 0) entries += 4;
    pixels[bin] = before + 1;
    sum += 1;
  }
  return { runs, entries, sum };
}

function inFours(pixels: number): number {
  return Math.ceil(pixels / 4) * 4;
}
