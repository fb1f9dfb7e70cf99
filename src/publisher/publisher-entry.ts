import type { AnyMessage } from "../message/message.ts";
import type { Overflow } from "../queue/queue-bounds.ts";
import type { Publisher } from "./publisher.ts";

/** Says how much may wait, and what happens to what does not fit. */
export interface Bounds {
  /** What a full queue does: default `block`. */
  readonly overflow?: Overflow;
  /** How many messages may wait. */
  readonly maxMessages?: number;
  /** How many bytes they may have. */
  readonly maxBytes?: number;
}

/** Is a publisher, or one with its place in the block: whether it is required, and how much may wait before it. */
export type PublisherEntry<M extends AnyMessage> =
  | Taker<M>
  | ({ readonly publisher: Taker<M>; readonly required?: boolean } & Bounds);

/** Is a publisher of which only `takes` says what it takes: its methods would count as saying that this also comes. */
type Taker<M extends AnyMessage> = Publisher<NoInfer<M>> & { readonly takes: (message: M) => void };
