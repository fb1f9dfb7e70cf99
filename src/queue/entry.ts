import { Chain, Link } from "./chain.ts";
import type { QueueItem } from "./queue-item.ts";

/** Keeps an item, queued or waiting, at its place in its lane. */
export class Entry<T extends QueueItem> extends Link<Entry<T>> {
  readonly item: T;
  readonly lane: LaneEntries<T>;
  /** Tells the one who put it that it waits no more. */
  resolve: (() => void) | undefined = undefined;
  /** Its place among what can be dropped singly. */
  droppable: Droppable<T> | undefined = undefined;
  /** The queued lifecycle of its run, if this is part of it. */
  span: Span<T> | undefined = undefined;

  constructor(lane: LaneEntries<T>, item: T) {
    super();
    this.item = item;
    this.lane = lane;
  }
}

/** Holds what is in a lane. */
export class LaneEntries<T extends QueueItem> {
  readonly queued: Chain<Entry<T>> = new Chain();
  readonly waiting: Chain<Entry<T>> = new Chain();
  /** The newest queued event of each run; used by `latest` only. */
  readonly newest: Map<object | undefined, Entry<T>> = new Map();
  closed = false;
}

/** Marks the place of a queued event in the order of admission over all lanes. */
export class Droppable<T extends QueueItem> extends Link<Droppable<T>> {
  readonly entry: Entry<T>;

  constructor(entry: Entry<T>) {
    super();
    this.entry = entry;
  }
}

/** Is a run whose Start is queued, and perhaps its Stop. */
export class Span<T extends QueueItem> extends Link<Span<T>> {
  readonly run: object;
  readonly start: Entry<T>;
  stop: Entry<T> | undefined = undefined;

  constructor(run: object, start: Entry<T>) {
    super();
    this.run = run;
    this.start = start;
  }
}
