import type { Elements } from "./elements.ts";
import type { Statistic } from "./statistic.ts";

/** Holds the sums of a frame by bin; good until the next frame. */
export interface Sums {
  /** The sum of the valid pixels of each bin, weighted. */
  readonly sums: Float64Array;
  /** The sum of their variances, each at least 1, by the square of the weight; where errors were asked for. */
  readonly variances: Float64Array | undefined;
  /** The pixels that were not valid, in order. */
  readonly invalid: Uint32Array;
}

/** Adds the pixels of frames up by bin. */
export interface Summing {
  /** Sums a frame. What equals the sentinel, or is not finite, is not valid: it is left out and listed. */
  sum(elements: Elements, sentinel: number | undefined): Sums;
}

/** Says which parts of which pixels make up each bin: those of bin b are the entries from starts[b] to starts[b + 1]. */
export interface Parts {
  readonly pixels: number;
  readonly bins: number;
  readonly starts: Uint32Array;
  readonly pixel: Uint32Array;
  readonly weight: Float32Array;
}

/** Corrects frames pixel by pixel. */
export interface Correcting {
  /** Writes (element - dark) * factor; NaN for what is masked or not valid. */
  correct(elements: Elements, sentinel: number | undefined, target: Float32Array): void;
}

/** Finds the pixels of frames that are above a threshold and valid: neither masked nor the sentinel, and finite. */
export interface Selecting {
  /** Gives how many there are. */
  count(elements: Elements, threshold: number, sentinel: number | undefined): number;
  /** Gives their pixels in order; good until the next frame. */
  list(elements: Elements, threshold: number, sentinel: number | undefined): Uint32Array;
}

/** Keeps statistics of each pixel over frames, in one pass and without losing digits: those that are asked for. */
export interface Moments {
  readonly frames: number;
  /** Adds a frame. A pixel that equals the sentinel, or is not finite, does not count. */
  add(elements: Elements, sentinel: number | undefined): void;
  /** Writes one statistic; NaN where a pixel never counted, and for the variance of one value. */
  write(statistic: Statistic, target: Float32Array): void;
}

/** Makes what works on the pixels of frames; each keeps its own tables. */
export interface Kernels {
  readonly name: "wasm" | "javascript";
  /** Sums where each pixel belongs to one bin; a bin number that is `count` masks the pixel. */
  byPixel(bins: Uint32Array, count: number, errors: boolean): Summing;
  /** Sums where a pixel belongs to several bins by parts. */
  byParts(parts: Parts, errors: boolean): Summing;
  /** Corrects with a dark and a factor for each pixel; a factor that is NaN masks it. */
  correcting(dark: Float32Array, factor: Float32Array): Correcting;
  /** Selects pixels; what is not 0 in the mask is left out. */
  selecting(mask: ArrayLike<number> | undefined): Selecting;
  /** Keeps statistics; with a decay each frame has this weight, and older ones fade. */
  moments(pixels: number, statistics: readonly Statistic[], decay: number | undefined): Moments;
}
