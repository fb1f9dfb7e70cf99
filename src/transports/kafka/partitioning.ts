import { UsageError } from "../../errors.ts";
import type { AnyMessage } from "../../message/message.ts";
import { LazyEvent } from "../../message/native/lazy-event.ts";
import { FLAG } from "../../message/native/prelude.ts";
import { murmur2 } from "./murmur2.ts";

/** Gives the key of an event; one that was received is not decoded to find that it has none. */
export function keyOf(message: AnyMessage): string | undefined {
  if (message.type === "event" && LazyEvent.is(message)) {
    if (((LazyEvent.header(message)[5] as number) & FLAG.key) === 0) return undefined;
  }
  return message.envelope.key;
}

/**
 * Decides on the partition of each event: the user's choice, else by its key, else all that is sent together goes to one
 * and what comes next to the next. A message keeps its partition, also when it is sent again.
 */
export class Partitioning<M extends AnyMessage> {
  readonly #count: number;
  readonly #choose: ((message: M) => number) | undefined;
  /** Events without a key; what was decided by the key is decided in the same way again. */
  readonly #decided = new WeakMap<object, number>();
  #turn = 0;

  constructor(count: number, choose: ((message: M) => number) | undefined) {
    this.#count = count;
    this.#choose = choose;
  }

  of(message: M): number {
    if (this.#choose !== undefined) return this.#chosen(this.#choose(message));
    if (this.#count === 1) return 0;
    const key = keyOf(message);
    if (key !== undefined) return (murmur2(Buffer.from(key)) & 0x7fffffff) % this.#count;
    const known = this.#decided.get(message);
    if (known !== undefined) return known;
    this.#decided.set(message, this.#turn);
    return this.#turn;
  }

  /** Lets what comes next go to the next partition. */
  next(): void {
    this.#turn = (this.#turn + 1) % this.#count;
  }

  #chosen(partition: number): number {
    if (Number.isSafeInteger(partition) && partition >= 0 && partition < this.#count) return partition;
    throw new UsageError(
      `KafkaPublisher: partition: expected a number from 0 to ${this.#count - 1}, got ${String(partition)}`,
    );
  }
}
