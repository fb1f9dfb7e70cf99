import type { Elements } from "./elements.ts";
import type { Kernels, Summing } from "./kernels.ts";
import { type PixelTable, partsOf } from "./pixel-table.ts";

/** Is what each pixel is corrected with. */
export interface PixelCorrections {
  /** Subtracted from each pixel. */
  readonly dark: Float32Array | undefined;
  /** What a pixel would count of an even light: flat field, solid angle, polarisation. */
  readonly norm: Float32Array;
}

/**
 * Integrates frames: for each bin the sum of (pixel - dark) divided by the sum of the norms. Sums are linear, so that
 * those of darks and norms are made once, and a frame costs the sum of its own pixels. What a frame's invalid pixels
 * contribute is taken away from them; they are mostly those of the frame before, and nothing has to be done.
 */
export class Integration {
  readonly #table: PixelTable;
  readonly #corrections: PixelCorrections;
  readonly #summing: Summing;
  readonly #whole: Totals;
  readonly #rest: Totals;
  #invalid: Uint32Array = new Uint32Array(0);

  constructor(kernels: Kernels, table: PixelTable, corrections: PixelCorrections, errors: boolean) {
    this.#table = table;
    this.#corrections = corrections;
    this.#summing =
      table.starts === undefined
        ? kernels.byPixel(table.bin, table.bins, errors)
        : kernels.byParts(partsOf(table), errors);
    this.#whole = new Totals(table.bins);
    for (let pixel = 0; pixel < table.pixels; pixel += 1) this.#count(this.#whole, pixel, 1);
    this.#rest = new Totals(table.bins);
    this.#rest.set(this.#whole);
  }

  /** Writes the mean of each bin, NaN where it has no pixel, and behind them their errors where these were asked for. */
  integrate(elements: Elements, sentinel: number | undefined, target: Float32Array): void {
    const { sums, variances, invalid } = this.#summing.sum(elements, sentinel);
    this.#leaveOut(invalid);
    const { norm, dark, entries } = this.#rest;
    const { bins } = this.#table;
    for (let bin = 0; bin < bins; bin += 1) {
      const isEmpty = entries[bin] === 0;
      const divisor = norm[bin] as number;
      target[bin] = isEmpty ? Number.NaN : ((sums[bin] as number) - (dark[bin] as number)) / divisor;
      if (variances === undefined) continue;
      target[bins + bin] = isEmpty ? Number.NaN : Math.sqrt(variances[bin] as number) / divisor;
    }
  }

  #leaveOut(invalid: Uint32Array): void {
    if (isSame(invalid, this.#invalid)) return;
    this.#invalid = invalid.slice();
    this.#rest.set(this.#whole);
    for (const pixel of invalid) this.#count(this.#rest, pixel, -1);
  }

  #count(totals: Totals, pixel: number, sign: 1 | -1): void {
    const { starts, bin, weight, bins } = this.#table;
    const norm = this.#corrections.norm[pixel] as number;
    const dark = this.#corrections.dark?.[pixel] ?? 0;
    const end = starts?.[pixel + 1] ?? pixel + 1;
    for (let entry = starts?.[pixel] ?? pixel; entry < end; entry += 1) {
      const one = bin[entry] as number;
      if (one < bins) totals.add(one, weight?.[entry] ?? 1, norm, dark, sign);
    }
  }
}

/** Holds what the pixels of each bin are together, without those of a frame. */
class Totals {
  readonly norm: Float64Array;
  readonly dark: Float64Array;
  /** Whole numbers: they tell exactly when nothing is left. */
  readonly entries: Int32Array;

  constructor(bins: number) {
    this.norm = new Float64Array(bins);
    this.dark = new Float64Array(bins);
    this.entries = new Int32Array(bins);
  }

  set(other: Totals): void {
    this.norm.set(other.norm);
    this.dark.set(other.dark);
    this.entries.set(other.entries);
  }

  add(bin: number, weight: number, norm: number, dark: number, sign: 1 | -1): void {
    this.norm[bin] = (this.norm[bin] as number) + sign * weight * norm;
    this.dark[bin] = (this.dark[bin] as number) + sign * weight * dark;
    this.entries[bin] = (this.entries[bin] as number) + sign;
  }
}

function isSame(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
