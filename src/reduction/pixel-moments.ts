import type { Elements } from "./elements.ts";

/** Names what can be kept of each pixel. The variance is that of a sample; with a decay, that of the fading weights. */
export type Statistic = "mean" | "variance" | "min" | "max";

/** All statistics, for checks. */
export const STATISTICS: readonly Statistic[] = ["mean", "variance", "min", "max"];

/** Keeps statistics of each pixel over frames, in one pass and without losing digits: those that are asked for. */
export class PixelMoments {
  readonly #decay: number | undefined;
  readonly #counts: Uint32Array;
  readonly #means: Float64Array | undefined;
  /** Sums of squared distances from the mean; with a decay the variance itself. */
  readonly #squares: Float64Array | undefined;
  readonly #least: Float64Array | undefined;
  readonly #most: Float64Array | undefined;
  #frames = 0;

  constructor(pixels: number, statistics: readonly Statistic[], decay?: number) {
    const asked = (...names: Statistic[]): boolean => names.some((name) => statistics.includes(name));
    this.#decay = decay;
    this.#counts = new Uint32Array(pixels);
    if (asked("mean", "variance")) this.#means = new Float64Array(pixels);
    if (asked("variance")) this.#squares = new Float64Array(pixels);
    if (asked("min")) this.#least = new Float64Array(pixels).fill(Number.POSITIVE_INFINITY);
    if (asked("max")) this.#most = new Float64Array(pixels).fill(Number.NEGATIVE_INFINITY);
  }

  get frames(): number {
    return this.#frames;
  }

  add(elements: Elements, sentinel: number | undefined): void {
    this.#frames += 1;
    const counts = this.#counts;
    const [means, squares, least, most] = [this.#means, this.#squares, this.#least, this.#most];
    for (let pixel = 0; pixel < elements.length; pixel += 1) {
      const value = Number(elements[pixel]);
      if (value === sentinel || !Number.isFinite(value)) continue;
      const count = (counts[pixel] as number) + 1;
      counts[pixel] = count;
      if (least !== undefined && value < (least[pixel] as number)) least[pixel] = value;
      if (most !== undefined && value > (most[pixel] as number)) most[pixel] = value;
      if (means === undefined) continue;
      const away = value - (means[pixel] as number);
      const weight = this.#decay === undefined || count === 1 ? 1 / count : this.#decay;
      const mean = (means[pixel] as number) + weight * away;
      means[pixel] = mean;
      if (squares === undefined) continue;
      const before = squares[pixel] as number;
      if (this.#decay === undefined) squares[pixel] = before + away * (value - mean);
      else squares[pixel] = count === 1 ? 0 : (1 - weight) * (before + weight * away * away);
    }
  }

  /** Writes one statistic; NaN where a pixel never counted, and for the variance of one value. */
  write(statistic: Statistic, target: Float32Array): void {
    const from = { mean: this.#means, variance: this.#squares, min: this.#least, max: this.#most }[statistic];
    const isSample = statistic === "variance" && this.#decay === undefined;
    for (let pixel = 0; pixel < target.length; pixel += 1) {
      const count = this.#counts[pixel] as number;
      const value = from?.[pixel] ?? Number.NaN;
      if (count === 0 || (isSample && count < 2)) target[pixel] = Number.NaN;
      else target[pixel] = isSample ? value / (count - 1) : value;
    }
  }
}
