/** So many times a larger step is taken for losses, before it is taken for the step. */
const PATIENCE = 100;

/**
 * Makes numbers without gaps out of pulse ids, which grow by more than 1 where channels come with some pulses only. The
 * step is the smallest that was seen twice in a row; until there is one, nothing is missing.
 */
export class Pulses {
  readonly #fixed: boolean;
  #step: number | undefined;
  #last: number | undefined;
  #lastDelta = 0;
  #repeats = 0;
  #number = 0;

  constructor(step: number | undefined) {
    this.#fixed = step !== undefined;
    this.#step = step;
  }

  /** Gives the number of a pulse: the first one's own, and from there on the next, with a gap for those that are missing. */
  number(pulse: number): number {
    const delta = this.#last === undefined ? 0 : pulse - this.#last;
    const next = this.#last === undefined ? pulse : this.#number + 1 + this.#missing(delta);
    this.#number = Number.isSafeInteger(next) ? next : pulse;
    this.#last = pulse;
    return this.#number;
  }

  #missing(delta: number): number {
    this.#repeats = delta === this.#lastDelta ? this.#repeats + 1 : 0;
    this.#lastDelta = delta;
    // It repeats, or goes back after a restart of the source.
    if (delta <= 0) return 0;
    if (!this.#fixed && this.#repeats > 0) {
      const isSmaller = this.#step === undefined || delta < this.#step;
      if (isSmaller || this.#repeats >= PATIENCE) this.#step = delta;
    }
    return this.#step === undefined ? 0 : Math.max(0, Math.round(delta / this.#step) - 1);
  }
}
