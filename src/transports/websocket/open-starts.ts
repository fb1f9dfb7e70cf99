import type { Item } from "./item.ts";

/** As many as a reader keeps open by default. */
const MOST_RUNS = 64;
/** Starts beyond this many bytes are not repeated, the oldest first. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Remembers the Starts of the open runs for whoever joins. */
export class OpenStarts {
  readonly #items = new Map<string, Item>();
  #bytes = 0;

  get items(): Iterable<Item> {
    return this.#items.values();
  }

  /** Remembers a Start; the oldest are forgotten where there are too many. */
  add(start: Item): void {
    const run = start.run as string;
    this.delete(run);
    this.#items.set(run, start);
    this.#bytes += start.bytes;
    for (const oldest of this.#items.keys()) {
      if (this.#items.size <= MOST_RUNS && this.#bytes <= MOST_BYTES) break;
      this.delete(oldest);
    }
  }

  /** Forgets the Start of a run that ended. */
  delete(run: string): void {
    this.#bytes -= this.#items.get(run)?.bytes ?? 0;
    this.#items.delete(run);
  }
}
