import type { Elements } from "./elements.ts";
import type { Moments } from "./kernels.ts";
import { type MomentTables, type Statistic, tablesFor, writeStatistic } from "./statistic.ts";
import { sentinelBits, typeNumber } from "./wasm-elements.ts";
import type { WasmMemory } from "./wasm-memory.ts";

/** So many elements are handed over at once: what is worked on stays near the processor. An even number. */
const BATCH = 32_768;

/** Keeps statistics of each pixel in tables that lie in the memory of an instance. */
export class WasmMoments implements Moments {
  readonly #memory: WasmMemory;
  readonly #pixels: number;
  readonly #decay: number | undefined;
  readonly #from: number;
  readonly #values: number;
  readonly #list: number;
  readonly #counts: number;
  readonly #means: number;
  readonly #squares: number;
  readonly #least: number;
  readonly #most: number;
  #frames = 0;

  constructor(memory: WasmMemory, pixels: number, statistics: readonly Statistic[], decay: number | undefined) {
    const { means, squares, least, most } = tablesFor(statistics);
    this.#memory = memory;
    this.#pixels = pixels;
    this.#decay = decay;
    this.#from = memory.take(BATCH * 8);
    this.#values = memory.take(BATCH * 8);
    this.#list = memory.take(BATCH * 4);
    this.#counts = memory.take(pixels * 4);
    const table = (isKept: boolean): number => (isKept ? memory.take(pixels * 8) : 0);
    this.#means = table(means);
    this.#squares = table(squares);
    this.#least = table(least);
    this.#most = table(most);
    this.#tables.least?.fill(Number.POSITIVE_INFINITY);
    this.#tables.most?.fill(Number.NEGATIVE_INFINITY);
  }

  get frames(): number {
    return this.#frames;
  }

  add(elements: Elements, sentinel: number | undefined): void {
    this.#frames += 1;
    const { exports } = this.#memory;
    const type = typeNumber(elements);
    const looked = sentinelBits(elements, sentinel);
    for (let at = 0; at < elements.length; at += BATCH) {
      const count = Math.min(BATCH, elements.length - at);
      this.#memory.copy(elements.subarray(at, at + count), this.#from);
      const has = looked === undefined ? 0 : 1;
      exports.values(type, this.#from, count, this.#values, 1, has, looked ?? 0n, Number.NaN, this.#list, at);
      const table = (place: number): number => (place === 0 ? 0 : place + at * 8);
      exports.addMoments(
        this.#values,
        count,
        this.#counts + at * 4,
        table(this.#means),
        table(this.#squares),
        table(this.#least),
        table(this.#most),
        this.#decay ?? 0,
      );
    }
  }

  write(statistic: Statistic, target: Float32Array): void {
    writeStatistic(statistic, this.#tables, this.#decay !== undefined, target);
  }

  get #tables(): MomentTables {
    const { buffer } = this.#memory;
    const table = (place: number): Float64Array | undefined =>
      place === 0 ? undefined : new Float64Array(buffer, place, this.#pixels);
    return {
      counts: new Uint32Array(buffer, this.#counts, this.#pixels),
      means: table(this.#means),
      squares: table(this.#squares),
      least: table(this.#least),
      most: table(this.#most),
    };
  }
}
