import type { Entry } from "./entries.ts";

/** What one read should bring. */
const TARGET_BYTES = 2 * 1024 * 1024;
const FIRST = 8;
const MOST = 512;
/** A read that is made of average entries may be so many times larger. */
const AVERAGES = 16;

/** Finds out how many entries make a read of a good size: a server counts entries, and memory counts bytes. */
export class ReadSize {
  #count = FIRST;

  get count(): number {
    return this.#count;
  }

  /**
   * Learns from the largest entry of a read: the next may all be as large. What lies further on may be larger still: so
   * much as the stream's average says is the most, and only where many come are more asked for.
   */
  saw(entries: readonly Entry[], averageBytes: number): void {
    if (entries.length === 0) return;
    let largest = averageBytes / AVERAGES;
    for (const { fields = [] } of entries) {
      let bytes = 64;
      for (const field of fields) bytes += field.length;
      largest = Math.max(largest, bytes);
    }
    const fitting = Math.max(1, Math.floor(TARGET_BYTES / largest));
    this.#count = Math.min(MOST, fitting, Math.max(FIRST, entries.length * 2));
  }
}
