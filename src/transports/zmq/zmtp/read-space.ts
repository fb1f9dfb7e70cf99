import type { Peer } from "./peer.ts";

const BLOCK_BYTES = 256 * 1024;
/** A read into less than this is not worth its system call. */
const LEAST_BYTES = 32 * 1024;
/** After a large frame another one is likely: what is read here of that has to be copied. */
const PEEK_BYTES = 8 * 1024;

/** What Node takes for sockets whose reads are led. */
interface OnRead {
  buffer(): Uint8Array;
  callback(bytes: number): boolean;
}

/**
 * Says where a socket shall read to: into the frame that is being read when that is large, else into a block from which
 * frames are cut as views. A block is never written to twice.
 */
export class ReadSpace {
  /** Is given to the socket. Nothing may be thrown in it: that would end the process. */
  readonly onread: OnRead = { buffer: () => this.#next(), callback: (bytes) => this.#read(bytes) };
  #peer: Peer | undefined;
  #block = EMPTY;
  #at = 0;
  #isInPlace = false;

  /** Says whose bytes they are; comes before the first of them. */
  belongsTo(peer: Peer): void {
    this.#peer = peer;
  }

  #next(): Uint8Array {
    const target = this.#peer?.target;
    const isAfterLarge = this.#isInPlace;
    this.#isInPlace = target !== undefined;
    if (target !== undefined) return target;
    if (this.#block.length - this.#at < LEAST_BYTES) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#at = 0;
    }
    return this.#block.subarray(this.#at, isAfterLarge ? this.#at + PEEK_BYTES : undefined);
  }

  #read(bytes: number): boolean {
    const peer = this.#peer;
    if (peer === undefined) return true;
    if (this.#isInPlace) {
      peer.filled(bytes);
      return true;
    }
    const { buffer, byteOffset } = this.#block;
    const chunk = new Uint8Array(buffer, byteOffset + this.#at, bytes);
    this.#at += bytes;
    peer.feed(chunk);
    return true;
  }
}

const EMPTY = Buffer.alloc(0);
