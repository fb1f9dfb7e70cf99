import type { Elements } from "./elements.ts";
import type { Correcting } from "./kernels.ts";
import { sentinelBits, typeNumber } from "./wasm-elements.ts";
import type { WasmMemory } from "./wasm-memory.ts";

/** So many elements are handed over at once: what is worked on stays near the processor. */
const BATCH = 32_768;

/** Corrects frames with tables that lie in the memory of an instance. */
export class WasmCorrecting implements Correcting {
  readonly #memory: WasmMemory;
  readonly #dark: number;
  readonly #factor: number;
  readonly #from: number;
  readonly #to: number;

  constructor(memory: WasmMemory, dark: Float32Array, factor: Float32Array) {
    this.#memory = memory;
    this.#dark = memory.put(dark);
    this.#factor = memory.put(factor);
    this.#from = memory.take(BATCH * 8);
    this.#to = memory.take(BATCH * 4);
  }

  correct(elements: Elements, sentinel: number | undefined, target: Float32Array): void {
    const type = typeNumber(elements);
    const looked = sentinelBits(elements, sentinel);
    const result = new Float32Array(this.#memory.buffer, this.#to, BATCH);
    for (let at = 0; at < elements.length; at += BATCH) {
      const count = Math.min(BATCH, elements.length - at);
      this.#memory.copy(elements.subarray(at, at + count), this.#from);
      this.#memory.exports.correct(
        type,
        this.#from,
        count,
        this.#dark + at * 4,
        this.#factor + at * 4,
        this.#to,
        looked === undefined ? 0 : 1,
        looked ?? 0n,
      );
      target.set(count === BATCH ? result : result.subarray(0, count), at);
    }
  }
}
