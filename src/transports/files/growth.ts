import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../time/clock.ts";

/** A look at the folder after so long, also where the system tells nothing, as over a network. */
const LOOK_MS = 200;

/** Waits for changes in a folder: as the system tells, and from time to time in any case. */
export class Growth {
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #lookMs: number;
  #watcher: FSWatcher | undefined;
  #isChanged = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock, path: string, lookMs: number = LOOK_MS) {
    this.#clock = clock;
    this.#lookMs = lookMs;
    this.#folder = dirname(path);
  }

  /** Resolves at a change since the last call, after a while, or at the abort. */
  async next(signal: AbortSignal): Promise<void> {
    this.#begin();
    if (!this.#isChanged && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          cancel();
          signal.removeEventListener("abort", done);
          this.#wake = undefined;
          resolve();
        };
        const cancel = this.#clock.after(this.#lookMs, done);
        signal.addEventListener("abort", done, { once: true });
        this.#wake = done;
      });
    }
    this.#isChanged = false;
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #begin(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#folder, { persistent: false }, () => this.#changed());
      // Without it there are still the looks.
      this.#watcher.on("error", () => undefined);
    } catch {
      // The folder is not there yet, or there are too many watchers.
    }
  }

  #changed(): void {
    this.#isChanged = true;
    this.#wake?.();
  }
}
