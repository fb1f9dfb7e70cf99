/** Gives what half, and all but one in a hundred, did not exceed, in milliseconds; 0 where nothing was measured. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

const KEPT = 1024;

/** Keeps the newest of many durations. */
class Durations {
  readonly #newest = new Float64Array(KEPT);
  #count = 0;

  add(ms: number): void {
    this.#newest[this.#count % KEPT] = ms;
    this.#count += 1;
  }

  get quantiles(): Quantiles {
    const sorted = this.#newest.slice(0, Math.min(this.#count, KEPT)).sort();
    const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}

/** Measures how long messages wait, are worked on and stay; it begins when it is first asked, and costs nothing before. */
export class Timings {
  /** Whether anybody wants to know: ask before each call of the others. */
  on = false;
  readonly #process = new Durations();
  readonly #queued = new Durations();
  /** When each message that is not settled came, the oldest first. */
  readonly #unsettled = new Map<object, number>();

  /** How long the newest calls of `process` took. */
  get process(): Quantiles {
    return this.#process.quantiles;
  }

  /** How long the newest messages waited before their call. */
  get queued(): Quantiles {
    return this.#queued.quantiles;
  }

  /** The age of the oldest message that is not settled, in milliseconds; 0 where there is none. */
  get oldest(): number {
    const [at] = this.#unsettled.values();
    return at === undefined ? 0 : performance.now() - at;
  }

  came(delivery: object): void {
    this.#unsettled.set(delivery, performance.now());
  }

  /** Notes that a message is worked on; gives the time. */
  began(delivery: object): number {
    const now = performance.now();
    const came = this.#unsettled.get(delivery);
    if (came !== undefined) this.#queued.add(now - came);
    return now;
  }

  ended(began: number): void {
    this.#process.add(performance.now() - began);
  }

  settled(delivery: object): void {
    this.#unsettled.delete(delivery);
  }
}
