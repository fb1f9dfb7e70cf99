import type { AnyMessage } from "../message/message.ts";
import type { Owner } from "../queue/delivery.ts";
import type { Chunk, QueueItem } from "../queue/queue-item.ts";
import type { Tally } from "../runs/tally.ts";

/** Is a result on its way to one publisher. */
export class Outgoing implements QueueItem {
  readonly kind: "start" | "event" | "stop";
  readonly run: object | undefined;
  readonly bytes: number;
  readonly chunk: Chunk | undefined;
  /** What waits for the confirmation; nothing does for a best-effort publisher. */
  readonly owner: Owner | undefined;
  /** Where what becomes of it is counted. */
  readonly tally: Tally | undefined;
  /** True at the one outlet whose confirmations count as published. */
  readonly counts: boolean;
  /** True while the queue counts its memory. */
  charged = false;
  /** True when it was published, or will not be any more. */
  over = false;
  #message: AnyMessage;
  #seal: ((message: AnyMessage) => AnyMessage) | undefined;

  /** `seal` completes the message at the moment it leaves: it puts the account on a Stop. */
  constructor(
    message: AnyMessage,
    run: object | undefined,
    bytes: number,
    owner: Owner | undefined,
    tally: Tally | undefined,
    counts = false,
    seal?: (message: AnyMessage) => AnyMessage,
  ) {
    this.kind = message.type;
    this.run = run;
    this.bytes = bytes;
    this.chunk = undefined;
    this.owner = owner;
    this.tally = tally;
    this.counts = counts;
    this.#message = message;
    this.#seal = seal;
  }

  get message(): AnyMessage {
    return this.#message;
  }

  /** Gives the message as it leaves, the same one at each attempt. */
  leaving(): AnyMessage {
    if (this.#seal !== undefined) {
      this.#message = this.#seal(this.#message);
      this.#seal = undefined;
    }
    return this.#message;
  }

  /** Copies an event that would pin a larger buffer. */
  keep(): void {
    if (this.#message.type === "event") this.#message = this.#message.keep();
  }
}
