/** Bytes of an element, as bits are shuffled. */
export type ElementSize = 1 | 2 | 4 | 8;

/** Does the work on bytes. Sizes were checked before; what is wrong inside a block is refused with a RejectedError. */
export interface Kernels {
  readonly name: "wasm" | "javascript";
  /** Decodes one LZ4 block, which must fill the target. */
  decodeLz4(block: Uint8Array, target: Uint8Array): void;
  /** Encodes one LZ4 block and gives its length; the target has room for the worst case. */
  encodeLz4(raw: Uint8Array, target: Uint8Array): number;
  /** Decodes blocks of bitshuffle and LZ4, each behind its length; the target takes a multiple of 8 elements. */
  decodeBslz4(blocks: Uint8Array, target: Uint8Array, size: ElementSize, blockElements: number): void;
  /** Encodes a multiple of 8 elements and gives the length; the target has room for the worst case of each block. */
  encodeBslz4(raw: Uint8Array, target: Uint8Array, size: ElementSize, blockElements: number): number;
  /** Turns rows of bits into a multiple of 8 elements. */
  unshuffle(rows: Uint8Array, target: Uint8Array, size: ElementSize): void;
  /** Turns a multiple of 8 elements into rows of bits. */
  shuffle(raw: Uint8Array, target: Uint8Array, size: ElementSize): void;
}

/** Gives the longest that an LZ4 block of so many bytes can become. */
export function lz4Bound(rawBytes: number): number {
  return rawBytes + Math.floor(rawBytes / 255) + 16;
}
