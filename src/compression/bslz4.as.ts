import { shuffle, unshuffle } from "./bitshuffle.as";
import { decodeLz4, encodeLz4 } from "./lz4.as";

const ENDS_EARLY: i32 = -1;

/**
 * Decodes blocks of bitshuffle and LZ4, each behind its length, until `count` elements are there; the last one may be
 * shorter than `block`. `workspace` has room for one block, and `scratch` for what `unshuffle` needs.
 */
export function decodeBslz4(
  from: usize,
  fromEnd: usize,
  to: usize,
  count: usize,
  size: usize,
  block: usize,
  workspace: usize,
  scratch: usize,
): i32 {
  while (count > 0) {
    const elements = min<usize>(count, block);
    const bytes = elements * size;
    if (fromEnd - from < 4) return ENDS_EARLY;
    const length: usize = bswap<u32>(load<u32>(from));
    from += 4;
    if (length > fromEnd - from) return ENDS_EARLY;
    const fault = decodeLz4(from, from + length, workspace, workspace + bytes);
    if (fault !== 0) return fault;
    unshuffle(workspace, to, elements, size, scratch);
    from += length;
    to += bytes;
    count -= elements;
  }
  return from === fromEnd ? 0 : ENDS_EARLY;
}

/** Encodes elements as blocks of bitshuffle and LZ4 and gives their length; `count` is a multiple of 8. */
export function encodeBslz4(
  from: usize,
  to: usize,
  count: usize,
  size: usize,
  block: usize,
  workspace: usize,
  scratch: usize,
  table: usize,
): usize {
  const first = to;
  while (count > 0) {
    const elements = min<usize>(count, block);
    const bytes = elements * size;
    shuffle(from, workspace, elements, size, scratch);
    const length = encodeLz4(workspace, workspace + bytes, to + 4, table);
    store<u32>(to, bswap<u32>(<u32>length));
    to += 4 + length;
    from += bytes;
    count -= elements;
  }
  return to - first;
}
