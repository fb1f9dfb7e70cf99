import { UsageError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";

/** Kinds of requests to the world outside whose answer has to be waited for. */
const REQUESTS = /^FSReq|^CloseReq|^GetAddrInfoReq|^GetNameInfoReq|ConnectWrap$/;

/** What is ready to run has run once this many turns in a row brought nothing new. */
const IDLE_TURNS = 3;

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * Holds the time in a test: it stands still until the test advances it.
 *
 * Timers come in the order of their time, and those of one time in the order in which they were asked for. After each
 * one everything runs that it made ready, promises too, before the next one comes.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  /** Ascending; of one time, the first asked is the first. */
  readonly #timers: Timer[] = [];
  #turns: (() => void)[] = [];
  #advancing = false;

  /** Sets the time at which the clock stands, in milliseconds since 1970 UTC. */
  constructor(nowMs: number = Date.UTC(2000, 0, 1)) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, callback: () => void): () => void {
    // A time that is no number comes at once, as with setTimeout.
    const timer: Timer = { dueMs: this.#nowMs + (Number.isNaN(ms) ? 0 : Math.max(0, ms)), callback };
    this.#timers.splice(this.#placeOf(timer.dueMs), 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  turn(callback: () => void): void {
    this.#turns.push(callback);
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.length;
  }

  /** When the next timer comes; undefined where none waits. */
  get nextMs(): number | undefined {
    return this.#timers[0]?.dueMs;
  }

  /** Lets everything run that is ready, and what this makes ready, without advancing the time. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < IDLE_TURNS; ) {
      await realTurn();
      if (this.#turns.length === 0) {
        idle += 1;
        continue;
      }
      idle = 0;
      const ready = this.#turns;
      this.#turns = [];
      for (const callback of ready) {
        callback();
        // Promises that this callback settled come before the next callback, as they do between real turns.
        await realTurn();
      }
    }
  }

  /** Advances the time; each timer that comes due sees its own time, and all that it causes runs before the next. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new UsageError(`VirtualClock: expected milliseconds to advance by, got ${ms}`);
    await this.#through(this.#nowMs + ms);
  }

  /** Advances the time to the next timer; tells whether there was one. */
  async advanceToNext(): Promise<boolean> {
    await this.settle();
    const next = this.nextMs;
    if (next === undefined || next === Number.POSITIVE_INFINITY) return false;
    await this.#through(next);
    return true;
  }

  /**
   * Lets the time jump from timer to timer until the promise settles. While `busy` says that something is under way
   * which this clock does not know, or a file is being written, it goes as the machine's does.
   */
  async runUntil(promise: PromiseLike<unknown>, busy: () => boolean = () => false): Promise<void> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    let watch = performance.now();
    for (;;) {
      await this.settle();
      if (settled) return;
      const passed = performance.now() - watch;
      watch += passed;
      if (busy() || process.getActiveResourcesInfo().some((kind) => REQUESTS.test(kind))) {
        await this.#through(this.#nowMs + passed);
        await pause();
      } else if (!(await this.advanceToNext())) await pause();
    }
  }

  async #through(untilMs: number): Promise<void> {
    if (this.#advancing) throw new UsageError("VirtualClock: is being advanced already; await the advance before");
    this.#advancing = true;
    try {
      await this.settle();
      for (let next = this.#timers[0]; next !== undefined && next.dueMs <= untilMs; next = this.#timers[0]) {
        this.#timers.shift();
        this.#nowMs = next.dueMs;
        next.callback();
        await this.settle();
      }
      this.#nowMs = untilMs;
    } finally {
      this.#advancing = false;
    }
  }

  /** The place behind all timers that are due at this time or before. */
  #placeOf(dueMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle] as Timer).dueMs <= dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Lets the machine rest for a moment: there is nothing to do but to wait for the world outside. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

function realTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
