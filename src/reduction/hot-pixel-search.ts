/** Says when a pixel is hot or dead. */
export interface HotPixelLimits {
  /** It is so many deviations of its neighbours' counts away from them. */
  readonly sigmas: number;
  /** Whether pixels that count nothing are looked for too. */
  readonly dead: boolean;
}

const neighbours = new Float64Array(8);

/** Gives the median of the valid neighbours of a pixel; NaN where it has none. What is not valid is NaN. */
export function medianAround(countOf: (pixel: number) => number, rows: number, columns: number, pixel: number): number {
  const row = Math.floor(pixel / columns);
  const column = pixel - row * columns;
  let count = 0;
  for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
    for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
      if (y === row && x === column) continue;
      const value = countOf(y * columns + x);
      if (Number.isNaN(value)) continue;
      neighbours[count] = value;
      count += 1;
    }
  }
  if (count === 0) return Number.NaN;
  const sorted = neighbours.subarray(0, count).sort();
  const middle = count >> 1;
  return count % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Finds the pixels of a mean frame that their neighbours give the lie. What is not valid is NaN, and neither. */
export function findHotPixels(
  mean: Float32Array,
  rows: number,
  columns: number,
  { sigmas, dead }: HotPixelLimits,
): Uint32Array {
  const found: number[] = [];
  const meanOf = (pixel: number): number => mean[pixel] as number;
  for (let pixel = 0; pixel < mean.length; pixel += 1) {
    const own = mean[pixel] as number;
    // No neighbours can make a pixel hot that counts next to nothing.
    if (!(own > sigmas) && !(dead && own === 0)) continue;
    const median = medianAround(meanOf, rows, columns, pixel);
    // Counts scatter by their root, at least by one.
    const far = sigmas * Math.sqrt(Math.max(median, 1));
    if (own - median > far || (dead && own === 0 && median > far)) found.push(pixel);
  }
  return Uint32Array.from(found);
}
