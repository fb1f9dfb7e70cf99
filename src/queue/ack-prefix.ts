import { FinishedPrefix } from "./finished-prefix.ts";
import type { Settlement } from "./settlement.ts";

/**
 * Acknowledges positions instead of messages, as logs want it: `commit` gets the highest sequence for which it and all
 * tracked before it are acked. One commit runs at a time; its error comes out of the `ack` that caused it. A nack ends
 * the prefix before that message for good.
 */
export class AckPrefix {
  readonly #prefix: FinishedPrefix;

  constructor(commit: (sequence: number) => void | Promise<void>) {
    this.#prefix = new FinishedPrefix(commit);
  }

  /** True when nothing more can be committed: all that was tracked is acked, or what comes next was given back. */
  get settled(): boolean {
    return this.#prefix.settled;
  }

  /** True when a message was given back, so that the prefix ends before it. */
  get ended(): boolean {
    return this.#prefix.ended;
  }

  /** Takes in the next message of the source; settling twice is ignored. */
  track(sequence: number): Settlement {
    return new PrefixSettlement(this.#prefix, sequence);
  }
}

/** Settles a message that is part of a prefix. */
export class PrefixSettlement implements Settlement {
  readonly prefix: FinishedPrefix;
  readonly sequence: number;
  /** Counts the messages tracked by this prefix before this one. */
  readonly number: number;

  constructor(prefix: FinishedPrefix, sequence: number) {
    this.prefix = prefix;
    this.sequence = sequence;
    this.number = prefix.track(sequence);
  }

  ack(): void | Promise<void> {
    return this.prefix.ack(this.number, this.number);
  }

  nack(_reason: "failed" | "stopped"): void {
    this.prefix.nack(this.number, this.number);
  }
}
