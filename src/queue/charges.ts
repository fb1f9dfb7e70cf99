import type { Chunk, QueueItem } from "./queue-item.ts";

/** Adds up the memory behind a set of items, where a chunk counts once and in full. */
export class Charges {
  #bytes = 0;
  readonly #users = new Map<Chunk, number>();

  get bytes(): number {
    return this.#bytes;
  }

  /** Says by how much `add` would raise the sum. */
  cost(item: QueueItem): number {
    if (item.chunk === undefined || this.#users.has(item.chunk)) return item.bytes;
    return item.bytes + item.chunk.bytes;
  }

  add(item: QueueItem): void {
    this.#bytes += this.cost(item);
    if (item.chunk !== undefined) this.#users.set(item.chunk, (this.#users.get(item.chunk) ?? 0) + 1);
  }

  /** Takes out an item, which must have been added. */
  remove(item: QueueItem): void {
    const { chunk, bytes } = item;
    this.#bytes -= bytes;
    if (chunk === undefined) return;
    const users = (this.#users.get(chunk) ?? 0) - 1;
    if (users > 0) {
      this.#users.set(chunk, users);
      return;
    }
    this.#users.delete(chunk);
    this.#bytes -= chunk.bytes;
  }
}
