import type { LiveEvent, LiveMessage, LiveStart, LiveStop, SignOfLife } from "./messages.ts";

/** As many runs as a reader keeps open. */
const MOST_RUNS = 64;

/**
 * Keeps the rule that every run has one Start and one Stop, over any number of connections: the publisher gives the
 * Starts of its open runs to whoever comes, and what ended in the meantime is ended here.
 */
export class OpenRuns {
  readonly #starts = new Map<string, LiveStart>();
  /** Runs that were open when the connection was lost, and were not given again yet. */
  #unconfirmed = new Set<string>();
  #incarnation: string | undefined;
  #next: number | undefined;
  #missed = 0;

  get starts(): ReadonlyMap<string, LiveStart> {
    return this.#starts;
  }

  /** Events that this client was not given. */
  get missed(): number {
    return this.#missed;
  }

  /** Notes that the connection was lost. */
  lost(): void {
    this.#unconfirmed = new Set(this.#starts.keys());
  }

  /** Gives what a message means for the user: nothing for a repetition, more where runs end that are gone. */
  take(message: LiveMessage | SignOfLife): readonly LiveMessage[] {
    if (message.type === "start") return this.#start(message);
    const ended = this.settle();
    if (message.type === "alive") {
      const open = new Set(message.open);
      return [...ended, ...this.#end([...this.#starts.keys()].filter((run) => !open.has(run)))];
    }
    if (message.type === "stop") return this.#starts.delete(message.run) ? [...ended, message] : ended;
    const event = this.#numbered(message);
    return event === undefined ? ended : [...ended, event];
  }

  /** Ends the runs that were not given again: the Starts come before all else. */
  settle(): readonly LiveStop[] {
    if (this.#unconfirmed.size === 0) return [];
    const gone = [...this.#unconfirmed];
    this.#unconfirmed.clear();
    return this.#end(gone);
  }

  #start(start: LiveStart): readonly LiveMessage[] {
    const { run, resumed } = start;
    this.#unconfirmed.delete(run);
    const isKnown = this.#starts.has(run);
    if (isKnown && resumed) return [];
    const ended = isKnown ? this.#end([run]) : [];
    const oldest = this.#starts.size < MOST_RUNS ? [] : [this.#starts.keys().next().value as string];
    const fallen = this.#end(oldest);
    this.#starts.set(run, start);
    return [...ended, ...fallen, start];
  }

  /** Says how many were missed; undefined for an event that was here before. */
  #numbered(event: LiveEvent): LiveEvent | undefined {
    const { incarnation, sequence } = event;
    if (sequence === undefined) return event;
    if (incarnation !== this.#incarnation) this.#next = undefined;
    const next = this.#next;
    if (next !== undefined && sequence < next) return undefined;
    this.#incarnation = incarnation;
    this.#next = sequence + 1;
    const missed = next === undefined ? 0 : sequence - next;
    this.#missed += missed;
    return missed === 0 ? event : { ...event, missed };
  }

  #end(runs: readonly string[]): readonly LiveStop[] {
    return runs
      .filter((run) => this.#starts.delete(run))
      .map((run) => ({ type: "stop", run, reason: "interrupted", data: {} }));
  }
}
