import { bigEndian32, putBigEndian32 } from "./big-endian.ts";
import { shuffle, unshuffle } from "./bit-transpose.ts";
import { checkFault, endsEarly, leftOver } from "./faults.ts";
import type { Kernels } from "./kernels.ts";
import { decodeLz4, encodeLz4 } from "./lz4-block.ts";

/** A workspace larger than this is not kept for the next block. */
const KEPT = 1024 * 1024;

let workspace: Uint8Array = new Uint8Array(8192);

/** Gives room for one block, whose contents mean nothing. */
function room(bytes: number): Uint8Array {
  if (bytes <= workspace.length) return workspace;
  const larger = new Uint8Array(bytes);
  if (bytes <= KEPT) workspace = larger;
  return larger;
}

/** Does all work in JavaScript, where WebAssembly is not to be had. */
export const javascriptKernels: Kernels = {
  name: "javascript",

  decodeLz4(block, target) {
    checkFault(decodeLz4(block, 0, block.length, target, 0, target.length));
  },

  encodeLz4(raw, target) {
    return encodeLz4(raw, 0, raw.length, target, 0);
  },

  decodeBslz4(blocks, target, size, blockElements) {
    let from = 0;
    let to = 0;
    while (to < target.length) {
      const bytes = Math.min(target.length - to, blockElements * size);
      if (blocks.length - from < 4) throw endsEarly();
      const length = bigEndian32(blocks, from);
      from += 4;
      if (length > blocks.length - from) throw endsEarly();
      const rows = room(bytes);
      checkFault(decodeLz4(blocks, from, from + length, rows, 0, bytes));
      unshuffle(rows, target, to, bytes / size, size);
      from += length;
      to += bytes;
    }
    if (from !== blocks.length) throw leftOver();
  },

  encodeBslz4(raw, target, size, blockElements) {
    let to = 0;
    for (let from = 0; from < raw.length; ) {
      const bytes = Math.min(raw.length - from, blockElements * size);
      const rows = room(bytes);
      shuffle(raw, from, rows, bytes / size, size);
      const end = encodeLz4(rows, 0, bytes, target, to + 4);
      putBigEndian32(target, to, end - to - 4);
      to = end;
      from += bytes;
    }
    return to;
  },

  unshuffle(rows, target, size) {
    unshuffle(rows, target, 0, target.length / size, size);
  },

  shuffle(raw, target, size) {
    shuffle(raw, 0, target, raw.length / size, size);
  },
};
