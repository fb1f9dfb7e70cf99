import type { AnyMessage } from "../message/message.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Context } from "./context.ts";
import type { Holds, Kept, Wish } from "./holds.ts";
import type { Operator } from "./operator.ts";

/** Says to which loop a call belongs. */
export interface CallOptions {
  readonly holds: Holds;
  readonly operator: Operator<AnyMessage, AnyMessage>;
  /** Aborts when calls that still run are waited for no longer. */
  readonly signal: AbortSignal;
  /** Whether each attempt can be given up for itself. */
  readonly timed: boolean;
}

/**
 * Is one attempt at `process`, for a delivery, or at `flush`, without one; and the context that the operator gets. What
 * it released counts as held until the attempt is over, so that an attempt that fails changes nothing.
 */
export class Call implements Context {
  readonly delivery: Delivery | undefined;
  readonly attempt: number;
  /** What came of it; undefined while it runs. */
  results: readonly AnyMessage[] | undefined;
  /** Resolves when work begins, where the operator lets its calls wait first: the time-out counts from then. */
  begins: Promise<void> | undefined;
  readonly #options: CallOptions;
  #own: AbortController | undefined;
  #signal: AbortSignal | undefined;
  #keepsDelivery = false;
  /** True when its own message was held and let go again. */
  #letGo = false;
  #released: Kept[] | undefined;
  /** What it took over from a part before, with who held it there. */
  #moved: Kept[] | undefined;
  #withdrawn: Wish[] | undefined;
  #over = false;

  constructor(options: CallOptions, delivery: Delivery | undefined, attempt = 1) {
    this.#options = options;
    this.delivery = delivery;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    const { signal, timed } = this.#options;
    if (!timed) return signal;
    this.#own ??= new AbortController();
    this.#signal ??= AbortSignal.any([signal, this.#own.signal]);
    return this.#signal;
  }

  /** The stream of the run in process. */
  get stream(): string {
    return this.delivery?.run?.stream ?? "";
  }

  hold(): void {
    this.holdOwn(this.#options.operator);
  }

  release(): void {
    const { operator } = this.#options;
    this.releaseFrom(operator, operator.mergesRuns);
  }

  flushIn(ms: number): void {
    this.wish(this.#options.operator, ms);
  }

  /** Gives up this attempt. */
  abort(reason: unknown): void {
    this.#own ??= new AbortController();
    this.#own.abort(reason);
  }

  /** Makes the next attempt at the same message. */
  again(): Call {
    return new Call(this.#options, this.delivery, this.attempt + 1);
  }

  /** What finishes with the results of this call: its own message unless it is held, and what it released. */
  get finishing(): readonly Delivery[] {
    const own = this.delivery === undefined || this.#keepsDelivery ? [] : [this.delivery];
    if (this.#released === undefined) return own;
    return [...this.#released.map(({ delivery }) => delivery), ...own];
  }

  /** True when the call's own message, alone, finishes with its results: the usual case. */
  get plain(): boolean {
    return this.#released === undefined && !this.#keepsDelivery && this.delivery !== undefined;
  }

  /** Ends the attempt: what it released is held no more, and what the operator still asks of this context is too late. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    const { holds } = this.#options;
    for (const { delivery } of this.#released ?? []) holds.letGo(delivery);
    if (this.#letGo) holds.letGo(this.delivery as Delivery);
  }

  /** Ends the attempt as if it had not been: what it released is held again, what it held is not. */
  undo(): void {
    if (this.#over) return;
    this.#over = true;
    const { holds } = this.#options;
    for (const { delivery, holder } of this.#moved ?? []) delivery.holder = holder;
    for (const kept of this.#released ?? []) holds.restore(kept);
    for (const wish of this.#withdrawn ?? []) holds.renew(wish);
    if (this.#keepsDelivery) holds.release(this.delivery as Delivery);
    else if (this.#letGo) holds.letGo(this.delivery as Delivery);
  }

  /** Keeps this call's own message. */
  holdOwn(holder: object): void {
    const { delivery } = this;
    if (delivery === undefined || this.#keepsDelivery || this.#over) return;
    this.#keepsDelivery = true;
    if (this.#letGo) this.#options.holds.restore({ delivery, holder });
    else this.#options.holds.hold(delivery, holder);
    this.#letGo = false;
  }

  /** Keeps all that would finish with the results of this call. */
  holdAll(holder: object): void {
    if (this.#over) return;
    this.holdOwn(holder);
    const released = this.#released ?? [];
    for (const { delivery } of released) this.#options.holds.restore({ delivery, holder });
    this.#moved = [...(this.#moved ?? []), ...released];
    this.#released = undefined;
  }

  /** Lets go what one holder holds; with `merged`, runs of one id are one run. */
  releaseFrom(holder: object, merged: boolean): void {
    if (this.#over) return;
    const { taken, wish } = this.#options.holds.take(holder, this.delivery, merged);
    if (wish !== undefined) this.#withdrawn = [...(this.#withdrawn ?? []), wish];
    const own = taken.indexOf(this.delivery as Delivery);
    if (own >= 0) {
      taken.splice(own, 1);
      this.#keepsDelivery = false;
      this.#letGo = true;
    }
    if (taken.length === 0) return;
    this.#released = [...(this.#released ?? []), ...taken.map((delivery) => ({ delivery, holder }))];
  }

  /** Asks for a flush, for one holder. */
  wish(holder: object, ms: number): void {
    if (!this.#over) this.#options.holds.flushIn(holder, ms);
  }
}
