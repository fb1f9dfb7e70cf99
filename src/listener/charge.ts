import type { Message } from "../message/message.ts";
import { isNdArray } from "../message/ndarray.ts";
import type { Chunk } from "../queue/queue-item.ts";

/** What a message costs beside its bytes. */
const OVERHEAD_BYTES = 128;

/** Says what a message costs in memory: its own bytes, or a share in a larger received buffer. */
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
    for (const frame of frames) this.#add(charge, frame);
    return charge;
  }

  /** Gives the charge of a message without bytes of its own. */
  ofMessage(message: Message): Charge {
    const charge = this.#charge;
    charge.bytes = OVERHEAD_BYTES;
    charge.chunk = undefined;
    if (message.type !== "event") return charge;
    const { payload } = message;
    this.#add(charge, isNdArray(payload) ? payload.data : payload);
    return charge;
  }

  #add(charge: Charge, view: ArrayBufferView): void {
    const { buffer, byteLength } = view;
    if (buffer.byteLength <= 2 * byteLength + OVERHEAD_BYTES) {
      charge.bytes += buffer.byteLength;
      return;
    }
    if (buffer !== this.#lastBuffer) {
      this.#lastBuffer = buffer;
      this.#lastChunk = { bytes: buffer.byteLength, users: 0 };
    }
    charge.chunk = this.#lastChunk;
  }
}
