import type { Elements } from "./elements.ts";
import type { Parts, Summing, Sums } from "./kernels.ts";
import { PixelList } from "./pixel-list.ts";
import { sentinelBits, typeNumber } from "./wasm-elements.ts";
import type { WasmMemory } from "./wasm-memory.ts";

/** So many elements are handed over at once; no more, or the 32-bit sums of small integers would overflow. */
const BATCH = 32_768;
/** With more bins than this, emptying the small sums after each batch costs more than they save. */
const FEW_BINS = 4096;
/** The four tables of the small sums, which sum-bins.as.ts has at the first place. */
const TABLES_BYTES: number = 4 * 16_448;
/** No integer of 8 or 16 bits is this one. */
const NO_SENTINEL = 0x7fffffff;

/** Splits pairs of sum and variance. */
function split(pairs: Float64Array, sums: Float64Array, variances: Float64Array): void {
  for (let bin = 0; bin < sums.length; bin += 1) {
    sums[bin] = pairs[2 * bin] as number;
    variances[bin] = pairs[2 * bin + 1] as number;
  }
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
    this.invalid.clear();
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
  readonly #batches: Batches;
  readonly #bins: number;
  readonly #fewBins: number | undefined;
  readonly #count: number;
  readonly #values: number;
  readonly #result: Float64Array;
  readonly #resultPlace: number;
  readonly #variances: Float64Array | undefined;

  constructor(memory: WasmMemory, bins: Uint32Array, count: number, errors: boolean) {
    const slots = Math.ceil((count + 1) / 4) * 4;
    this.#count = count;
    // First, for the kernels have it there.
    memory.take(TABLES_BYTES);
    this.#batches = new Batches(memory);
    this.#values = memory.take(BATCH * 8);
    this.#resultPlace = memory.take(slots * (errors ? 16 : 8));
    // Small integers are summed by the narrow table, which is half as much to read; all others by the wide one.
    const isNarrow = slots <= FEW_BINS && !errors;
    this.#fewBins = isNarrow ? memory.put(Uint16Array.from(bins, (bin) => bin * 4)) : undefined;
    this.#bins = memory.put(bins);
    this.#result = new Float64Array(memory.buffer, this.#resultPlace, slots * (errors ? 2 : 1));
    this.#variances = errors ? new Float64Array(count) : undefined;
  }

  sum(elements: Elements, sentinel: number | undefined): Sums {
    this.#result.fill(0);
    const narrow = this.#fewBins;
    if (narrow !== undefined && elements.BYTES_PER_ELEMENT <= 2) this.#sumSmall(elements, sentinel, narrow);
    else this.#sumValues(elements, sentinel);
    const invalid = this.#batches.invalid.pixels;
    if (this.#variances === undefined) {
      return { sums: this.#result.subarray(0, this.#count), variances: undefined, invalid };
    }
    const sums = new Float64Array(this.#count);
    split(this.#result, sums, this.#variances);
    return { sums, variances: this.#variances, invalid };
  }

  #sumSmall(elements: Elements, sentinel: number | undefined, bins: number): void {
    const { place, list, memory } = this.#batches;
    const { sumByte, sumShort, fold } = memory.exports;
    const kernel = elements.BYTES_PER_ELEMENT === 1 ? sumByte : sumShort;
    const signed = elements instanceof Int8Array || elements instanceof Int16Array ? 1 : 0;
    const bits = sentinelBits(elements, sentinel);
    const looked = bits === undefined ? NO_SENTINEL : Number(bits);
    this.#batches.each(elements, (count, first) => {
      const listed = kernel(place, count, bins + first * 2, signed, looked, list, first);
      fold(this.#count + 1, this.#resultPlace);
      return listed;
    });
  }

  #sumValues(elements: Elements, sentinel: number | undefined): void {
    const { place, list, memory } = this.#batches;
    const { values, sumValues, sumValuesWithErrors } = memory.exports;
    const type = typeNumber(elements);
    const looked = sentinelBits(elements, sentinel);
    const errors = this.#variances !== undefined;
    const has = looked === undefined ? 0 : 1;
    const sum = errors ? sumValuesWithErrors : sumValues;
    const fill = errors ? Number.NaN : 0;
    this.#batches.each(elements, (count, first) => {
      const listed = values(type, place, count, this.#values, 1, has, looked ?? 0n, fill, list, first);
      sum(this.#values, count, this.#bins + first * 4, this.#resultPlace);
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
