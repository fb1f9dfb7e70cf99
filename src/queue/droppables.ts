import { Chain } from "./chain.ts";
import { Charges } from "./charges.ts";
import { Droppable, type Entry, Span } from "./entry.ts";
import type { QueueBounds } from "./queue-bounds.ts";
import type { QueueItem } from "./queue-item.ts";

/**
 * Finds what can be dropped from a queue: events singly, and runs whose Start is still queued.
 * The rest is pinned: what was taken and is not settled, and queued Stops whose Start was taken.
 */
export class Droppables<T extends QueueItem> {
  /** Queued events, oldest first. */
  readonly events: Chain<Droppable<T>> = new Chain();
  /** Runs whose Start is queued and whose Stop has not come, in order of their Starts. */
  readonly open: Chain<Span<T>> = new Chain();
  /** Runs whose Start and Stop are queued, in order of their Stops. */
  readonly whole: Chain<Span<T>> = new Chain();
  readonly #spans = new Map<object, Span<T>>();
  readonly #pinned = new Charges();
  #pinnedStops = 0;

  /** Gives the run's open span. */
  openSpan(run: object): Span<T> | undefined {
    const span = this.#spans.get(run);
    return span?.stop === undefined ? span : undefined;
  }

  /** Tells whether there would be room for an item if all that can be dropped were dropped. */
  couldFit(item: QueueItem, held: number, bounds: QueueBounds): boolean {
    const bytes = this.#pinned.bytes;
    return (
      held + this.#pinnedStops < bounds.maxMessages &&
      (bytes === 0 || bytes + this.#pinned.cost(item) <= bounds.maxBytes)
    );
  }

  /** Takes note of an entry that was queued. */
  admitted(entry: Entry<T>): void {
    const { kind, run } = entry.item;
    if (run === undefined || kind === "event") {
      entry.droppable = new Droppable(entry);
      this.events.push(entry.droppable);
    } else if (kind === "start") {
      const span = new Span(run, entry);
      entry.span = span;
      this.#spans.set(run, span);
      this.open.push(span);
    } else {
      this.#stopAdmitted(entry, this.openSpan(run));
    }
  }

  /** Takes note of an entry that left the queue to be worked on. */
  taken(entry: Entry<T>): void {
    const { span } = entry;
    if (entry.droppable !== undefined) {
      this.events.remove(entry.droppable);
    } else if (span === undefined) {
      this.#pinnedStops -= 1;
      return; // its bytes are pinned already
    } else {
      this.dissolve(span);
      const other = entry === span.start ? span.stop : span.start;
      if (other !== undefined) this.#pin(other);
    }
    this.#pinned.add(entry.item);
  }

  /** Takes note of an event that left the queue for good. */
  eventDropped(entry: Entry<T>): void {
    if (entry.droppable !== undefined) this.events.remove(entry.droppable);
  }

  /** Takes note of a taken item that is finished. */
  settled(item: T): void {
    this.#pinned.remove(item);
  }

  /** Forgets a run; its entries have left the queue, or are about to. */
  dissolve(span: Span<T>): void {
    (span.stop === undefined ? this.open : this.whole).remove(span);
    if (this.#spans.get(span.run) === span) this.#spans.delete(span.run);
    span.start.span = undefined;
    if (span.stop !== undefined) span.stop.span = undefined;
  }

  #stopAdmitted(entry: Entry<T>, span: Span<T> | undefined): void {
    if (span === undefined) {
      this.#pin(entry);
      return;
    }
    this.open.remove(span);
    span.stop = entry;
    entry.span = span;
    this.whole.push(span);
  }

  #pin(entry: Entry<T>): void {
    this.#pinnedStops += 1;
    this.#pinned.add(entry.item);
  }
}
