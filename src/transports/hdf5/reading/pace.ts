import { wrongOption } from "../../../options/option-check.ts";
import type { Clock } from "../../../time/clock.ts";
import { wait } from "../../../time/wait.ts";

/** How fast files are replayed: a factor of the original speed, or as fast as they are taken. */
export type Hdf5Speed = number | "max";

/** What is due within this time is given at once: timers are no finer. */
const FINEST_MS = 1;
const LONGEST_MS = 2 ** 31 - 1;

/** Decides when each message is due. */
export class Pace {
  readonly #clock: Clock;
  readonly #speed: Hdf5Speed;
  readonly #maxGapMs: number;
  #lastMs: number | undefined;
  #dueMs = 0;

  constructor(clock: Clock, speed: Hdf5Speed, maxGapMs: number) {
    this.#clock = clock;
    this.#speed = speed;
    this.#maxGapMs = maxGapMs;
  }

  /** Begins a playback: the next message is due at once. */
  begin(): void {
    this.#lastMs = undefined;
  }

  /** Waits until a message of this time is due, or the signal aborts. */
  async until(timeMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (this.#speed === "max" || timeMs === undefined || !Number.isFinite(timeMs)) return;
    const now = this.#clock.now();
    const last = this.#lastMs;
    const gap = timeMs - (last ?? timeMs);
    // A clock that was set back delays nothing.
    const gapMs = gap > 0 ? Math.min(gap, this.#maxGapMs) / this.#speed : 0;
    this.#dueMs = last === undefined ? now : this.#dueMs + gapMs;
    this.#lastMs = timeMs;
    for (let left = this.#dueMs - this.#clock.now(); left >= FINEST_MS; left = this.#dueMs - this.#clock.now()) {
      if (!(await wait(this.#clock, Math.min(left, LONGEST_MS), signal))) return;
    }
  }
}

/** Refuses what is no speed. */
export function checkSpeed(subject: string, speed: unknown): Hdf5Speed {
  if (speed === undefined || speed === "max") return "max";
  if (typeof speed === "number" && speed > 0 && Number.isFinite(speed)) return speed;
  throw wrongOption(subject, "speed", 'a factor such as 1 or 0.5, or "max"', speed);
}
