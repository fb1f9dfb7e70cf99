import type { Account, Counts } from "../message/account.ts";
import type { Run } from "./run.ts";
import { Tally } from "./tally.ts";

const MAX_RUNS = 1_000;

/** Keeps the books of one block: the counts of its newest runs, and of everything else together. */
export class Ledger {
  /** What belongs to no run, and runs that are no longer listed. */
  readonly base: Tally = new Tally();
  /** The accounts that the last Stop brought along. */
  hops: readonly Account[] = [];
  readonly #runs = new Set<Run>();

  add(run: Run): void {
    this.#runs.add(run);
    if (this.#runs.size > MAX_RUNS) this.#forgetOldest();
  }

  get runs(): IterableIterator<Run> {
    return this.#runs.values();
  }

  /** Gives the sum over all messages. */
  counts(): Counts {
    const sum = new Tally();
    sum.add(this.base);
    for (const run of this.#runs) sum.add(run.tally);
    return sum.counts();
  }

  account(block: string): Account {
    return { block, ...this.counts(), runs: [...this.#runs].map((run) => run.counts()), hops: this.hops };
  }

  #forgetOldest(): void {
    for (const run of this.#runs) {
      if (run.state === "open" || run.state === "waiting" || run.tally.left > 0) continue;
      this.#runs.delete(run);
      // What still comes of the run counts from nothing, or it would be in the sum twice when the run is listed again.
      this.base.add(run.tally);
      run.tally.clear();
      return;
    }
  }
}
