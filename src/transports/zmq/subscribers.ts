import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";

const LIFECYCLE: Uint8Array = new TextEncoder().encode(LIFECYCLE_TOPIC);
/** More different prefixes than this are not told apart. */
const MAX_PREFIXES = 10_000;

/** Tells whether a subscription brings Starts and Stops. */
export function coversLifecycle(prefix: Uint8Array): boolean {
  return prefix.length <= LIFECYCLE.length && prefix.every((byte, index) => byte === LIFECYCLE[index]);
}

/**
 * Counts subscribers by their subscriptions, which is all that a publisher sees of them. One of our listeners counts
 * once, however many topics it asks for, as it asks for that of Starts and Stops beside them; of readers of another make
 * each subscription counts.
 */
export class Subscribers {
  readonly #prefixes = new Map<string, number>();

  hear(prefix: Uint8Array, isWanted: boolean): void {
    const key = Buffer.from(prefix).toString("latin1");
    const count = (this.#prefixes.get(key) ?? 0) + (isWanted ? 1 : -1);
    if (count <= 0) this.#prefixes.delete(key);
    else if (this.#prefixes.has(key) || this.#prefixes.size < MAX_PREFIXES) this.#prefixes.set(key, count);
  }

  get count(): number {
    if (this.#prefixes.has(LIFECYCLE_TOPIC)) return this.#most();
    let sum = 0;
    for (const count of this.#prefixes.values()) sum += count;
    return sum;
  }

  /** How many want the topic that most of them want. */
  #most(): number {
    const all = [...this.#prefixes];
    const wanting = (topic: string): number =>
      all.reduce((sum, [prefix, count]) => sum + (topic.startsWith(prefix) ? count : 0), 0);
    return Math.max(...all.map(([topic]) => wanting(topic)));
  }
}
