import type { QueueItem } from "./queue-item.ts";

/** Is one listener's way into a queue; what goes in through it keeps its order. */
export interface Lane<T extends QueueItem> {
  /** Puts an item into the queue; a promise says that it has to wait, and is resolved when its fate is known. */
  put(item: T): void | Promise<void>;
  /** Ends the lane: what waits is refused, what is queued stays. */
  close(): void;
}
