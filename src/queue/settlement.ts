/** Settles one message once: says to its source that it is finished, or gives it back. */
export interface Settlement {
  /** Says that the message is finished; a promise, where the source has to be told. */
  ack(): void | Promise<void>;
  /** Gives the message back: it could not be worked on, or the block stopped before it was. */
  nack(reason: "failed" | "stopped"): void | Promise<void>;
}
