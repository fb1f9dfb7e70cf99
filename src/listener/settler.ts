import { text } from "../errors.ts";
import { DeferredSettlements } from "../queue/deferred-settlements.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Settlement } from "../queue/settlement.ts";
import type { Run } from "../runs/run.ts";

/** Says when messages are acknowledged. */
export interface SettlerOptions {
  /** Whether nothing of a run is acknowledged before its Stop. */
  readonly recoverRuns: boolean;
  /** Whether messages are acknowledged as soon as they came. */
  readonly atMostOnce: boolean;
  /** Takes the promise of an acknowledgement that is under way. */
  readonly settling: (promise: Promise<void>) => void;
}

/** Tells sources what became of their messages: one by one, or run by run. */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #warn: (message: string) => void;
  readonly #deferred = new Map<Run, DeferredSettlements>();

  constructor(options: SettlerOptions, warn: (message: string) => void) {
    this.#options = options;
    this.#warn = warn;
  }

  /** Takes the settlement of a message that came; gives what is left to settle. */
  taken(settlement: Settlement | undefined): Settlement | undefined {
    if (!this.#options.atMostOnce || settlement === undefined) return settlement;
    this.#attempt(() => settlement.ack());
    return undefined;
  }

  /** Settles what is concluded. */
  settle(delivery: Delivery): void {
    const { run, settlement, outcome } = delivery;
    if (run !== undefined && this.#options.recoverRuns) this.#settleWithRun(delivery, run);
    else if (settlement === undefined) return;
    else if (outcome === "refused") this.#attempt(() => settlement.nack("failed"));
    else if (outcome === "stopped") this.#attempt(() => settlement.nack("stopped"));
    else this.#attempt(() => settlement.ack());
  }

  /** Gives back what was kept for the Stops of runs that did not end. */
  giveBackRuns(): void {
    for (const deferred of this.#deferred.values()) this.#attempt(() => deferred.nackAll("stopped"));
    this.#deferred.clear();
  }

  /** With runs as the unit, all of a run is acknowledged once its Stop and everything before it is finished. */
  #settleWithRun(delivery: Delivery, run: Run): void {
    let deferred = this.#deferred.get(run);
    if (deferred === undefined) {
      deferred = new DeferredSettlements();
      this.#deferred.set(run, deferred);
    }
    const kept = deferred;
    if (delivery.settlement !== undefined) kept.add(delivery.settlement);
    if (delivery.outcome === "refused" || delivery.outcome === "stopped" || delivery.ending === "unseen") {
      this.#attempt(() => kept.nackAll(delivery.outcome === "refused" ? "failed" : "stopped"));
    } else if (run.ending === "stop" && run.tally.left === 0) {
      this.#deferred.delete(run);
      this.#attempt(() => kept.ackAll());
    }
  }

  #attempt(settle: () => void | Promise<void>): void {
    const failed = (error: unknown): void =>
      this.#warn(`an acknowledgement failed: ${text(error)}; the message may come again`);
    try {
      const settling = settle();
      if (settling !== undefined) this.#options.settling(settling.catch(failed));
    } catch (error) {
      failed(error);
    }
  }
}
