/** Stands for a received buffer that several messages are views of; it belongs to one queue. */
export interface Chunk {
  /** The size of the whole buffer. */
  readonly bytes: number;
  /** How many admitted and unsettled items are views of it; kept by the queue, 0 at first. */
  users: number;
}

/** Holds what a queue has to know of a message. The items of one run come through one lane, its Start first. */
export interface QueueItem {
  readonly kind: "start" | "event" | "stop";
  /** Is the same object for all items of a run; an item without a run counts as an event. */
  readonly run: object | undefined;
  /** What the item costs by itself, beside its share in a chunk. */
  readonly bytes: number;
  /** Is charged in full with its first item and released with its last. */
  readonly chunk: Chunk | undefined;
}

/** Says why an item was dropped; the names stand in accounts. */
export type DropReason =
  /** A newer message needed the room. */
  | "queue-full-oldest"
  /** There was no room for it, or the Start or Stop of a run needed its room. */
  | "queue-full-newest"
  /** A newer event of its run came (`latest`). */
  | "superseded"
  /** Its whole run was left out, because Starts and Stops alone filled the queue. */
  | "run-fell-out";

/** Tells whether an item may be dropped singly. */
export function isEvent(item: QueueItem): boolean {
  return item.kind === "event" || item.run === undefined;
}
