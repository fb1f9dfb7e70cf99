import type { Message } from "../message/message.ts";
import { encodedBytes, isNdArray } from "../message/ndarray.ts";
import type { Chunk } from "../queue/queue-item.ts";

/** What a message costs beside its bytes. */
const OVERHEAD_BYTES = 128;

/** Says what a message costs in memory: its own bytes, and perhaps a share in a larger received buffer. */
export interface Charge {
  bytes: number;
  chunk: Chunk | undefined;
}

/**
 * Finds out what memory a message keeps alive. A view of a much larger buffer is charged through a chunk, which all
 * views of the buffer share; views of one buffer come one after the other, so the last one is enough to remember.
 */
export class Charges {
  #lastBuffer: ArrayBufferLike | undefined;
  #lastChunk: Chunk | undefined;
  readonly #charge: Charge = { bytes: 0, chunk: undefined };

  /** Gives the charge of frames; the object is used again by the next call. */
  ofFrames(frames: readonly Uint8Array[]): Charge {
    const charge = this.#charge;
    charge.bytes = OVERHEAD_BYTES;
    charge.chunk = undefined;
    for (const frame of frames) this.#add(charge, frame.buffer, frame.length);
    return charge;
  }

  /** Gives the charge of a message without bytes of its own. */
  ofMessage(message: Message): Charge {
    const charge = this.#charge;
    charge.bytes = OVERHEAD_BYTES;
    charge.chunk = undefined;
    if (message.type !== "event") return charge;
    const { payload } = message;
    if (isNdArray(payload)) {
      // What is compressed stays compressed.
      const { buffer, byteLength } = encodedBytes(payload) ?? payload.data;
      this.#add(charge, buffer, byteLength);
    } else this.#add(charge, payload.buffer, payload.length);
    return charge;
  }

  /** Takes each property of a view once, and of bytes the length: asking for these is much of what a small message costs. */
  #add(charge: Charge, buffer: ArrayBufferLike, ownBytes: number): void {
    const isLast = buffer === this.#lastBuffer;
    const bytes = isLast ? (this.#lastChunk as Chunk).bytes : buffer.byteLength;
    if (bytes <= 2 * ownBytes + OVERHEAD_BYTES) {
      charge.bytes += bytes;
      return;
    }
    if (!isLast) {
      this.#lastBuffer = buffer;
      this.#lastChunk = { bytes, users: 0 };
    }
    charge.chunk = this.#lastChunk;
  }
}
