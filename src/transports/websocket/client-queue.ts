import type { Item } from "./item.ts";

/** Says what is left out when a client does not keep up: all but the newest event, or what came first, or last. */
export type ClientOverflow = "latest" | "drop-oldest" | "drop-newest";

/** Bounds what waits for one client. */
export interface ClientBounds {
  readonly overflow: ClientOverflow;
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** A client hears of so many runs that fell out for it, until they end; the oldest is forgotten first. */
const MOST_RUNS_OUT = 256;

/**
 * Holds what waits for one client. Events are left out by the policy; a run is never torn: whoever gets its Start gets
 * its Stop. Where Starts and Stops alone fill the bound, the oldest run that has not begun for this client falls out.
 */
export class ClientQueue {
  readonly #bounds: ClientBounds;
  /** Bytes that have left the queue and have not left the process. */
  readonly #buffered: () => number;
  #items: Item[] = [];
  #bytes = 0;
  #events = 0;
  /** Starts and Stops that were left out. */
  #lifecycleDropped = 0;
  readonly #out = new Set<string>();

  constructor(bounds: ClientBounds, buffered: () => number) {
    this.#bounds = bounds;
    this.#buffered = buffered;
  }

  get length(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many events wait. */
  get events(): number {
    return this.#events;
  }

  get lifecycleDropped(): number {
    return this.#lifecycleDropped;
  }

  /** True when something would have to be left out for this item. */
  isFullFor(item: Item): boolean {
    const buffered = this.#buffered();
    // The only one is let through, however large it is.
    if (this.#items.length === 0 && buffered === 0) return false;
    const { maxMessages, maxBytes } = this.#bounds;
    return this.#items.length >= maxMessages || this.#bytes + buffered + item.bytes > maxBytes;
  }

  /** Takes an item, or leaves it or others out. */
  add(item: Item): void {
    if (this.#isOut(item)) return;
    if (item.kind === "event") {
      if (this.#bounds.overflow === "latest") this.#dropOlder(item);
      if (this.#bounds.overflow !== "drop-newest") this.#makeRoom(item, "oldest");
      if (this.isFullFor(item)) return;
    } else {
      this.#makeRoom(item, this.#bounds.overflow === "drop-newest" ? "newest" : "oldest");
      while (this.isFullFor(item) && this.#dropRun());
      // The run that fell out may be the one that ends here, or the one that begins is the one too many.
      if (this.#isOut(item)) return;
      if (item.kind === "start" && this.isFullFor(item)) {
        this.#leaveOut(item);
        return;
      }
    }
    this.#items.push(item);
    this.#bytes += item.bytes;
    if (item.kind === "event") this.#events += 1;
  }

  /** Takes the oldest out. */
  shift(): Item | undefined {
    return this.#items.length === 0 ? undefined : this.#remove(0);
  }

  /** Forgets everything. */
  clear(): void {
    this.#items = [];
    this.#bytes = 0;
    this.#events = 0;
    this.#out.clear();
  }

  #isOut(item: Item): boolean {
    if (item.run === undefined || !this.#out.has(item.run)) return false;
    if (item.kind === "start") {
      // A run of the same name that begins anew.
      this.#out.delete(item.run);
      return false;
    }
    if (item.kind === "stop") {
      this.#out.delete(item.run);
      this.#lifecycleDropped += 1;
    }
    return true;
  }

  /** Drops the event of the same lane behind the last Start or Stop: nobody needs two in a row. */
  #dropOlder(item: Item): void {
    for (let at = this.#items.length - 1; at >= 0; at -= 1) {
      const { kind, lane } = this.#items[at] as Item;
      if (kind !== "event") return;
      if (lane !== item.lane) continue;
      this.#remove(at);
      return;
    }
  }

  #makeRoom(item: Item, which: "oldest" | "newest"): void {
    while (this.#events > 0 && this.isFullFor(item)) {
      const isEvent = ({ kind }: Item): boolean => kind === "event";
      this.#remove(which === "oldest" ? this.#items.findIndex(isEvent) : this.#items.findLastIndex(isEvent));
    }
  }

  /** Drops the oldest run whose Start waits; false where there is none. */
  #dropRun(): boolean {
    const at = this.#items.findIndex(({ kind }) => kind === "start");
    if (at < 0) return false;
    const { run } = this.#items[at] as Item;
    const after = this.#items.findIndex((item, index) => index > at && item.kind === "stop" && item.run === run);
    const last = after < 0 ? this.#items.length - 1 : after;
    for (let index = last; index >= at; index -= 1) {
      const item = this.#items[index] as Item;
      if (item.run !== run) continue;
      this.#remove(index);
      if (item.kind !== "event") this.#lifecycleDropped += 1;
    }
    if (after < 0) this.#putOut(run as string);
    return true;
  }

  #leaveOut(start: Item): void {
    this.#lifecycleDropped += 1;
    this.#putOut(start.run as string);
  }

  #putOut(run: string): void {
    this.#out.add(run);
    if (this.#out.size > MOST_RUNS_OUT) this.#out.delete(this.#out.values().next().value as string);
  }

  #remove(at: number): Item {
    const item = at === 0 ? (this.#items.shift() as Item) : (this.#items.splice(at, 1)[0] as Item);
    this.#bytes -= item.bytes;
    if (item.kind === "event") this.#events -= 1;
    return item;
  }
}
