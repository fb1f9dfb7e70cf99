import type { Command } from "./command.ts";

/** Says how much of a stream is kept. */
export interface Retention {
  /** Bytes of messages, about; Infinity for any. */
  readonly maxBytes: number;
  /** Milliseconds, by the server's clock; Infinity for any. */
  readonly maxAgeMs: number;
}

/** What an entry takes in a stream beside its message, about. */
const OVERHEAD_BYTES = 48;
/** Sizes are remembered for so many entries together. */
const ENTRIES_TOGETHER = 64;
const AGE_EVERY_MS = 1_000;

/**
 * Trims a stream about to so many bytes or such an age. A server counts entries: of what this publisher sent it is known
 * how many of the newest fill the bound; what stood there before counts with its average.
 */
export class Trimming {
  readonly #stream: string;
  readonly #retention: Retention;
  /** Bytes and entries of what was sent, the oldest first. */
  #chunks: { bytes: number; entries: number }[] = [];
  #bytes = 0;
  #entries = 0;
  #otherBytes = 0;
  #aheadMs = 0;
  #agedAtMs = Number.NEGATIVE_INFINITY;

  constructor(stream: string, retention: Retention) {
    this.#stream = stream;
    this.#retention = retention;
  }

  /** Begins on a server: `bytes` and `entries` stand there already, and its clock shows `nowMs`. */
  begin(bytes: number, entries: number, nowMs: number): void {
    this.#otherBytes = entries > 0 ? Math.max(1, bytes / entries) : 0;
    this.#aheadMs = nowMs - Date.now();
  }

  /** Takes in the size of one more message. */
  sent(bytes: number): void {
    let last = this.#chunks[this.#chunks.length - 1];
    if (last === undefined || last.entries >= ENTRIES_TOGETHER) {
      last = { bytes: 0, entries: 0 };
      this.#chunks.push(last);
    }
    const whole = bytes + OVERHEAD_BYTES;
    last.bytes += whole;
    last.entries += 1;
    this.#bytes += whole;
    this.#entries += 1;
    // The oldest that do not fit are of no more interest: they will be trimmed.
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      if (this.#chunks.length < 2 || this.#bytes - first.bytes < this.#retention.maxBytes) break;
      this.#bytes -= first.bytes;
      this.#entries -= first.entries;
      this.#otherBytes = 0;
      this.#chunks.shift();
    }
  }

  /** Gives what stands in an XADD behind the key to trim by bytes; nothing where any are kept. */
  byBytes(): readonly [] | readonly ["MAXLEN", "~", number] {
    const { maxBytes } = this.#retention;
    if (maxBytes === Number.POSITIVE_INFINITY) return [];
    // Nothing is known of the sizes: nothing is trimmed.
    if (this.#bytes < maxBytes && this.#otherBytes === 0 && this.#chunks.length === 0) return [];
    const left = Math.max(0, maxBytes - this.#bytes);
    const average = this.#otherBytes > 0 ? this.#otherBytes : Math.max(1, this.#bytes / Math.max(1, this.#entries));
    return ["MAXLEN", "~", Math.max(1, this.#entries + Math.floor(left / average))];
  }

  /** Gives the command to trim by age, from time to time. */
  byAge(): readonly Command[] {
    const { maxAgeMs } = this.#retention;
    const nowMs = performance.now();
    if (maxAgeMs === Number.POSITIVE_INFINITY || nowMs - this.#agedAtMs < AGE_EVERY_MS) return [];
    this.#agedAtMs = nowMs;
    const oldest = Math.max(0, Math.floor(Date.now() + this.#aheadMs - maxAgeMs));
    return [["XTRIM", this.#stream, "MINID", "~", oldest]];
  }
}
