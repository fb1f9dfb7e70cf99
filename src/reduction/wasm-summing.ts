import type { Elements } from "./elements.ts";
import type { Parts, Summing, Sums } from "./kernels.ts";
import { PixelList } from "./pixel-list.ts";
import { sentinelBits, typeNumber } from "./wasm-elements.ts";
import type { WasmMemory } from "./wasm-memory.ts";
import { hasRuns, TILE_PLACE_BYTES, WasmRuns } from "./wasm-runs.ts";

/** So many elements are handed over at once; no more, or the 32-bit sums of small integers would overflow. */
const BATCH = 32_768;
/** With more bins than this, emptying the small sums after each batch costs more than they save. */
const FEW_BINS = 4096;
/** The four tables of the small sums, which sum-bins.as.ts has at the first place. */
const TABLES_BYTES: number = 4 * 16_448;
/** Lists are worth their while with runs of so many pixels: beside the small sums, and beside converting every element. */
const LEAST_RUN = { small: 16, wide: 3 } as const;
/** No integer of 8 or 16 bits is this one. */
const NO_SENTINEL = 0x7fffffff;

/** Splits pairs of sum and variance. */
function split(pairs: Float64Array, sums: Float64Array, variances: Float64Array): void {
  for (let bin = 0; bin < sums.length; bin += 1) {
    sums[bin] = pairs[2 * bin] as number;
    variances[bin] = pairs[2 * bin + 1] as number;
  }
}

/** Gives the places of bins in a table of 32-bit sums. */
function placesOf(bins: Uint32Array): Uint16Array {
  const places = new Uint16Array(bins.length);
  for (let pixel = 0; pixel < bins.length; pixel += 1) places[pixel] = (bins[pixel] as number) * 4;
  return places;
}

/** Is what both ways of summing share: room for a batch, and the list of what is not valid. */
class Batches {
  readonly memory: WasmMemory;
  readonly place: number;
  readonly list: number;
  readonly invalid = new PixelList();

  constructor(memory: WasmMemory) {
    this.memory = memory;
    this.place = memory.take(BATCH * 8);
    this.list = memory.take(BATCH * 4);
  }

  /** Gives batch by batch to a kernel, which says how many of its pixels it listed. */
  each(elements: Elements, kernel: (count: number, first: number) => number): void {
    for (let at = 0; at < elements.length; at += BATCH) {
      const count = Math.min(BATCH, elements.length - at);
      this.memory.copy(elements.subarray(at, at + count), this.place);
      const listed = kernel(count, at);
      if (listed > 0) this.invalid.append(new Uint32Array(this.memory.buffer, this.list, listed));
    }
  }
}

/** Sums where each pixel belongs to one bin. */
export class WasmByPixel implements Summing {
  readonly #memory: WasmMemory;
  readonly #batches: Batches;
  readonly #bins: Uint32Array;
  readonly #count: number;
  readonly #errors: boolean;
  /** Of bins: what is as long as it, or as long as a pair for each. */
  readonly #slots: number;
  readonly #wide: number;
  readonly #values: number;
  readonly #result: number;
  readonly #tile: number;
  #narrow: number | undefined;
  /** By the size of elements, made when such elements come; null where they are not worth their while. */
  readonly #runs = new Map<number, WasmRuns | null>();

  constructor(memory: WasmMemory, bins: Uint32Array, count: number, errors: boolean) {
    this.#memory = memory;
    this.#bins = bins;
    this.#count = count;
    this.#errors = errors;
    this.#slots = Math.ceil((count + 1) / 4) * 4;
    // First, for the kernels have both there.
    this.#tile = memory.take(TABLES_BYTES + TILE_PLACE_BYTES) + TABLES_BYTES;
    this.#batches = new Batches(memory);
    this.#values = memory.take(BATCH * 8);
    this.#result = memory.take(this.#slots * (errors ? 16 : 8));
    this.#wide = memory.put(bins);
  }

  sum(elements: Elements, sentinel: number | undefined): Sums {
    const length = this.#slots * (this.#errors ? 2 : 1);
    new Float64Array(this.#memory.buffer, this.#result, length).fill(0);
    const { invalid } = this.#batches;
    invalid.clear();
    const runs = this.#runsFor(elements);
    if (runs !== undefined) runs.sum(elements, sentinel, this.#result, invalid);
    else if (this.#isSmall(elements)) this.#sumSmall(elements, sentinel);
    else this.#sumValues(elements, sentinel);
    const result = new Float64Array(this.#memory.buffer, this.#result, length);
    if (!this.#errors) return { sums: result.subarray(0, this.#count), variances: undefined, invalid: invalid.pixels };
    const sums = new Float64Array(this.#count);
    const variances = new Float64Array(this.#count);
    split(result, sums, variances);
    return { sums, variances, invalid: invalid.pixels };
  }

  /** Small integers may be summed by a table of their own, which is half as much to read. */
  #isSmall(elements: Elements): boolean {
    return this.#slots <= FEW_BINS && !this.#errors && elements.BYTES_PER_ELEMENT <= 2;
  }

  #runsFor(elements: Elements): WasmRuns | undefined {
    if (this.#errors || !hasRuns(elements)) return undefined;
    const bytes = elements.BYTES_PER_ELEMENT;
    let runs = this.#runs.get(bytes);
    if (runs === undefined) {
      const least = this.#isSmall(elements) ? LEAST_RUN.small : LEAST_RUN.wide;
      runs = WasmRuns.made(this.#memory, this.#bins, this.#count, bytes, least, this.#tile) ?? null;
      this.#runs.set(bytes, runs);
    }
    return runs ?? undefined;
  }

  #sumSmall(elements: Elements, sentinel: number | undefined): void {
    this.#narrow ??= this.#memory.put(placesOf(this.#bins));
    const bins = this.#narrow;
    const { place, list, memory } = this.#batches;
    const { sumByte, sumShort, fold } = memory.exports;
    const kernel = elements.BYTES_PER_ELEMENT === 1 ? sumByte : sumShort;
    const signed = elements instanceof Int8Array || elements instanceof Int16Array ? 1 : 0;
    const bits = sentinelBits(elements, sentinel);
    const looked = bits === undefined ? NO_SENTINEL : Number(bits);
    this.#batches.each(elements, (count, first) => {
      const listed = kernel(place, count, bins + first * 2, signed, looked, list, first);
      fold(this.#count + 1, this.#result);
      return listed;
    });
  }

  #sumValues(elements: Elements, sentinel: number | undefined): void {
    const { place, list, memory } = this.#batches;
    const { values, sumValues, sumValuesWithErrors } = memory.exports;
    const type = typeNumber(elements);
    const looked = sentinelBits(elements, sentinel);
    const errors = this.#errors;
    const has = looked === undefined ? 0 : 1;
    const sum = errors ? sumValuesWithErrors : sumValues;
    const fill = errors ? Number.NaN : 0;
    this.#batches.each(elements, (count, first) => {
      const listed = values(type, place, count, this.#values, 1, has, looked ?? 0n, fill, list, first);
      sum(this.#values, count, this.#wide + first * 4, this.#result);
      return listed;
    });
  }
}

/** Sums where a pixel belongs to several bins by parts. */
export class WasmByParts implements Summing {
  readonly #batches: Batches;
  readonly #parts: Pick<Parts, "bins">;
  readonly #starts: number;
  readonly #pixel: number;
  readonly #weight: number;
  readonly #values: number;
  readonly #result: number;
  readonly #sums: Float64Array;
  readonly #variances: Float64Array | undefined;

  constructor(memory: WasmMemory, parts: Parts, errors: boolean) {
    this.#parts = { bins: parts.bins };
    this.#batches = new Batches(memory);
    this.#starts = memory.put(parts.starts);
    this.#pixel = memory.put(parts.pixel);
    this.#weight = memory.put(parts.weight);
    this.#values = memory.take(parts.pixels * 4);
    this.#result = memory.take(parts.bins * (errors ? 16 : 8));
    this.#sums = new Float64Array(parts.bins);
    this.#variances = errors ? new Float64Array(parts.bins) : undefined;
  }

  sum(elements: Elements, sentinel: number | undefined): Sums {
    const { place, list, memory, invalid } = this.#batches;
    const { values, gather, gatherWithErrors } = memory.exports;
    const { bins } = this.#parts;
    const type = typeNumber(elements);
    const looked = sentinelBits(elements, sentinel);
    const variances = this.#variances;
    const has = looked === undefined ? 0 : 1;
    const fill = variances === undefined ? 0 : Number.NaN;
    invalid.clear();
    this.#batches.each(elements, (count, first) =>
      values(type, place, count, this.#values + first * 4, 0, has, looked ?? 0n, fill, list, first),
    );
    const work = variances === undefined ? gather : gatherWithErrors;
    work(this.#values, this.#starts, this.#pixel, this.#weight, bins, this.#result);
    if (variances === undefined) this.#sums.set(new Float64Array(memory.buffer, this.#result, bins));
    else split(new Float64Array(memory.buffer, this.#result, bins * 2), this.#sums, variances);
    return { sums: this.#sums, variances, invalid: invalid.pixels };
  }
}
