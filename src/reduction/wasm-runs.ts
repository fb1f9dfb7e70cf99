import type { Elements } from "./elements.ts";
import type { PixelList } from "./pixel-list.ts";
import { type RunLists, runLists, tileOf } from "./run-lists.ts";
import { sentinelBits } from "./wasm-elements.ts";
import type { WasmMemory } from "./wasm-memory.ts";

/** Sums elements of one size by lists that lie in the memory of an instance. */
export class WasmRuns {
  readonly #memory: WasmMemory;
  readonly #lists: Pick<RunLists, "tile" | "firstRun" | "firstEntry">;
  readonly #tilePlace: number;
  readonly #runs: number;
  readonly #entries: number;
  readonly #list: number;

  private constructor(memory: WasmMemory, { runs, entries, ...lists }: RunLists, tilePlace: number) {
    this.#memory = memory;
    this.#lists = lists;
    this.#tilePlace = tilePlace;
    this.#runs = memory.put(runs);
    this.#entries = memory.put(entries);
    this.#list = memory.take(lists.tile * 4);
  }

  /** Makes the lists; undefined where they would save nothing, or where there is no room for them. */
  static made(
    memory: WasmMemory,
    bins: Uint32Array,
    count: number,
    bytes: number,
    least: number,
    tilePlace: number,
  ): WasmRuns | undefined {
    const lists = runLists(bins, count, bytes, least);
    if (lists === undefined) return undefined;
    try {
      return new WasmRuns(memory, lists, tilePlace);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** Adds the elements to the sums, and lists those that are not valid. */
  sum(elements: Elements, sentinel: number | undefined, sums: number, invalid: PixelList): void {
    const { tile, firstRun, firstEntry } = this.#lists;
    const { exports } = this.#memory;
    const bytes = elements.BYTES_PER_ELEMENT;
    const clear = this.#clearing(elements, sentinel);
    const kind = kindOf(elements);
    const sumRuns = bytes === 1 ? exports.sumByteRuns : bytes === 2 ? exports.sumShortRuns : exports.sumWordRuns;
    // What fills runs up is the pixel behind the last of a tile.
    new Uint8Array(this.#memory.buffer, this.#tilePlace + tile * bytes, bytes).fill(0);
    for (let first = 0, at = 0; first < elements.length; first += tile, at += 1) {
      const count = Math.min(tile, elements.length - first);
      this.#memory.copy(elements.subarray(first, first + count), this.#tilePlace);
      const listed = clear?.(count, first) ?? 0;
      if (listed > 0) invalid.append(new Uint32Array(this.#memory.buffer, this.#list, listed));
      const begin = firstRun[at] as number;
      const runs = (firstRun[at + 1] as number) - begin;
      sumRuns(this.#runs + begin * 8, runs, this.#entries + (firstEntry[at] as number) * 2, sums, kind);
    }
  }

  /** Gives what makes 0 of all that is not valid; undefined where everything is. */
  #clearing(elements: Elements, sentinel: number | undefined): ((count: number, first: number) => number) | undefined {
    const { clearBytes, clearShorts, clearWords, clearFloats } = this.#memory.exports;
    const list = this.#list;
    if (elements instanceof Float32Array) {
      const has = sentinel === undefined ? 0 : 1;
      return (count, first) => clearFloats(count, has, sentinel ?? 0, list, first);
    }
    const bits = sentinelBits(elements, sentinel);
    if (bits === undefined) return undefined;
    const looked = Number(BigInt.asIntN(32, bits));
    const bytes = elements.BYTES_PER_ELEMENT;
    const clear = bytes === 1 ? clearBytes : bytes === 2 ? clearShorts : clearWords;
    return (count, first) => clear(count, looked, list, first);
  }
}

/** Tells whether lists can be made for elements of this type. */
export function hasRuns(elements: Elements): boolean {
  return elements.BYTES_PER_ELEMENT <= 4;
}

/** How many bytes the place of a tile takes, whatever its elements are. */
export const TILE_PLACE_BYTES: number = (tileOf(4) + 16) * 4;

/** Without a sign 0, with one 1, floats 2: as kernels count. */
function kindOf(elements: Elements): number {
  if (elements instanceof Float32Array) return 2;
  const isSigned = elements instanceof Int8Array || elements instanceof Int16Array || elements instanceof Int32Array;
  return isSigned ? 1 : 0;
}
