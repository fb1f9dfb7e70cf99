import type { Frame } from "./elements.ts";
import { type Background, findBackground, type IsValid, type Surroundings } from "./local-background.ts";

/** Is a peak of a frame. */
export interface Peak {
  /** Its centre, weighted by its counts; the first pixel reaches from 0 to 1. */
  readonly row: number;
  readonly column: number;
  /** Its counts above the background. */
  readonly intensity: number;
  /** The mean of the background around it, for each pixel. */
  readonly background: number;
  readonly pixels: number;
  /** Its intensity by the deviation of the background over as many pixels. */
  readonly snr: number;
}

/** Says what counts as a peak. */
export interface PeakLimits {
  readonly minSnr: number;
  readonly minPixels: number;
  readonly maxPixels: number;
}

/** Counts scatter by themselves: a background of equal pixels, all 0 perhaps, still has this deviation. */
const LEAST_DEVIATION = 1;

/** Finds the peaks of a frame, in the order of their rows, around the valid pixels that are above the threshold. */
export function findPeaks(
  frame: Frame,
  bright: Uint32Array,
  mask: Float32Array | undefined,
  sentinel: number | undefined,
  around: Surroundings,
  limits: PeakLimits,
): Peak[] {
  const { data, columns } = frame;
  const isValid = (pixel: number): boolean => {
    const value = Number(data[pixel]);
    return value !== sentinel && Number.isFinite(value) && (mask === undefined || mask[pixel] === 0);
  };
  const peaks: Peak[] = [];
  const background: Background = { mean: 0, deviation: 0, pixels: 0 };
  const taken = new Set<number>();
  for (const pixel of bright) {
    if (taken.has(pixel)) continue;
    const row = Math.floor(pixel / columns);
    const column = pixel - row * columns;
    if (!isHighest(frame, isValid, row, column)) continue;
    findBackground(frame, isValid, row, column, around, background);
    const peak = grown(frame, isValid, pixel, around.inner, background, limits, taken);
    if (peak !== undefined) peaks.push(peak);
  }
  return peaks;
}

/** Tells whether a pixel is above its eight neighbours; of equal ones the first is. */
function isHighest({ data, rows, columns }: Frame, isValid: IsValid, row: number, column: number): boolean {
  const pixel = row * columns + column;
  const own = data[pixel] as number | bigint;
  for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
    for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
      const other = y * columns + x;
      if (other === pixel) continue;
      const value = data[other] as number | bigint;
      if ((value > own || (value === own && other < pixel)) && isValid(other)) return false;
    }
  }
  return true;
}

/** Gathers the pixels that hang together with the brightest one and stick out of the background. */
function grown(
  { data, rows, columns }: Frame,
  isValid: IsValid,
  brightest: number,
  reach: number,
  { mean, deviation, pixels: backgroundPixels }: Background,
  { minSnr, minPixels, maxPixels }: PeakLimits,
  taken: Set<number>,
): Peak | undefined {
  const scatter = Math.max(deviation, LEAST_DEVIATION);
  const least = mean + minSnr * scatter;
  if (backgroundPixels === 0 || !(Number(data[brightest]) >= least)) return undefined;
  const middle = Math.floor(brightest / columns);
  const pixels = [brightest];
  const seen = new Set(pixels);
  let intensity = 0;
  let rowSum = 0;
  let columnSum = 0;
  for (let at = 0; at < pixels.length; at += 1) {
    const pixel = pixels[at] as number;
    const row = Math.floor(pixel / columns);
    const column = pixel - row * columns;
    const counts = Number(data[pixel]) - mean;
    intensity += counts;
    rowSum += counts * (row + 0.5);
    columnSum += counts * (column + 0.5);
    for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
      for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
        const other = y * columns + x;
        const isNear = Math.abs(y - middle) <= reach && Math.abs(x - (brightest - middle * columns)) <= reach;
        if (!isNear || seen.has(other) || taken.has(other)) continue;
        if (!(Number(data[other]) >= least) || !isValid(other)) continue;
        seen.add(other);
        pixels.push(other);
      }
    }
  }
  // What belongs to one peak, even to one that does not count, makes no second one.
  for (const pixel of pixels) taken.add(pixel);
  if (pixels.length < minPixels || pixels.length > maxPixels) return undefined;
  return {
    row: rowSum / intensity,
    column: columnSum / intensity,
    intensity,
    background: mean,
    pixels: pixels.length,
    snr: intensity / (scatter * Math.sqrt(pixels.length)),
  };
}
