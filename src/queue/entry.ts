import { Chain, type Link } from "./chain.ts";
import type { QueueItem } from "./queue-item.ts";
import { Ring } from "./ring.ts";

/** Keeps an item, queued or waiting, at its place in its lane. */
export class Entry<T extends QueueItem> implements Link<Entry<T>> {
  before: Entry<T> | undefined = undefined;
  after: Entry<T> | undefined = undefined;
  readonly item: T;
  readonly lane: LaneEntries<T>;
  /** Tells the one who put it that it waits no more. */
  resolve: (() => void) | undefined = undefined;
  /** Its place among what can be dropped singly. */
  droppable: Droppable<T> | undefined = undefined;
  /** The queued lifecycle of its run, if this is part of it. */
  span: Span<T> | undefined = undefined;

  constructor(lane: LaneEntries<T>, item: T) {
    this.item = item;
    this.lane = lane;
  }
}

/** Holds what is in a lane. */
export class LaneEntries<T extends QueueItem> {
  /** What is queued where nothing is ever dropped: then it needs no entries. */
  readonly items: Ring<T> = new Ring();
  /** What is queued where it may be dropped. */
  readonly queued: Chain<Entry<T>> = new Chain();
  readonly waiting: Chain<Entry<T>> = new Chain();
  /** The newest queued event of each run; used by `latest` only. */
  readonly newest: Map<object | undefined, Entry<T>> = new Map();
  closed = false;

  /** Counts what is queued. */
  get size(): number {
    return this.items.size + this.queued.size;
  }
}

/** Marks the place of a queued event in the order of admission over all lanes. */
export class Droppable<T extends QueueItem> implements Link<Droppable<T>> {
  before: Droppable<T> | undefined = undefined;
  after: Droppable<T> | undefined = undefined;
  readonly entry: Entry<T>;

  constructor(entry: Entry<T>) {
    this.entry = entry;
  }
}

/** Is a run whose Start is queued, and perhaps its Stop. */
export class Span<T extends QueueItem> implements Link<Span<T>> {
  before: Span<T> | undefined = undefined;
  after: Span<T> | undefined = undefined;
  readonly run: object;
  readonly start: Entry<T>;
  stop: Entry<T> | undefined = undefined;

  constructor(run: object, start: Entry<T>) {
    this.run = run;
    this.start = start;
  }
}
