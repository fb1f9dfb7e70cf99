import type { Elements } from "./elements.ts";
import type { Correcting, Kernels, Parts, Summing, Sums } from "./kernels.ts";
import { PixelList } from "./pixel-list.ts";
import { PixelMoments } from "./pixel-moments.ts";
import { PixelSelection } from "./pixel-selection.ts";

/** Does all work in JavaScript, where WebAssembly is not to be had. */
export const javascriptKernels: Kernels = {
  name: "javascript",
  byPixel: (bins, count, errors) => (errors ? new ErrorsByPixel(bins, count) : new SumsByPixel(bins, count)),
  byParts: (parts, errors) => new SumsByParts(parts, errors),
  correcting: (dark, factor) => new Corrections(dark, factor),
  selecting: (mask) => new PixelSelection(mask),
  moments: (pixels, statistics, decay) => new PixelMoments(pixels, statistics, decay),
};

/** Gives elements whose values are plain numbers. */
function numbersOf(elements: Elements): Exclude<Elements, BigInt64Array | BigUint64Array> {
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array)
    return Float64Array.from(elements, Number);
  return elements;
}

/** NaN equals nothing, so that no element is a sentinel that is not there. */
const NONE = Number.NaN;

class SumsByPixel implements Summing {
  readonly #bins: Uint32Array;
  readonly #sums: Float64Array;
  readonly #invalid = new PixelList();

  constructor(bins: Uint32Array, count: number) {
    this.#bins = bins;
    this.#sums = new Float64Array(count + 1);
  }

  sum(elements: Elements, sentinel: number = NONE): Sums {
    const values = numbersOf(elements);
    const sums = this.#sums.fill(0);
    const invalid = this.#invalid;
    const bins = this.#bins;
    invalid.clear();
    for (let pixel = 0; pixel < values.length; pixel += 1) {
      const value = values[pixel] as number;
      if (value === sentinel || value - value !== 0) {
        invalid.push(pixel);
        continue;
      }
      const bin = bins[pixel] as number;
      sums[bin] = (sums[bin] as number) + value;
    }
    return { sums: sums.subarray(0, -1), variances: undefined, invalid: invalid.pixels };
  }
}

class ErrorsByPixel implements Summing {
  readonly #bins: Uint32Array;
  readonly #sums: Float64Array;
  readonly #variances: Float64Array;
  readonly #invalid = new PixelList();

  constructor(bins: Uint32Array, count: number) {
    this.#bins = bins;
    this.#sums = new Float64Array(count + 1);
    this.#variances = new Float64Array(count + 1);
  }

  sum(elements: Elements, sentinel: number = NONE): Sums {
    const values = numbersOf(elements);
    const sums = this.#sums.fill(0);
    const variances = this.#variances.fill(0);
    this.#invalid.clear();
    for (let pixel = 0; pixel < values.length; pixel += 1) {
      const value = values[pixel] as number;
      if (value === sentinel || value - value !== 0) {
        this.#invalid.push(pixel);
        continue;
      }
      const bin = this.#bins[pixel] as number;
      sums[bin] = (sums[bin] as number) + value;
      variances[bin] = (variances[bin] as number) + Math.max(value, 1);
    }
    return { sums: sums.subarray(0, -1), variances: variances.subarray(0, -1), invalid: this.#invalid.pixels };
  }
}

class SumsByParts implements Summing {
  readonly #parts: Parts;
  readonly #values: Float64Array;
  readonly #sums: Float64Array;
  readonly #variances: Float64Array | undefined;
  readonly #invalid = new PixelList();

  constructor(parts: Parts, errors: boolean) {
    this.#parts = parts;
    this.#values = new Float64Array(parts.pixels);
    this.#sums = new Float64Array(parts.bins);
    this.#variances = errors ? new Float64Array(parts.bins) : undefined;
  }

  sum(elements: Elements, sentinel: number = NONE): Sums {
    const given = numbersOf(elements);
    const values = this.#values;
    const fill = this.#variances === undefined ? 0 : Number.NaN;
    this.#invalid.clear();
    for (let pixel = 0; pixel < given.length; pixel += 1) {
      const value = given[pixel] as number;
      const isValid = value !== sentinel && value - value === 0;
      values[pixel] = isValid ? value : fill;
      if (!isValid) this.#invalid.push(pixel);
    }
    if (this.#variances === undefined) this.#gather();
    else this.#gatherWithErrors(this.#variances);
    return { sums: this.#sums, variances: this.#variances, invalid: this.#invalid.pixels };
  }

  #gather(): void {
    const { bins, starts, pixel, weight } = this.#parts;
    let entry = 0;
    for (let bin = 0; bin < bins; bin += 1) {
      const end = starts[bin + 1] as number;
      let sum = 0;
      for (; entry < end; entry += 1)
        sum += (this.#values[pixel[entry] as number] as number) * (weight[entry] as number);
      this.#sums[bin] = sum;
    }
  }

  #gatherWithErrors(variances: Float64Array): void {
    const { bins, starts, pixel, weight: weights } = this.#parts;
    let entry = 0;
    for (let bin = 0; bin < bins; bin += 1) {
      const end = starts[bin + 1] as number;
      let sum = 0;
      let variance = 0;
      for (; entry < end; entry += 1) {
        const value = this.#values[pixel[entry] as number] as number;
        if (Number.isNaN(value)) continue;
        const weight = weights[entry] as number;
        sum += value * weight;
        variance += Math.max(value, 1) * weight * weight;
      }
      this.#sums[bin] = sum;
      variances[bin] = variance;
    }
  }
}

class Corrections implements Correcting {
  readonly #dark: Float32Array;
  readonly #factor: Float32Array;

  constructor(dark: Float32Array, factor: Float32Array) {
    this.#dark = dark;
    this.#factor = factor;
  }

  correct(elements: Elements, sentinel: number | undefined, target: Float32Array): void {
    const values = numbersOf(elements);
    const looked = sentinel ?? NONE;
    for (let pixel = 0; pixel < values.length; pixel += 1) {
      const value = values[pixel] as number;
      const isValid = value !== looked && value - value === 0;
      target[pixel] = isValid ? (value - (this.#dark[pixel] as number)) * (this.#factor[pixel] as number) : Number.NaN;
    }
  }
}
