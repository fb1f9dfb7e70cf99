import type { Duplex } from "node:stream";
import type { Holding } from "../lent-memory.ts";
import type { Encoded } from "./encoder.ts";

/** What did not reach the other side of a connection that ended. */
export interface Unsent {
  /** Whole messages of which nothing left: they can go to somebody else. */
  readonly waiting: readonly Encoded[];
  /** Messages that were on their way: some of them may have arrived. */
  readonly leaving: number;
}

/** Bounds answers to somebody who asks and does not read. */
const MAX_CONTROL_BYTES = 64 * 1024;

/**
 * Writes blocks to a stream, one lot at a time. What has not been given to the system stays here, in whole messages, so
 * that it is not lost with the connection, and so that answers to PINGs pass it.
 */
export class OutQueue {
  readonly #stream: Duplex;
  readonly #drained: () => void;
  readonly #left = (error?: Error | null): void => this.#onLeft(error);
  #waiting: Encoded[] = [];
  #waitingBytes = 0;
  #waitingMessages = 0;
  #leaving = 0;
  #controlBytes = 0;
  /** Lent memory that is being written. */
  readonly #writing: Holding[] = [];

  /** Calls `drained` each time everything has left. */
  constructor(stream: Duplex, drained: () => void) {
    this.#stream = stream;
    this.#drained = drained;
  }

  /** Bytes that the system has not taken. */
  get bytes(): number {
    return this.#waitingBytes + this.#stream.writableLength;
  }

  /** Messages that the system has not taken, or only in part. */
  get messages(): number {
    return this.#waitingMessages + this.#leaving;
  }

  add(encoded: Encoded): void {
    encoded.holding?.begin();
    if (this.#waiting.length > 0 || this.#stream.writableLength > 0) {
      this.#waiting.push(encoded);
      this.#waitingBytes += encoded.bytes;
      this.#waitingMessages += encoded.messages;
      return;
    }
    this.#stream.cork();
    this.#write(encoded);
    this.#stream.uncork();
    if (this.#stream.writableLength === 0) this.#leaving = 0;
  }

  /** Writes what concerns the connection itself, before all that waits. */
  control(frame: Uint8Array): void {
    if (this.#controlBytes > MAX_CONTROL_BYTES) return;
    this.#controlBytes += frame.length;
    this.#stream.write(frame, this.#left);
  }

  unsent(): Unsent {
    return { waiting: this.#waiting.splice(0), leaving: this.#leaving };
  }

  #write({ parts, messages, holding }: Encoded): void {
    if (holding !== undefined) this.#writing.push(holding);
    this.#leaving += messages;
    const last = parts.length - 1;
    for (let index = 0; index < last; index += 1) this.#stream.write(parts[index] as Uint8Array);
    this.#stream.write(parts[last] as Uint8Array, this.#left);
  }

  #onLeft(error?: Error | null): void {
    if (error !== undefined && error !== null) return;
    if (this.#stream.writableLength > 0) return;
    this.#leaving = 0;
    this.#controlBytes = 0;
    if (this.#writing.length > 0) for (const holding of this.#writing.splice(0)) holding.end();
    if (this.#waiting.length > 0) {
      const lot = this.#waiting.splice(0);
      this.#waitingBytes = 0;
      this.#waitingMessages = 0;
      this.#stream.cork();
      for (const encoded of lot) this.#write(encoded);
      this.#stream.uncork();
      if (this.#stream.writableLength > 0) return;
      this.#leaving = 0;
    }
    this.#drained();
  }
}
