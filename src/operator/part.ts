import type { AnyMessage } from "../message/message.ts";
import { Call } from "./call.ts";
import type { Context } from "./context.ts";
import type { Operator } from "./operator.ts";

/** Holds and releases for itself. */
export type Holder = Pick<Operator<AnyMessage, AnyMessage>, "mergesRuns">;

/** Is what one part of a composed operator sees of a call: it holds and releases for itself. */
export class Part implements Context {
  readonly #call: Call;
  readonly #holder: Holder;
  /** True when this part gets the call's own message, and not what others made of it. */
  readonly #first: boolean;
  /** True when a part before this one merges runs. */
  readonly #merged: boolean;

  constructor(call: Call, holder: Holder, first: boolean, merged: boolean) {
    this.#call = call;
    this.#holder = holder;
    this.#first = first;
    this.#merged = merged;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get attempt(): number {
    return this.#call.attempt;
  }

  /** The stream of the run in process; runs that were merged have none. */
  get stream(): string {
    return this.#merged ? "" : this.#call.stream;
  }

  /** Says when work begins, of a call that waits first. */
  beginsWith(begins: Promise<void>): void {
    this.#call.begins = begins;
  }

  /** What finishes with the results of the call, as far as it has come. */
  get finishing(): readonly AnyMessage[] {
    return this.#call.finishing.map(({ message }) => message);
  }

  hold(): void {
    if (this.#first) this.#call.holdOwn(this.#holder);
    else this.#call.holdAll(this.#holder);
  }

  release(): void {
    this.#call.releaseFrom(this.#holder, this.#merged || this.#holder.mergesRuns);
  }

  flushIn(ms: number): void {
    this.#call.wish(this.#holder, ms);
  }

  /** Gives what a part of this part sees. */
  part(holder: Holder, first: boolean, merged: boolean): Part {
    return new Part(this.#call, holder, this.#first && first, this.#merged || merged);
  }

  /** Gives what a part sees of a context that a composed operator was given; undefined where it is another one's. */
  static of(context: Context, holder: Holder, first: boolean, merged: boolean): Part | undefined {
    if (context instanceof Call) return new Part(context, holder, first, merged);
    return context instanceof Part ? context.part(holder, first, merged) : undefined;
  }
}
