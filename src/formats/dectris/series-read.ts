import type { Decoded } from "../../message/codec.ts";
import { Stop } from "../../message/stop.ts";

/** Series that are remembered, so that a late message of one does not end another. */
const MOST = 64;

/**
 * Ends a series whose end went to another reader: a detector makes one at a time, so that the first message of a series
 * not seen before says that the one before it is over.
 */
export class SeriesRead {
  #open: string | undefined;
  readonly #seen = new Set<string>();

  /** Takes note of a Start or an event; gives the Stop of the series that it ends. */
  next(run: string): readonly Decoded[] {
    const before = this.#open;
    if (this.#seen.has(run)) {
      this.#open ??= run;
      return [];
    }
    this.#seen.add(run);
    if (this.#seen.size > MOST) this.#seen.delete(this.#seen.values().next().value as string);
    this.#open = run;
    return before === undefined ? [] : [{ message: new Stop({}, { run: before, reason: "abandoned" }) }];
  }

  /** Takes note of a Stop. The same name may begin anew: detectors count from 1 again when they are restarted. */
  ended(run: string): void {
    this.#seen.delete(run);
    if (this.#open === run) this.#open = undefined;
  }
}
