import type { Inlet } from "../../listener/listener.ts";
import type { Decoded } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Reading } from "./reading.ts";

/** Is told what a reader of a live channel does. */
export interface LiveWatch {
  closed(): void;
  open(): void;
  left(reading: LiveReading): void;
}

/** Is one reader of a live channel. */
export class LiveReading extends Reading {
  readonly #watch: LiveWatch;
  /** What came in one go while there was no room: Starts for a late joiner, a farewell. */
  #backlog: Decoded<AnyMessage>[] = [];
  #finishing = false;

  constructor(inlet: Inlet<AnyMessage>, topics: readonly string[] | undefined, signal: AbortSignal, watch: LiveWatch) {
    super(inlet, topics, signal);
    this.#watch = watch;
  }

  /** True when the next message would be put at once. */
  get open(): boolean {
    return !this.full && this.#backlog.length === 0;
  }

  take(decoded: Decoded<AnyMessage>): void {
    if (this.over || !this.follows(decoded)) return;
    if (this.full) this.#backlog.push(decoded);
    else this.give(decoded);
    if (this.full) this.#watch.closed();
  }

  /** Leaves after what waits was taken. */
  finish(): void {
    this.#finishing = true;
    if (this.open) this.end();
  }

  protected override room(): void {
    while (!this.full && !this.over) {
      const next = this.#backlog.shift();
      if (next === undefined) break;
      this.give(next);
    }
    if (this.full) return;
    if (this.#finishing) this.end();
    else this.#watch.open();
  }

  protected override left(): void {
    this.#backlog = [];
    this.#watch.left(this);
  }
}
