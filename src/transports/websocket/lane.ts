import type { Item } from "./item.ts";

/** Counts the events of one kind, and knows the newest. */
export class Lane {
  /** How many events were given, to everybody who was there. */
  count = 0;
  newest: Item | undefined;

  /** Makes an event the newest. */
  put(item: Item): void {
    this.count += 1;
    this.newest = item;
  }
}
