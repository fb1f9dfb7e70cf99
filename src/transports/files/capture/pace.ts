import { UsageError } from "../../../errors.ts";
import { shown } from "../../../options/option-check.ts";
import type { Clock } from "../../../time/clock.ts";
import { wait } from "../../../time/wait.ts";

/** How fast a capture is played: a factor of the original speed, as fast as it is taken, or one step at a time. */
export type CaptureSpeed = number | "max" | "step";

/** What is due within this time is given at once: timers are no finer. */
const FINEST_MS = 1;

/** Decides when each message is due. */
export class Pace {
  readonly #clock: Clock;
  readonly #maxGapMs: number;
  #speed: CaptureSpeed;
  /** Messages that may pass while it is stepped. */
  #steps = 0;
  #lastMs: number | undefined;
  /** When the last message was due, by the clock of here. */
  #dueMs = 0;
  #changed = new AbortController();

  constructor(clock: Clock, speed: CaptureSpeed, maxGapMs: number) {
    this.#clock = clock;
    this.#speed = speed;
    this.#maxGapMs = maxGapMs;
  }

  get speed(): CaptureSpeed {
    return this.#speed;
  }

  /** Begins a playback: the next message is due at once. */
  begin(): void {
    this.#lastMs = undefined;
  }

  /** Goes on at another speed. */
  set(speed: CaptureSpeed): void {
    this.#speed = speed;
    this.#steps = 0;
    this.#lastMs = undefined;
    this.#wake();
  }

  /** Lets so many more messages pass. */
  step(messages: number): void {
    if (this.#speed !== "step") this.set("step");
    this.#steps += messages;
    this.#wake();
  }

  /** Is undefined where a message recorded at this time may pass at once; else resolves when it may, or at the abort. */
  until(timeMs: number, signal: AbortSignal): Promise<void> | undefined {
    if (this.#speed === "max") return undefined;
    if (this.#speed === "step") {
      if (this.#steps === 0) return this.#stepped(timeMs, signal);
      this.#steps -= 1;
      return undefined;
    }
    const now = this.#clock.now();
    const last = this.#lastMs;
    const gap = timeMs - (last ?? timeMs);
    // A clock that was set back, or a time that is no number, delays nothing.
    const gapMs = gap > 0 ? Math.min(gap, this.#maxGapMs) / this.#speed : 0;
    this.#dueMs = last === undefined ? now : this.#dueMs + gapMs;
    if (Number.isFinite(timeMs)) this.#lastMs = timeMs;
    return this.#dueMs - now < FINEST_MS ? undefined : this.#due(signal);
  }

  async #stepped(timeMs: number, signal: AbortSignal): Promise<void> {
    while (this.#speed === "step" && this.#steps === 0 && !signal.aborted) await this.#change(signal);
    if (!signal.aborted) await this.until(timeMs, signal);
  }

  async #due(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#changed.signal]);
    // A timer cannot be set further than 2^31 ms.
    for (let left = this.#dueMs - this.#clock.now(); left >= FINEST_MS; left = this.#dueMs - this.#clock.now()) {
      if (!(await wait(this.#clock, Math.min(left, 2 ** 31 - 1), either))) break;
    }
    if (!signal.aborted && this.#speed === "step") await this.#stepped(Number.NaN, signal);
  }

  #change(signal: AbortSignal): Promise<void> {
    const changed = this.#changed.signal;
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        changed.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      changed.addEventListener("abort", done, { once: true });
    });
  }

  #wake(): void {
    const changed = this.#changed;
    this.#changed = new AbortController();
    changed.abort();
  }
}

/** Refuses what is no speed. */
export function checkSpeed(subject: string, speed: unknown): CaptureSpeed {
  if (speed === undefined || speed === "max") return "max";
  if (speed === "step" || (typeof speed === "number" && speed > 0 && Number.isFinite(speed))) return speed;
  throw new UsageError(`${subject}: speed: expected a factor such as 1 or 0.5, "max" or "step", got ${shown(speed)}`);
}
