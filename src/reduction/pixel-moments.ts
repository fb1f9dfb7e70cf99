import type { Elements } from "./elements.ts";

/** Names what can be kept of each pixel. The variance is that of a sample; with a decay, that of the fading weights. */
export type Statistic = "mean" | "variance" | "min" | "max";

/** All statistics, for checks. */
export const STATISTICS: readonly Statistic[] = ["mean", "variance", "min", "max"];

/** Keeps mean, variance, least and most of each pixel over frames, in one pass and without losing digits. */
export class PixelMoments {
  readonly #decay: number | undefined;
  readonly #counts: Uint32Array;
  readonly #means: Float64Array;
  /** Sums of squared distances from the mean; with a decay the variance itself. */
  readonly #squares: Float64Array;
  readonly #least: Float64Array;
  readonly #most: Float64Array;
  #frames = 0;

  constructor(pixels: number, decay?: number) {
    this.#decay = decay;
    this.#counts = new Uint32Array(pixels);
    this.#means = new Float64Array(pixels);
    this.#squares = new Float64Array(pixels);
    this.#least = new Float64Array(pixels).fill(Number.POSITIVE_INFINITY);
    this.#most = new Float64Array(pixels).fill(Number.NEGATIVE_INFINITY);
  }

  get frames(): number {
    return this.#frames;
  }

  add(elements: Elements, sentinel: number | undefined): void {
    this.#frames += 1;
    const decay = this.#decay;
    for (let pixel = 0; pixel < elements.length; pixel += 1) {
      const value = Number(elements[pixel]);
      if (value === sentinel || !Number.isFinite(value)) continue;
      const count = (this.#counts[pixel] as number) + 1;
      this.#counts[pixel] = count;
      if (value < (this.#least[pixel] as number)) this.#least[pixel] = value;
      if (value > (this.#most[pixel] as number)) this.#most[pixel] = value;
      const mean = this.#means[pixel] as number;
      const squares = this.#squares[pixel] as number;
      const away = value - mean;
      const weight = decay === undefined || count === 1 ? 1 / count : decay;
      this.#means[pixel] = mean + weight * away;
      if (decay === undefined) this.#squares[pixel] = squares + away * (value - (this.#means[pixel] as number));
      else this.#squares[pixel] = count === 1 ? 0 : (1 - weight) * (squares + weight * away * away);
    }
  }

  /** Writes one statistic; NaN where a pixel never counted, and for the variance of one value. */
  write(statistic: Statistic, target: Float32Array): void {
    for (let pixel = 0; pixel < target.length; pixel += 1) {
      target[pixel] = this.#counts[pixel] === 0 ? Number.NaN : this.#valueOf(statistic, pixel);
    }
  }

  #valueOf(statistic: Statistic, pixel: number): number {
    if (statistic === "mean") return this.#means[pixel] as number;
    if (statistic === "min") return this.#least[pixel] as number;
    if (statistic === "max") return this.#most[pixel] as number;
    const squares = this.#squares[pixel] as number;
    if (this.#decay !== undefined) return squares;
    const count = this.#counts[pixel] as number;
    return count < 2 ? Number.NaN : squares / (count - 1);
  }
}
