import { DeferredSettlements } from "../queue/deferred-settlements.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Settlement } from "../queue/settlement.ts";
import type { Run } from "../runs/run.ts";

/** Keeps the settlements of one run until it is over. */
interface Unit {
  /** That of its Start is the last: while it stands, no commit of the others can come between Start and Stop. */
  start: Settlement | undefined;
  readonly settlements: DeferredSettlements;
  /** Messages of the run that came once more, over a new connection. */
  readonly again: DeferredSettlements;
  /** Where it opened and ended in the order of receipt. */
  readonly began: number;
  ended: number;
  /** True when its Stop is finished. */
  stopped: boolean;
  /** True when everything of it is finished. */
  done: boolean;
  /** True when it is to be given again. */
  lost: boolean;
}

/**
 * Settles run by run: nothing of a run is acknowledged before its Stop and everything else of it is finished. Where runs
 * overlap, none is before all are, or a log would go on between the Start and the Stop of one of them.
 */
export class RunSettlements {
  readonly #attempt: (settle: () => void | Promise<void>) => void;
  readonly #units = new Map<Run, Unit>();
  #order = 0;

  /** `attempt` carries a settlement out, whatever comes of it. */
  constructor(attempt: (settle: () => void | Promise<void>) => void) {
    this.#attempt = attempt;
  }

  /** True while the settlement of a run is open. */
  get keeps(): boolean {
    return this.#units.size > 0;
  }

  /** Notes that a run opened. */
  began(run: Run): void {
    this.#order += 1;
    this.#units.set(run, {
      start: undefined,
      settlements: new DeferredSettlements(),
      again: new DeferredSettlements(),
      began: this.#order,
      ended: Number.POSITIVE_INFINITY,
      stopped: false,
      done: false,
      lost: false,
    });
  }

  /** Notes that a run ended: its Stop, or one that was made for it, is on its way. */
  ended(run: Run): void {
    this.#order += 1;
    const unit = this.#units.get(run);
    if (unit !== undefined) unit.ended = this.#order;
  }

  /** Settles a message of a run, or keeps its settlement; false for a run that is not open and need not be waited for. */
  settle(delivery: Delivery, run: Run): boolean {
    const unit = this.#units.get(run);
    if (unit === undefined) return false;
    const { settlement, outcome, kind } = delivery;
    if (delivery.again) {
      if (settlement !== undefined) unit.again.add(settlement);
      return true;
    }
    if (kind === "start") unit.start = settlement;
    else if (settlement !== undefined) unit.settlements.add(settlement);
    if (outcome === "refused" || outcome === "stopped") this.giveBack(run, outcome);
    if (kind === "stop") unit.stopped = true;
    if (unit.lost) this.#nack(unit, "stopped");
    if (!unit.stopped || run.tally.left > 0) return true;
    unit.done = true;
    if (unit.lost) this.#forget(run, unit);
    else this.#ackDone();
    return true;
  }

  /** Gives a run back, and with it all that overlap with it or came later, as long as the source is not read anew. */
  giveBack(run: Run, outcome: Delivery["outcome"] = "stopped"): void {
    const given = this.#units.get(run);
    if (given === undefined || given.lost) return;
    given.lost = true;
    this.#nack(given, outcome === "refused" ? "failed" : "stopped");
    const first = this.#withOverlaps(given.began);
    for (const [other, unit] of this.#units) {
      if (unit.lost || unit.ended <= first) continue;
      unit.lost = true;
      this.#nack(unit, "stopped");
      if (unit.done) this.#forget(other, unit);
    }
  }

  /** Gives back everything that is left. */
  close(): void {
    for (const unit of this.#units.values()) {
      this.#nack(unit, "stopped");
      this.#attempt(() => unit.again.nackAll("stopped"));
    }
    this.#units.clear();
  }

  #ackDone(): void {
    let first = Number.POSITIVE_INFINITY;
    for (const { done, lost, began } of this.#units.values()) if (!done && !lost) first = Math.min(first, began);
    first = this.#withOverlaps(first);
    for (const [run, unit] of [...this.#units].reverse()) {
      if (unit.lost || unit.ended > first) continue;
      const { start } = unit;
      unit.start = undefined;
      this.#attempt(() => unit.settlements.ackAll());
      this.#attempt(() => start?.ack());
      this.#forget(run, unit);
    }
  }

  #nack(unit: Unit, reason: "failed" | "stopped"): void {
    // A source that is told may stop the block at once, which comes back here.
    const { start } = unit;
    unit.start = undefined;
    this.#attempt(() => start?.nack(reason));
    this.#attempt(() => unit.settlements.nackAll(reason));
  }

  /** Goes back from a place in the order of receipt to one at which no run is open. */
  #withOverlaps(from: number): number {
    let first = from;
    for (let before = Number.NaN; before !== first; ) {
      before = first;
      for (const { began, ended, lost } of this.#units.values())
        if (!lost && ended > first) first = Math.min(first, began);
    }
    return first;
  }

  #forget(run: Run, { again }: Unit): void {
    this.#units.delete(run);
    this.#attempt(() => again.ackAll());
  }
}
