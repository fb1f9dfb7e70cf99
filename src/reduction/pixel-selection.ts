import type { Elements } from "./elements.ts";
import type { Selecting } from "./kernels.ts";
import { PixelList } from "./pixel-list.ts";

/** Selects pixels in JavaScript; select.as.ts does the same. */
export class PixelSelection implements Selecting {
  readonly #mask: ArrayLike<number> | undefined;
  readonly #list = new PixelList();

  constructor(mask: ArrayLike<number> | undefined) {
    this.#mask = mask;
  }

  count(elements: Elements, threshold: number, sentinel: number | undefined): number {
    return this.list(elements, threshold, sentinel).length;
  }

  list(elements: Elements, threshold: number, sentinel: number | undefined): Uint32Array {
    const mask = this.#mask;
    const list = this.#list;
    list.clear();
    for (let pixel = 0; pixel < elements.length; pixel += 1) {
      const value = elements[pixel] as number | bigint;
      // Few are above, so that this comes first.
      if (!(value > threshold) || (mask !== undefined && mask[pixel] !== 0)) continue;
      const number = Number(value);
      if (number !== sentinel && number !== Number.POSITIVE_INFINITY) list.push(pixel);
    }
    return list.pixels;
  }
}
