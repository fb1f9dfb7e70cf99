/** As many runs as a publisher keeps open. */
const MOST_RUNS = 64;

/** Counts the events of the runs whose beginning was seen. */
export class RunEvents {
  readonly #runs = new Map<string, number>();

  /** Begins a run, with what came of it before. */
  begin(run: string, events = 0): void {
    this.#runs.delete(run);
    this.#runs.set(run, events);
    if (this.#runs.size > MOST_RUNS) this.#runs.delete(this.#runs.keys().next().value as string);
  }

  /** Counts an event. */
  count(run: string): void {
    const events = this.#runs.get(run);
    if (events !== undefined) this.#runs.set(run, events + 1);
  }

  /** Gives the events of a run; undefined where its beginning was not seen. */
  of(run: string): number | undefined {
    return this.#runs.get(run);
  }

  /** Forgets a run. */
  end(run: string): void {
    this.#runs.delete(run);
  }
}
