import type { Event } from "../message/event.ts";

/** Says what became of the events of a run; stands in the data of its Stop, under `joined`. */
export interface JoinCounts {
  /** Events of the first stream that were brought together with those of all others. */
  readonly matched: number;
  /** Events that waited in vain, came twice, or have no key: by stream. */
  readonly unmatched: Readonly<Record<string, number>>;
}

interface Counting {
  matched: number;
  readonly unmatched: Record<string, number>;
}

/** Of runs that never end, the oldest counts are given up. */
const MOST_RUNS = 64;

/** Counts for each run of the first stream what was matched and what was not. */
export class JoinLedger {
  readonly #runs = new Map<string, Counting>();
  /** What is counted while no run of the first stream is open. */
  #between: Record<string, number> = {};

  begin(run: string): void {
    this.#runs.set(run, { matched: 0, unmatched: this.#between });
    this.#between = {};
    if (this.#runs.size > MOST_RUNS) this.#runs.delete(this.#runs.keys().next().value as string);
  }

  matched(leading: Event): void {
    const counts = this.#runs.get(leading.run ?? "");
    if (counts !== undefined) counts.matched += 1;
  }

  /** What is not of the first stream counts for the run of that stream which began last. */
  unmatched(event: Event, name: string, isLeading: boolean): void {
    const counts = isLeading ? this.#runs.get(event.run ?? "") : [...this.#runs.values()].at(-1);
    const unmatched = counts?.unmatched ?? this.#between;
    unmatched[name] = (unmatched[name] ?? 0) + 1;
  }

  end(run: string): JoinCounts {
    const counts = this.#runs.get(run);
    this.#runs.delete(run);
    return counts ?? { matched: 0, unmatched: {} };
  }
}
