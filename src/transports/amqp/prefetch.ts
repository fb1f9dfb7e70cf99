/** The most that the protocol can say. */
const MOST = 65_535;
/** More on the way at once makes nothing quicker. */
const ENOUGH = 1_024;
const GROWTH = 8;

/**
 * Finds out how many messages a broker may send ahead: it counts messages, and memory counts bytes. One at first, then
 * more and more as long as the largest that was seen would fit so often; what is held behind the queue comes on top.
 */
export class Prefetch {
  readonly #maxBytes: number;
  readonly #fixed: number | undefined;
  #count: number;
  #largest = 0;
  #extra = 0;
  #came = 0;

  /** `fixed`: as many, whatever they weigh. */
  constructor(maxBytes: number, fixed: number | undefined) {
    this.#maxBytes = maxBytes;
    this.#fixed = fixed;
    this.#count = fixed ?? 0;
  }

  /** How many messages may be on the way or in work. */
  get count(): number {
    return Math.min(MOST, this.#count + this.#extra);
  }

  /** True when no more can be asked for. */
  get isMost(): boolean {
    return this.count === MOST;
  }

  /** Takes in a message that came; tells whether another count would be better by much. */
  came(bytes: number): boolean {
    this.#came += 1;
    if (bytes > this.#largest) this.#largest = bytes;
    if (this.#fixed !== undefined) return false;
    const fits = this.#fits;
    if (this.#count > 2 * fits) return true;
    return this.#came >= this.#count && 2 * this.#count <= fits;
  }

  /** Asks for more since all that were sent are kept behind the queue; tells whether that is possible. */
  starved(kept: number): boolean {
    if (this.isMost) return false;
    this.#extra = kept + this.#extra;
    return true;
  }

  /** Tells whether much more may be sent than is kept behind the queue by now. */
  isTooMuch(kept: number): boolean {
    return this.#extra > 0 && kept < this.#extra / 2;
  }

  /** Gives the count to go on with. */
  next(kept: number): number {
    if (this.#fixed === undefined) this.#count = Math.min(this.#fits, Math.max(1, this.#count * GROWTH));
    this.#extra = Math.min(this.#extra, kept);
    this.#came = 0;
    return this.count;
  }

  get #fits(): number {
    return Math.max(1, Math.min(ENOUGH, Math.floor(this.#maxBytes / Math.max(1, this.#largest))));
  }
}
