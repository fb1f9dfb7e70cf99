import type { Frame } from "./elements.ts";

/** Says which pixels count as background around a pixel: those of a square frame. */
export interface Surroundings {
  /** So far from the pixel, in rows or columns, what lies belongs to the peak. */
  readonly inner: number;
  /** So far what lies beyond it is background. */
  readonly outer: number;
}

/** Is the mean of a background and how much it scatters. */
export interface Background {
  mean: number;
  deviation: number;
  pixels: number;
}

/** What is so many deviations above the background is no background. */
const CLIPPED_AT = 3;

/** Tells which pixels of a frame count. */
export type IsValid = (pixel: number) => boolean;

/** Finds the background around a pixel. What sticks out of it, another peak, is left out the second time. */
export function findBackground(
  frame: Frame,
  isValid: IsValid,
  row: number,
  column: number,
  around: Surroundings,
  background: Background,
): void {
  background.mean = 0;
  background.deviation = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 2; round += 1) gather(frame, isValid, row, column, around, background);
}

function gather(
  { rows, columns, data }: Frame,
  isValid: IsValid,
  row: number,
  column: number,
  { inner, outer }: Surroundings,
  background: Background,
): void {
  const most = background.mean + CLIPPED_AT * background.deviation;
  let pixels = 0;
  let mean = 0;
  let squares = 0;
  for (let y = Math.max(0, row - outer); y <= Math.min(rows - 1, row + outer); y += 1) {
    for (let x = Math.max(0, column - outer); x <= Math.min(columns - 1, column + outer); x += 1) {
      if (Math.abs(y - row) <= inner && Math.abs(x - column) <= inner) continue;
      const pixel = y * columns + x;
      const value = Number(data[pixel]);
      if (!(value <= most) || !isValid(pixel)) continue;
      pixels += 1;
      const away = value - mean;
      mean += away / pixels;
      squares += away * (value - mean);
    }
  }
  background.pixels = pixels;
  background.mean = mean;
  background.deviation = pixels < 2 ? 0 : Math.sqrt(squares / (pixels - 1));
}
