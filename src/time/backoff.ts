const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** Says how long to wait before the next attempt: 100 ms, doubled each time up to 5 s, anywhere between half and all. */
export class Backoff {
  readonly #random: () => number;
  #attempts = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Counts an attempt that failed and gives the wait before the next. */
  next(): number {
    const ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#attempts, 10));
    this.#attempts += 1;
    return ms * (0.5 + this.#random() / 2);
  }

  /** Begins again, after an attempt that came through. */
  reset(): void {
    this.#attempts = 0;
  }
}
