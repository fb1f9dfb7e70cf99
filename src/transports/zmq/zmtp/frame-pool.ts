import { LEAST_LENT_BYTES, Loan, Return } from "../lent-memory.ts";

/** Memory that waits for its next use, at most. */
const MAX_FREE_BYTES = 64 * 1024 * 1024;
/**
 * All memory of a pool, also such as never came back: the collector does not see that of this kind as memory which it
 * should hurry to free. Beyond this, frames get memory of their own, which it does see.
 */
const MAX_BYTES = 256 * 1024 * 1024;
/** Where a message was settled before it was handed over, so many frames get memory of their own: the next ones will be too. */
const WITHOUT = 1000;
/** Lengths are rounded up by at most this part of them, so that compressed frames of changing lengths fit too. */
const ROUNDING = 16;

/**
 * Gives memory for large frames, and takes it back. It is memory of the kind that threads share, as all of this package
 * that is lent: whoever keeps such a payload for longer than its message copies it.
 */
export class FramePool {
  /** By length; those that were asked for last stand last. */
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  readonly #back = (memory: ArrayBufferLike): void => this.#give(memory as SharedArrayBuffer);
  readonly #early = (): void => {
    this.#without = WITHOUT;
  };
  readonly #collected = new FinalizationRegistry<number>((bytes) => {
    this.#bytes -= bytes;
  });
  #bytes = 0;
  #freeBytes = 0;
  #without = 0;
  #isUsed = false;

  /** Gives memory that was used before, if there is any of this length. */
  used(length: number): SharedArrayBuffer | undefined {
    this.#isUsed = true;
    const rounded = roundedUp(length);
    const free = this.#free.get(rounded) ?? [];
    this.#free.delete(rounded);
    this.#free.set(rounded, free);
    const memory = free.pop();
    if (memory !== undefined) this.#freeBytes -= rounded;
    return memory;
  }

  /** Gives memory that nobody has used; undefined where none should be lent. */
  fresh(length: number): SharedArrayBuffer | undefined {
    if (this.#without > 0) {
      this.#without -= 1;
      return undefined;
    }
    const bytes = roundedUp(length);
    if (this.#bytes + bytes > MAX_BYTES) return undefined;
    const memory = new SharedArrayBuffer(bytes);
    this.#bytes += bytes;
    this.#collected.register(memory, bytes);
    return memory;
  }

  /** Lends the memory of a message's frames out; undefined where none is of this kind. */
  lend(frames: readonly Uint8Array[]): Return | undefined {
    let loans: Loan[] | undefined;
    for (let index = 0; index < frames.length; index += 1) {
      const frame = frames[index] as Uint8Array;
      if (frame.length < LEAST_LENT_BYTES) continue;
      const { buffer } = frame;
      if (!(buffer instanceof SharedArrayBuffer)) continue;
      loans ??= [];
      loans.push(new Loan(buffer, this.#back));
    }
    return loans === undefined ? undefined : new Return(loans, this.#early);
  }

  /** Lets the memory go that waits to be used again, where none was asked for since the last call. */
  rest(): void {
    if (!this.#isUsed) {
      this.#free.clear();
      this.#freeBytes = 0;
    }
    this.#isUsed = false;
  }

  #give(memory: SharedArrayBuffer): void {
    const { byteLength } = memory;
    for (const [length, free] of this.#free) {
      if (this.#freeBytes + byteLength <= MAX_FREE_BYTES) break;
      if (length === byteLength) continue;
      this.#freeBytes -= length * free.length;
      this.#free.delete(length);
    }
    const free = this.#free.get(byteLength);
    if (free === undefined || this.#freeBytes + byteLength > MAX_FREE_BYTES) return;
    free.push(memory);
    this.#freeBytes += byteLength;
  }
}

function roundedUp(length: number): number {
  const step = 2 ** Math.floor(Math.log2(length / ROUNDING));
  return Math.ceil(length / step) * step;
}
