import type { AnyMessage } from "../message/message.ts";
import type { Run } from "../runs/run.ts";
import type { Chunk, QueueItem } from "./queue-item.ts";
import type { Settlement } from "./settlement.ts";

/**
 * What became of a delivery in the end. What `failed` is given up and acknowledged; what is `refused` failed too and is
 * given back, as is what was `stopped`.
 */
export type Outcome = "finished" | "dropped" | "failed" | "refused" | "dead" | "stopped";

/** Is told when a delivery is settled; what brought the delivery in. */
export interface Keeper {
  settled(delivery: Delivery): void;
}

/** Waits for what is made from messages: one delivery, or several that went into the same results. */
export interface Owner {
  /** One more thing has to be done before this is finished. */
  more(): void;
  /** One thing is done. */
  done(): void;
  /** Something came to a bad end; the rest is still waited for. */
  spoil(outcome: Outcome, reason: string): void;
}

/** Is a message with the right to settle it once. */
export class Delivery implements QueueItem, Owner {
  readonly message: AnyMessage;
  readonly kind: "start" | "event" | "stop";
  readonly keeper: Keeper;
  readonly settlement: Settlement | undefined;
  readonly bytes: number;
  readonly chunk: Chunk | undefined;
  /** The bytes as they came, for the dead letters. */
  readonly frames: readonly Uint8Array[] | undefined;
  /** True for a Start or Stop that was made here: nobody waits for its settlement and it is in no count. */
  readonly made: boolean;
  /** For a made Stop: what the operator has to be asked for first, and whether it sees the Stop. */
  readonly ending: "flush" | "plain" | "unseen" | undefined;
  run: Run | undefined;
  outcome: Outcome = "finished";
  reason: string | undefined;
  /** How many results were made from it alone or with others. */
  results = 0;
  /** True when it went into a result together with others. */
  together = false;
  /** Who holds it; undefined while nobody does. */
  holder: object | undefined;
  /** True while the queue counts its memory. */
  charged = false;
  /** True when it was left out because it may have come before. */
  again = false;
  #pending = 1;
  #settled = false;

  constructor(
    keeper: Keeper,
    message: AnyMessage,
    run: Run | undefined,
    settlement: Settlement | undefined,
    bytes: number,
    chunk?: Chunk,
    frames?: readonly Uint8Array[],
    made = false,
    ending?: "flush" | "plain" | "unseen",
  ) {
    this.keeper = keeper;
    this.message = message;
    this.kind = message.type;
    this.run = run;
    this.settlement = settlement;
    this.bytes = bytes;
    this.chunk = chunk;
    this.frames = frames;
    this.made = made;
    this.ending = ending;
  }

  get settled(): boolean {
    return this.#settled;
  }

  more(): void {
    this.#pending += 1;
  }

  done(): void {
    this.#pending -= 1;
    if (this.#pending === 0) this.#settle();
  }

  spoil(outcome: Outcome, reason: string): void {
    // The first trouble counts, but what has to be given back must not be acknowledged for another result's trouble.
    if (this.outcome !== "finished" && (givenBack(this.outcome) || !givenBack(outcome))) return;
    this.outcome = outcome;
    this.reason = reason;
  }

  /** Settles now, whatever is still pending. */
  conclude(outcome: Outcome, reason: string): void {
    if (this.#settled) return;
    this.outcome = outcome;
    this.reason = reason;
    this.#settle();
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.keeper.settled(this);
  }
}

function givenBack(outcome: Outcome): boolean {
  return outcome === "refused" || outcome === "stopped";
}

/** Joins deliveries that went into the same results: each is finished when all of these are. */
export class Together implements Owner {
  readonly deliveries: readonly Delivery[];
  #pending = 1;

  constructor(deliveries: readonly Delivery[], results: number) {
    this.deliveries = deliveries;
    for (const delivery of deliveries) {
      delivery.results += results;
      delivery.together = deliveries.length > results && results > 0;
    }
  }

  more(): void {
    this.#pending += 1;
  }

  done(): void {
    this.#pending -= 1;
    if (this.#pending === 0) for (const delivery of this.deliveries) delivery.done();
  }

  spoil(outcome: Outcome, reason: string): void {
    for (const delivery of this.deliveries) delivery.spoil(outcome, reason);
  }
}
