import type { Elements } from "./elements.ts";
import type { Moments } from "./kernels.ts";
import { type MomentTables, type Statistic, tablesFor, writeStatistic } from "./statistic.ts";

/** Keeps statistics of each pixel in JavaScript; moments.as.ts does the same. */
export class PixelMoments implements Moments {
  readonly #decay: number | undefined;
  readonly #tables: MomentTables;
  #frames = 0;

  constructor(pixels: number, statistics: readonly Statistic[], decay: number | undefined) {
    const { means, squares, least, most } = tablesFor(statistics);
    this.#decay = decay;
    this.#tables = {
      counts: new Uint32Array(pixels),
      means: means ? new Float64Array(pixels) : undefined,
      squares: squares ? new Float64Array(pixels) : undefined,
      least: least ? new Float64Array(pixels).fill(Number.POSITIVE_INFINITY) : undefined,
      most: most ? new Float64Array(pixels).fill(Number.NEGATIVE_INFINITY) : undefined,
    };
  }

  get frames(): number {
    return this.#frames;
  }

  add(elements: Elements, sentinel: number | undefined): void {
    this.#frames += 1;
    const { counts, means, squares, least, most } = this.#tables;
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

  write(statistic: Statistic, target: Float32Array): void {
    writeStatistic(statistic, this.#tables, this.#decay !== undefined, target);
  }
}
