import type { Account } from "../message/account.ts";
import type { Event } from "../message/event.ts";
import { originPlace } from "../message/native/lazy-event.ts";
import { Coverage } from "../runs/coverage.ts";
import type { Run } from "../runs/run.ts";

const MAX_COVERAGES = 64;
/** Stands for "joined late" until the first event says where. */
export const JOINED_SOMEWHERE = -1;

/** What a comparison takes in beside the account. */
export interface Comparison {
  /** Whether several readers share the stream. */
  readonly shared: boolean;
  /** How many events the last hop sent under topics that nobody here asked for. */
  readonly unasked: number;
  /** All runs of the block. */
  readonly runs: Iterable<Run>;
}

/** Keeps what came out of each run so far, also over an interruption, after which the run goes on as another one. */
export class Coverages {
  readonly #byId = new Map<string, Coverage>();
  readonly #byRun = new WeakMap<Run, Coverage>();
  #lastRun: Run | undefined;
  #last: Coverage | undefined;

  /** Begins a run: from nothing, or where it was left when it goes on, resumed or beside one of its name that is open. */
  begin(run: Run, open: Iterable<Run>): void {
    this.#begin(run, run.joinedAt !== undefined || isAnotherOpen(run, open));
  }

  /** Gives what came out of a run. */
  of(run: Run): Coverage {
    if (run === this.#lastRun) return this.#last as Coverage;
    if (!this.#byRun.has(run)) this.#begin(run, true);
    const coverage = this.#byRun.get(run) as Coverage;
    this.#lastRun = run;
    this.#last = coverage;
    return coverage;
  }

  /** Adds an event of an open run, by its origin. */
  add(event: Event, run: Run): void {
    const place = originPlace(event);
    if (place === undefined) return;
    if (run.joinedAt === JOINED_SOMEWHERE) run.joinedAt = place.sequence;
    this.of(run).add(place.stream, place.partition, place.sequence);
  }

  /**
   * Compares what came out of a run with what its first source says it sent. This covers also what came before an
   * interruption, and in other streams, so it takes the place of what was said with their Stops.
   */
  compare(run: Run, account: Account, { shared, unasked, runs }: Comparison): void {
    const hops = [...account.hops, account];
    if (hops[0]?.sent === undefined) return;
    const coverage = this.of(run);
    let skipped = run.tally.droppedUpstream;
    for (const other of runs) {
      if (other === run || other.id !== run.id) continue;
      // A run of the same name that was begun anew: the Stop says nothing of it.
      if ((this.#byRun.get(other) ?? coverage) !== coverage) continue;
      other.missing = undefined;
      skipped += other.tally.droppedUpstream;
      if (other.lossy && other.ending !== "stop") other.tally.lostUnknown = false;
    }
    const missing = coverage.missing(account, skipped + unasked);
    const dealt = shared || hops.some(({ lost }) => lost === "unknown");
    if (missing.length === 0) run.missing = undefined;
    else run.missing = dealt ? missing.map((gap) => ({ ...gap, as: "unaccounted" as const })) : missing;
  }

  #begin(run: Run, goesOn: boolean): void {
    let coverage = this.#byId.get(run.id);
    if (coverage === undefined || !goesOn) {
      coverage = new Coverage(run.joinedAt !== undefined);
      this.#byId.delete(run.id);
      this.#byId.set(run.id, coverage);
      if (this.#byId.size > MAX_COVERAGES) this.#byId.delete(this.#byId.keys().next().value as string);
    }
    this.#byRun.set(run, coverage);
    this.#lastRun = undefined;
  }
}

/** Tells whether a run comes in another stream too. */
function isAnotherOpen(run: Run, open: Iterable<Run>): boolean {
  for (const other of open) if (other !== run && other.id === run.id) return true;
  return false;
}
