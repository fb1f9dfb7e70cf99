/** Messages that are looked back on; also the most that a queue may hold. */
const LONGEST = 16_384;

/**
 * Keeps a bound in bytes with a queue that counts messages, as those of libzmq do: allows as many messages as the last
 * ones would fit. When sizes grow, what was allowed is corrected before the bytes are passed.
 */
export class ByteBound {
  readonly #maxBytes: number;
  readonly #most: number;
  readonly #sizes: Float64Array;
  #next = 0;
  #length = 0;
  #bytes = 0;
  #full = false;
  #allowed: number;

  /** `most` messages are allowed as long as they are small. */
  constructor(maxBytes: number, most: number = LONGEST) {
    this.#maxBytes = maxBytes;
    this.#most = Math.max(2, Math.min(most, LONGEST));
    this.#sizes = new Float64Array(this.#most);
    this.#allowed = this.#most;
  }

  /** How many messages the queue may hold; changes in steps of two. */
  get allowed(): number {
    return this.#allowed;
  }

  /** Takes the size of a message; true when `allowed` changed. */
  saw(bytes: number): boolean {
    if (this.#length === this.#most) this.#forget();
    this.#sizes[this.#next] = bytes;
    this.#next = (this.#next + 1) % this.#most;
    this.#length += 1;
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes && this.#length > 2) {
      this.#forget();
      this.#full = true;
    }
    if (this.#full && this.#length === this.#most) this.#full = false;
    return this.#adjust(this.#full ? this.#length : this.#most);
  }

  #forget(): void {
    const oldest = (this.#next + this.#most - this.#length) % this.#most;
    this.#bytes -= this.#sizes[oldest] as number;
    this.#length -= 1;
  }

  #adjust(fitting: number): boolean {
    if (fitting >= this.#allowed && fitting < this.#allowed * 2) return false;
    const allowed = fitting === this.#most ? fitting : 2 ** Math.floor(Math.log2(fitting));
    if (allowed === this.#allowed) return false;
    this.#allowed = allowed;
    return true;
  }
}
