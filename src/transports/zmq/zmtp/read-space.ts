import type { Peer } from "./peer.ts";

const BLOCK_BYTES = 256 * 1024;
/** A read into less than this is not worth its system call. */
const LEAST_BYTES = 32 * 1024;

/**
 * Says where a socket shall read to: into the frame that is being read when that is large, else into a block from which
 * frames are cut as views. A block is never written to twice.
 */
export class ReadSpace {
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #at = 0;
  #isInPlace = false;

  /** Gives where the next bytes go. */
  next(peer: Peer | undefined): Uint8Array {
    const target = peer?.target;
    this.#isInPlace = target !== undefined;
    if (target !== undefined) return target;
    if (BLOCK_BYTES - this.#at < LEAST_BYTES) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#at = 0;
    }
    return this.#block.subarray(this.#at);
  }

  /** Takes note that so many bytes came to where `next` said. */
  read(peer: Peer, bytes: number): void {
    if (this.#isInPlace) {
      peer.filled(bytes);
      return;
    }
    const { buffer, byteOffset } = this.#block;
    const chunk = new Uint8Array(buffer, byteOffset + this.#at, bytes);
    this.#at += bytes;
    peer.feed(chunk);
  }
}
