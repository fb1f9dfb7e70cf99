import type { TrackerOptions } from "../runs/run-tracker.ts";
import type { Clock } from "../time/clock.ts";

const TICK_MS = 250;

/**
 * Counts the time in which a listener was connected and took what came. Only then does the silence of a source mean
 * anything: our own back-pressure, reconnects and pauses do not count.
 */
export class Attention {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #tick: (attentionMs: number) => void;
  #up = true;
  #waits = 0;
  #wasAway = false;
  #ms = 0;
  #cancel: (() => void) | undefined;
  #closed = false;

  /** `tick` is called again and again after `arm`, until it does not arm any more. */
  constructor(clock: Clock, options: TrackerOptions, tick: (attentionMs: number) => void) {
    this.#clock = clock;
    this.#everyMs = Math.max(1, Math.min(TICK_MS, options.startWaitMs / 4, options.abandonAfterMs / 4));
    this.#tick = tick;
  }

  get ms(): number {
    return this.#ms;
  }

  /** Notes whether the source is connected; tells whether that is new. */
  connected(up: boolean): boolean {
    if (this.#up === up) return false;
    this.#up = up;
    this.#wasAway ||= !up;
    return true;
  }

  /** Notes that the listener waits for room. */
  blocked(wait: Promise<void>): Promise<void> {
    this.#waits += 1;
    this.#wasAway = true;
    return wait.then(() => {
      this.#waits -= 1;
    });
  }

  /** Asks for one tick. */
  arm(): void {
    if (this.#cancel !== undefined || this.#closed) return;
    this.#cancel = this.#clock.after(this.#everyMs, () => {
      this.#cancel = undefined;
      const away = !this.#up || this.#waits > 0;
      if (!away && !this.#wasAway) this.#ms += this.#everyMs;
      this.#wasAway = away;
      this.#tick(this.#ms);
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
