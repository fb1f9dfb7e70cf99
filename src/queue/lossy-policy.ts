import { Droppables } from "./droppables.ts";
import type { Entry, LaneEntries, Span } from "./entry.ts";
import type { QueueBounds } from "./queue-bounds.ts";
import { type DropReason, isEvent, type QueueItem } from "./queue-item.ts";

/** Says what becomes of an item that wants to come in. */
export type Fate = "admit" | "wait" | DropReason;

/** Is what a policy sees of its queue. */
export interface Room<T extends QueueItem> {
  /** Counts what is held. */
  held(): number;
  /** Tells whether an item has room as things are. */
  fits(item: T): boolean;
  /** Takes an entry out of the queue, or out of those that wait, for good. */
  drop(entry: Entry<T>, reason: DropReason): void;
}

/**
 * Decides what a queue leaves out, and never tears a run.
 *
 * Events make room for one another and for Starts and Stops. Where only those are queued, whole runs fall out. Where
 * even that cannot help, a Start or Stop waits, and the events behind it are dropped, so that little can be waiting.
 */
export class LossyPolicy<T extends QueueItem> {
  readonly #bounds: QueueBounds;
  readonly #room: Room<T>;
  readonly #droppables: Droppables<T> = new Droppables();
  /** Runs whose Start was dropped before their Stop came. */
  readonly #fallen = new WeakSet<object>();

  constructor(bounds: QueueBounds, room: Room<T>) {
    this.#bounds = bounds;
    this.#room = room;
  }

  /** Decides about an item whose turn it is, and makes room for it. */
  judge(lane: LaneEntries<T>, item: T): Fate {
    if (item.kind !== "start" && this.#fellOut(item)) return "run-fell-out";
    return isEvent(item) ? this.#judgeEvent(lane, item) : this.#judgeLifecycle(item);
  }

  /** Decides about an item that comes while earlier ones of its lane wait. */
  judgeBehind(lane: LaneEntries<T>, item: T): Fate {
    if (isEvent(item)) return "queue-full-newest";
    if (item.kind === "start") return "wait";
    for (let entry = lane.waiting.last; entry !== undefined; entry = entry.before) {
      if (entry.item.kind !== "start" || entry.item.run !== item.run) continue;
      this.#room.drop(entry, "run-fell-out");
      return "run-fell-out";
    }
    return "wait";
  }

  /** Tells whether an item may go past the queue. */
  mayPass(item: T): boolean {
    this.#begins(item);
    return !this.#fellOut(item);
  }

  /** Takes note of an entry that was queued. */
  admitted(entry: Entry<T>): void {
    const { item, lane } = entry;
    this.#droppables.admitted(entry);
    this.#begins(item);
    if (this.#bounds.overflow === "latest" && isEvent(item)) lane.newest.set(item.run, entry);
  }

  /** Takes note of an entry that left the queue to be worked on. */
  taken(entry: Entry<T>): void {
    this.#droppables.taken(entry);
    this.#noLongerNewest(entry);
  }

  /** Takes note of a taken item that is finished. */
  settled(item: T): void {
    this.#droppables.settled(item);
  }

  #judgeEvent(lane: LaneEntries<T>, item: T): Fate {
    const { overflow } = this.#bounds;
    if (overflow === "latest") {
      const older = lane.newest.get(item.run);
      if (older !== undefined) this.#dropEvent(older, "superseded");
    }
    while (!this.#room.fits(item)) {
      const oldest = this.#droppables.events.first?.entry;
      if (oldest === undefined) break; // one event is always let in
      if (overflow === "drop-newest") return "queue-full-newest";
      this.#dropEvent(oldest, "queue-full-oldest");
    }
    return "admit";
  }

  #judgeLifecycle(item: T): Fate {
    const room = this.#room;
    if (room.fits(item)) return "admit";
    // Nothing is dropped in vain.
    if (!this.#droppables.couldFit(item, room.held(), this.#bounds)) return "wait";
    do {
      if (this.#dropAnEvent()) continue;
      const own = item.kind === "stop" && item.run !== undefined ? this.#droppables.openSpan(item.run) : undefined;
      const span = this.#droppables.whole.first ?? own ?? this.#droppables.open.last;
      if (span === undefined) return "wait";
      this.#dropRun(span);
      if (span === own) return "run-fell-out";
    } while (!room.fits(item));
    return "admit";
  }

  #begins({ kind, run }: T): void {
    if (kind === "start" && run !== undefined) this.#fallen.delete(run);
  }

  #fellOut({ run }: T): boolean {
    return run !== undefined && this.#fallen.has(run);
  }

  #dropAnEvent(): boolean {
    const { events } = this.#droppables;
    const newest = this.#bounds.overflow === "drop-newest";
    const event = (newest ? events.last : events.first)?.entry;
    if (event === undefined) return false;
    this.#dropEvent(event, newest ? "queue-full-newest" : "queue-full-oldest");
    return true;
  }

  #dropEvent(entry: Entry<T>, reason: DropReason): void {
    this.#droppables.eventDropped(entry);
    this.#noLongerNewest(entry);
    this.#room.drop(entry, reason);
  }

  #dropRun(span: Span<T>): void {
    this.#droppables.dissolve(span);
    this.#room.drop(span.start, "run-fell-out");
    // Of a whole run nothing more comes; but a new run may have begun with the same object.
    if (span.stop === undefined) this.#fallen.add(span.run);
    else this.#room.drop(span.stop, "run-fell-out");
  }

  #noLongerNewest({ item, lane }: Entry<T>): void {
    // At most one queued event of a run stands there, so that any event of it that leaves is that one.
    if (this.#bounds.overflow === "latest" && isEvent(item)) lane.newest.delete(item.run);
  }
}
