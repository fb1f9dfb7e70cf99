/** The seed of every random test; a failure prints it, and ARROYO_SEED gives another one. */
export const SEED: number = Number(process.env["ARROYO_SEED"] ?? 1);

/** How many mutations a decoder has to bear in one test. */
export const MUTATIONS: number = process.env["ARROYO_LONG"] === "1" ? 100_000 : 10_000;

/** Gives numbers that look random and are the same for the same seed. */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Gives a number from 0 up to, but not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** Gives a whole number from 0 up to, but not including, `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** Gives true with that probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Chooses one of several. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** Gives bytes of any value. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
