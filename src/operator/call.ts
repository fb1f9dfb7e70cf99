import type { AnyMessage } from "../message/message.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Context } from "./context.ts";
import type { Holds } from "./holds.ts";
import type { Operator } from "./operator.ts";

/** Is one call of `process`, for a delivery, or of `flush`, without one; and the context that the operator gets. */
export class Call implements Context {
  readonly delivery: Delivery | undefined;
  attempt = 1;
  /** What came of it; undefined while it runs. */
  results: readonly AnyMessage[] | undefined;
  readonly #holds: Holds;
  readonly #holder: Operator<AnyMessage, AnyMessage>;
  readonly #shared: AbortSignal;
  #own: AbortController | undefined;
  #keepsDelivery = false;
  #released: Delivery[] | undefined;

  constructor(
    holds: Holds,
    holder: Operator<AnyMessage, AnyMessage>,
    signal: AbortSignal,
    delivery: Delivery | undefined,
  ) {
    this.#holds = holds;
    this.#holder = holder;
    this.#shared = signal;
    this.delivery = delivery;
  }

  get signal(): AbortSignal {
    return this.#own?.signal ?? this.#shared;
  }

  /** The stream of the run in process. */
  get stream(): string {
    return this.delivery?.run?.stream ?? "";
  }

  hold(): void {
    this.holdOwn(this.#holder);
  }

  release(): void {
    this.releaseFrom(this.#holder, this.#holder.mergesRuns);
  }

  flushIn(ms: number): void {
    this.#holds.flushIn(ms);
  }

  /** Gives this attempt a signal of its own, and what aborts it. */
  limited(): AbortController {
    const own = new AbortController();
    this.#own = own;
    return own;
  }

  /** What finishes with the results of this call: its own message unless it is held, and what it released. */
  get finishing(): readonly Delivery[] {
    const own = this.delivery === undefined || this.#keepsDelivery ? [] : [this.delivery];
    return this.#released === undefined ? own : [...this.#released, ...own];
  }

  /** True when the call's own message, alone, finishes with its results: the usual case. */
  get plain(): boolean {
    return this.#released === undefined && !this.#keepsDelivery && this.delivery !== undefined;
  }

  /** Makes the call as if it had not been: what it released is held again, what it held is not. */
  undo(): void {
    for (const delivery of this.#released ?? []) this.#holds.hold(delivery, delivery.holder ?? this.#holder);
    this.#released = undefined;
    if (this.#keepsDelivery && this.delivery?.holder !== undefined) this.#holds.release(this.delivery);
    this.#keepsDelivery = false;
  }

  /** Keeps this call's own message. */
  holdOwn(holder: object): void {
    if (this.delivery === undefined || this.#keepsDelivery) return;
    this.#keepsDelivery = true;
    this.#holds.hold(this.delivery, holder);
  }

  /** Keeps all that would finish with the results of this call. */
  holdAll(holder: object): void {
    this.holdOwn(holder);
    for (const delivery of this.#released ?? []) this.#holds.hold(delivery, holder);
    this.#released = undefined;
  }

  /** Lets go what one holder holds; with `merged`, runs of one id are one run. */
  releaseFrom(holder: object, merged: boolean): void {
    const released = this.#holds.takeHeld(holder, this.delivery, merged);
    if (released.length === 0) return;
    const own = released.indexOf(this.delivery as Delivery);
    if (own >= 0) {
      released.splice(own, 1);
      this.#keepsDelivery = false;
    }
    if (released.length > 0) this.#released = [...(this.#released ?? []), ...released];
  }
}
