import type { ElementSize } from "./kernels.ts";

/**
 * Names how bytes are compressed. `elementSize` is that of the shuffling, which need not be that of the array.
 *
 * - `bslz4`: bitshuffle and LZ4. `framed`: behind 12 bytes with the size, as in HDF5 files; `headerless`: with the
 *   default block; `either`: framed where the first 8 bytes are the expected size.
 * - `lz4`: `block` is one bare block; `framed` has 12 bytes with the size before blocks with their lengths, as in HDF5
 *   files; `sized-little` and `sized-big` have a size of 4 bytes before one block; `any` is the first of `framed`,
 *   `sized-little` and `sized-big` whose size is the expected one, otherwise `block`.
 * - `bszstd`: bitshuffle and Zstandard, framed as `bslz4`.
 */
export type Compression =
  | { readonly name: "bslz4"; readonly elementSize: ElementSize; readonly framing: "framed" | "headerless" | "either" }
  | { readonly name: "lz4"; readonly framing: "block" | "framed" | "sized-little" | "sized-big" | "any" }
  | { readonly name: "bszstd"; readonly elementSize: ElementSize };

/** Tells whether bits can be shuffled in elements of that many bytes. */
export function isElementSize(bytes: unknown): bytes is ElementSize {
  return bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8;
}
