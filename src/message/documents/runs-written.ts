import { UsageError } from "../../errors.ts";
import type { AnyMessage } from "../message.ts";

/** Runs whose numbers are remembered; the oldest is forgotten first. */
const MOST = 64;

/** Keeps what a writer must know of the runs it writes: which one is open, and how many events each had. */
export class RunsWritten {
  #open: string | undefined;
  readonly #next = new Map<string | undefined, number>();
  readonly #first: number;
  #newest: string | undefined;

  /** `first` is the number of a run's first event. */
  constructor(first: number) {
    this.#first = first;
  }

  /** Gives an event its number: its own if it has one, otherwise the next of its run. */
  number(run: string | undefined, own: unknown): number {
    const known = typeof own === "number" && Number.isSafeInteger(own) && own >= 0;
    const next = this.#next.get(run) ?? this.#first;
    const number = known ? own : next;
    this.#remember(run, Math.max(next, number + 1));
    return number;
  }

  /** Gives how many events a run had, by its numbers, and forgets it. */
  end(run: string): number {
    const count = (this.#next.get(run) ?? this.#first) - this.#first;
    this.#next.delete(run);
    return Math.max(0, count);
  }

  /** Refuses a message that readers would take for one of another run, because the format does not say it. */
  checkTurn(message: AnyMessage, format: string): void {
    const { run } = message;
    if (run === undefined) return;
    if (this.#open !== undefined && this.#open !== run) {
      throw new UsageError(
        `${format}: a message of run "${run}" came while run "${this.#open}" is open, but events of this format do not ` +
          "name their run; publish one stream from each block, or use the native codec",
      );
    }
    this.#open = message.type === "stop" ? undefined : run;
  }

  #remember(run: string | undefined, next: number): void {
    // The newest stands last already.
    if (run !== this.#newest) this.#next.delete(run);
    this.#newest = run;
    this.#next.set(run, next);
    if (this.#next.size > MOST) this.#next.delete(this.#next.keys().next().value);
  }
}
