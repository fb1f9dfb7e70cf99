import type { Elements } from "./elements.ts";

/** Keeps the mean of each pixel over frames, without the frames. What is not valid does not count. */
export class PixelMean {
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;
  #frames = 0;

  constructor(pixels: number) {
    this.#sums = new Float64Array(pixels);
    this.#counts = new Uint32Array(pixels);
  }

  get pixels(): number {
    return this.#sums.length;
  }

  get frames(): number {
    return this.#frames;
  }

  add(elements: Elements, sentinel: number | undefined): void {
    this.#frames += 1;
    for (let pixel = 0; pixel < elements.length; pixel += 1) {
      const value = Number(elements[pixel]);
      if (value === sentinel || !Number.isFinite(value)) continue;
      this.#sums[pixel] = (this.#sums[pixel] as number) + value;
      this.#counts[pixel] = (this.#counts[pixel] as number) + 1;
    }
  }

  /** Gives the means; NaN where a pixel was never valid. */
  mean(): Float32Array {
    return Float32Array.from(this.#sums, (sum, pixel) => sum / (this.#counts[pixel] as number));
  }
}
