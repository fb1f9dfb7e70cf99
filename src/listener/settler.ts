import { text } from "../errors.ts";
import { DeferredSettlements } from "../queue/deferred-settlements.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Settlement } from "../queue/settlement.ts";
import type { Run } from "../runs/run.ts";
import { RunSettlements } from "./run-settlements.ts";

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
  readonly #runs: RunSettlements | undefined;
  /** Messages that came once more, over a new connection, while the first ones are not finished yet. */
  readonly #behind = new Map<Run, DeferredSettlements>();

  constructor(options: SettlerOptions, warn: (message: string) => void) {
    this.#options = options;
    this.#warn = warn;
    if (options.recoverRuns) this.#runs = new RunSettlements((settle) => this.#attempt(settle));
  }

  /** Takes the settlement of a message that came; gives what is left to settle. */
  taken(settlement: Settlement | undefined): Settlement | undefined {
    if (!this.#options.atMostOnce || settlement === undefined) return settlement;
    this.#attempt(() => settlement.ack());
    return undefined;
  }

  /** Gives a settlement that tells the source, and nobody else, when it fails. */
  guarded(settlement: Settlement | undefined): Settlement | undefined {
    if (settlement === undefined) return undefined;
    return {
      ack: () => this.#attempt(() => settlement.ack()),
      nack: (reason) => this.#attempt(() => settlement.nack(reason)),
    };
  }

  /** Notes that a run opened. */
  began(run: Run): void {
    this.#runs?.began(run);
  }

  /** Notes that a run ended. */
  ended(run: Run): void {
    this.#runs?.ended(run);
  }

  /** Notes that a run will be given again. */
  givenBack(run: Run): void {
    this.#runs?.giveBack(run);
  }

  /** Settles what is concluded. */
  settle(delivery: Delivery): void {
    const { run, settlement, outcome } = delivery;
    if (run !== undefined) {
      if (this.#runs?.settle(delivery, run) === true) return;
      if (this.#behind.size > 0 && !delivery.again) this.#settleBehind(run, outcome);
      if (delivery.again && run.tally.left > 0 && settlement !== undefined) {
        this.#keepBehind(run, settlement);
        return;
      }
    }
    if (settlement === undefined) return;
    if (outcome === "refused") this.#attempt(() => settlement.nack("failed"));
    else if (outcome === "stopped") this.#attempt(() => settlement.nack("stopped"));
    else this.#attempt(() => settlement.ack());
  }

  /** True while something is kept. */
  get keeps(): boolean {
    return this.#behind.size > 0 || this.#runs?.keeps === true;
  }

  /** Gives back what was kept for messages that were not finished. */
  giveBackRuns(): void {
    this.#runs?.close();
    for (const kept of this.#behind.values()) this.#attempt(() => kept.nackAll("stopped"));
    this.#behind.clear();
  }

  #keepBehind(run: Run, settlement: Settlement): void {
    let kept = this.#behind.get(run);
    if (kept === undefined) {
      kept = new DeferredSettlements();
      this.#behind.set(run, kept);
    }
    kept.add(settlement);
  }

  #settleBehind(run: Run, outcome: Delivery["outcome"]): void {
    const kept = this.#behind.get(run);
    if (kept === undefined) return;
    const fails = outcome === "refused" || outcome === "stopped";
    if (!fails && run.tally.left > 0) return;
    this.#behind.delete(run);
    this.#attempt(() => (fails ? kept.nackAll("stopped") : kept.ackAll()));
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
