import { PrefixSettlement } from "./ack-prefix.ts";
import type { FinishedPrefix } from "./finished-prefix.ts";
import type { Settlement } from "./settlement.ts";

/** Settles messages of one prefix that follow each other. */
class Range implements Settlement {
  readonly #prefix: FinishedPrefix;
  readonly #first: number;
  last: number;

  constructor(prefix: FinishedPrefix, first: number) {
    this.#prefix = prefix;
    this.#first = first;
    this.last = first;
  }

  ack(): void | Promise<void> {
    return this.#prefix.ack(this.#first, this.last);
  }

  nack(): void {
    this.#prefix.nack(this.#first, this.last);
  }
}

/** Keeps settlements that are due together, as at the end of a run; those in a row in one prefix take no memory. */
export class DeferredSettlements {
  readonly #newest = new Map<FinishedPrefix, Range>();
  #settlements: Settlement[] = [];
  #size = 0;

  /** Counts what was added and is not settled. */
  get size(): number {
    return this.#size;
  }

  add(settlement: Settlement): void {
    this.#size += 1;
    if (!(settlement instanceof PrefixSettlement)) {
      this.#settlements.push(settlement);
      return;
    }
    const { prefix, number } = settlement;
    const newest = this.#newest.get(prefix);
    if (newest !== undefined && newest.last + 1 === number) {
      newest.last = number;
      return;
    }
    const range = new Range(prefix, number);
    this.#newest.set(prefix, range);
    this.#settlements.push(range);
  }

  /** Acks all; the first error is thrown after each had its turn. */
  ackAll(): void | Promise<void> {
    return this.#settle((settlement) => settlement.ack());
  }

  /** Nacks all; the first error is thrown after each had its turn. */
  nackAll(reason: "failed" | "stopped"): void | Promise<void> {
    return this.#settle((settlement) => settlement.nack(reason));
  }

  #settle(settle: (settlement: Settlement) => void | Promise<void>): void | Promise<void> {
    const settlements = this.#settlements;
    this.#settlements = [];
    this.#newest.clear();
    this.#size = 0;
    const errors: unknown[] = [];
    const promises: Promise<void>[] = [];
    for (const settlement of settlements) {
      try {
        const promise = settle(settlement);
        if (promise !== undefined) promises.push(promise);
      } catch (error) {
        errors.push(error);
      }
    }
    if (promises.length > 0) return allEnded(promises, errors);
    if (errors.length > 0) throw errors[0];
  }
}

async function allEnded(promises: readonly Promise<void>[], errors: readonly unknown[]): Promise<void> {
  const ends = await Promise.allSettled(promises);
  if (errors.length > 0) throw errors[0];
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
