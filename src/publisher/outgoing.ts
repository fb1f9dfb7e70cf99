import type { Event } from "../message/event.ts";
import type { AnyMessage, Payload } from "../message/message.ts";
import { LazyEvent } from "../message/native/lazy-event.ts";
import { encodedBytes, isNdArray } from "../message/ndarray.ts";
import type { Owner } from "../queue/delivery.ts";
import type { Chunk, QueueItem } from "../queue/queue-item.ts";
import type { Tally } from "../runs/tally.ts";

/** What a kept event takes beside its bytes: the objects around them. */
const KEPT_BYTES = 512;

/** Is a result on its way to one publisher. */
export class Outgoing implements QueueItem {
  readonly kind: "start" | "event" | "stop";
  readonly run: object | undefined;
  /** Its memory; of what is also in work here only what it has beside. */
  bytes: number;
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

  /** Copies an event that would pin a larger buffer; from now on all of its memory is its own. */
  keep(): void {
    if (this.#message.type !== "event") return;
    const kept: Event = this.#message.keep();
    this.#message = kept;
    this.bytes = KEPT_BYTES + (LazyEvent.is(kept) ? LazyEvent.header(kept).length : 0) + payloadBytes(kept.payload);
  }
}

function payloadBytes(payload: Payload): number {
  // What is compressed stays compressed.
  return isNdArray(payload) ? (encodedBytes(payload)?.byteLength ?? payload.byteLength) : payload.byteLength;
}
