import type { Elements } from "./elements.ts";
import type { Selecting } from "./kernels.ts";
import { leastBits, sentinelBits, typeNumber } from "./wasm-elements.ts";
import type { WasmMemory } from "./wasm-memory.ts";

/** So many elements are handed over at once: what is worked on stays near the processor. */
const BATCH = 32_768;
const NONE = new Uint32Array(0);

/** Selects pixels with a mask that lies in the memory of an instance. */
export class WasmSelection implements Selecting {
  readonly #memory: WasmMemory;
  readonly #mask: number;
  readonly #from: number;
  readonly #found: number;
  #list: Uint32Array = NONE;

  constructor(memory: WasmMemory, mask: ArrayLike<number> | undefined) {
    this.#memory = memory;
    this.#mask = mask === undefined ? 0 : memory.put(Uint8Array.from(mask, (value) => (value === 0 ? 0 : 1)));
    this.#from = memory.take(BATCH * 8);
    this.#found = memory.take(BATCH * 4);
  }

  count(elements: Elements, threshold: number, sentinel: number | undefined): number {
    let all = 0;
    this.#batches(elements, threshold, sentinel, 0, (found) => {
      all += found;
    });
    return all;
  }

  list(elements: Elements, threshold: number, sentinel: number | undefined): Uint32Array {
    // As long as all of them: a frame where all are above is none to be surprised by.
    if (this.#list.length < elements.length) this.#list = new Uint32Array(elements.length);
    const list = this.#list;
    let all = 0;
    this.#batches(elements, threshold, sentinel, this.#found, (found) => {
      if (found > 0) list.set(new Uint32Array(this.#memory.buffer, this.#found, found), all);
      all += found;
    });
    return list.subarray(0, all);
  }

  #batches(
    elements: Elements,
    threshold: number,
    sentinel: number | undefined,
    list: number,
    take: (found: number) => void,
  ): void {
    const least = leastBits(elements, threshold);
    if (least === undefined) return;
    const type = typeNumber(elements);
    const looked = sentinelBits(elements, sentinel);
    const has = looked === undefined ? 0 : 1;
    for (let at = 0; at < elements.length; at += BATCH) {
      const count = Math.min(BATCH, elements.length - at);
      this.#memory.copy(elements.subarray(at, at + count), this.#from);
      take(this.#memory.exports.select(type, this.#from, count, least, has, looked ?? 0n, this.#mask, at, list));
    }
  }
}
