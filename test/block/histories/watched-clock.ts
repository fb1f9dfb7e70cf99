import type { Clock } from "../../../src/time/clock.ts";

/** Lets a block use a clock, knows how many of its timers wait, and can cut it off as a kill does. */
export class WatchedClock implements Clock {
  #waiting = 0;
  #dead = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#waiting;
  }

  kill(): void {
    this.#dead = true;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, callback: () => void): () => void {
    this.#waiting += 1;
    let over = false;
    const end = (): boolean => {
      if (over) return false;
      over = true;
      this.#waiting -= 1;
      return !this.#dead;
    };
    const cancel = this.#clock.after(ms, () => {
      if (end()) callback();
    });
    return () => {
      end();
      cancel();
    };
  }

  turn(callback: () => void): void {
    this.#clock.turn(() => {
      if (!this.#dead) callback();
    });
  }
}
