import type { Overflow, QueueBounds } from "../../src/queue/queue-bounds.ts";
import type { Chunk } from "../../src/queue/queue-item.ts";
import type { TestItem } from "./naive-queue.ts";

/** Makes a repeatable source of whole numbers below a limit. */
export function below(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Makes up bounds, small ones mostly. */
export function someBounds(random: (limit: number) => number): QueueBounds {
  const overflows: Overflow[] = ["block", "drop-oldest", "drop-newest", "latest"];
  return {
    overflow: overflows[random(4)] as Overflow,
    maxMessages: 1 + random(random(2) === 0 ? 4 : 12),
    maxBytes: 1 + random(random(2) === 0 ? 30 : 300),
  };
}

/** Makes up what one listener puts: runs beside each other, in order, and events without a run; some are views of a chunk. */
export class SomeSource {
  readonly #random: (limit: number) => number;
  readonly #lane: number;
  readonly #open: object[] = [];
  readonly #ended: object[] = [];
  #chunk: Chunk | undefined;
  #count = 0;

  constructor(lane: number, random: (limit: number) => number) {
    this.#lane = lane;
    this.#random = random;
  }

  next(): TestItem {
    const choice = this.#random(10);
    const at = this.#random(Math.max(1, this.#open.length));
    const run = this.#open[at];
    if (choice < 2 && this.#open.length < 3) {
      const again = this.#random(4) === 0 ? this.#ended.pop() : undefined;
      const started = again ?? {};
      this.#open.push(started);
      return this.#item("start", started);
    }
    if (choice < 4 && run !== undefined) {
      this.#open.splice(at, 1);
      this.#ended.push(run);
      return this.#item("stop", run);
    }
    return this.#item("event", this.#random(6) === 0 ? undefined : run);
  }

  #item(kind: "start" | "event" | "stop", run: object | undefined): TestItem {
    this.#count += 1;
    const random = this.#random;
    const chosen = random(6);
    if (chosen === 0) this.#chunk = { bytes: 1 + random(40), users: 0 };
    const chunk = chosen < 3 ? this.#chunk : undefined;
    const bytes = random(20) === 0 ? random(400) : random(12);
    return { kind, run, bytes, chunk, lane: this.#lane, name: `${kind} ${this.#lane}/${this.#count}` };
  }
}
