import type { BoundedQueue } from "../queue/bounded-queue.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Lane } from "../queue/lane.ts";
import type { Timings } from "../queue/timings.ts";
import type { Clock } from "../time/clock.ts";
import type { Attention } from "./attention.ts";

/**
 * After so many messages in one go the listener is asked to let the operator have its turn, though the queue may hold
 * many more: messages that are worked on while they are young cost the collector nothing.
 */
const BREATH = 128;
/** Behind it an operator that answers at once has had its turn. */
const KEPT = Promise.resolve();

/** What an admission needs of its block. */
export interface AdmissionOptions {
  readonly queue: BoundedQueue<Delivery>;
  readonly timings: Timings;
  readonly clock: Clock;
}

/** Puts what one listener brings into the queue, and says when the listener has to wait. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #attention: Attention;
  readonly #lane: Lane<Delivery>;
  #inARow = 0;
  /** What was put last and waits for room. */
  #lastWait: Promise<void> | undefined;

  constructor(options: AdmissionOptions, attention: Attention) {
    this.#options = options;
    this.#attention = attention;
    this.#lane = options.queue.lane();
  }

  /** Puts a delivery; a promise says to wait. */
  put(delivery: Delivery): Promise<void> | undefined {
    delivery.charged = true;
    const { timings, queue } = this.#options;
    if (timings.on) timings.came(delivery);
    const wait = this.#lane.put(delivery);
    if (wait === undefined) {
      this.#inARow += 1;
      if (this.#inARow < BREATH) return undefined;
      this.#inARow = 0;
      return queue.rest ?? KEPT.then(this.#breath);
    }
    this.#inARow = 0;
    this.#lastWait = wait;
    return this.#attention.blocked(wait);
  }

  /** Resolves when nothing waits for room. */
  async taken(): Promise<void> {
    await this.#lastWait;
  }

  /** Takes nothing more. */
  close(): void {
    this.#lane.close();
  }

  /** Ends when everything was taken that is queued; or, where the operator really waits for something, at the next turn. */
  readonly #breath = (): void | Promise<void> => {
    const { queue, clock } = this.#options;
    if (queue.queued === 0) return undefined;
    return new Promise((resolve) => {
      queue.emptied(resolve);
      clock.turn(resolve);
    });
  };
}
