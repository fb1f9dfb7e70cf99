import * as zlib from "node:zlib";
import { RejectedError, UsageError } from "../errors.ts";
import { bigEndian32, putBigEndian32 } from "./big-endian.ts";
import { type Blocks, shuffledBytes } from "./bslz4.ts";
import { endsEarly, leftOver } from "./faults.ts";
import { defaultBlock, FRAMING, putClaim } from "./framing.ts";
import type { ElementSize, Kernels } from "./kernels.ts";
import { decodeZstd } from "./zstd.ts";

/** What Node has of Zstandard from version 22.15 on. */
export interface Zstd {
  zstdCompressSync(raw: Uint8Array): Uint8Array;
  zstdDecompressSync(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}

const REMEDY = "this Node cannot write Zstandard; use Node 22.15 or later, or bslz4 instead of bszstd";

/** Gives Zstandard where this Node has it. */
export function zstd(): Zstd | undefined {
  const found = zlib as unknown as Partial<Zstd>;
  return found.zstdDecompressSync === undefined ? undefined : (found as Zstd);
}

/** Decodes data of bitshuffle and Zstandard, which must fill the target; without a library in JavaScript, slower. */
export function decodeBszstd(
  bytes: Uint8Array,
  { from: first, blockElements }: Blocks,
  elementSize: ElementSize,
  target: Uint8Array,
  using: Kernels,
  library: Zstd | undefined = zstd(),
): void {
  const shuffled = shuffledBytes(target.length, elementSize);
  const tail = bytes.length - (target.length - shuffled);
  let from = first;
  for (let to = 0; to < shuffled; ) {
    const room = target.subarray(to, Math.min(shuffled, to + blockElements * elementSize));
    if (tail - from < 4) throw endsEarly();
    const length = bigEndian32(bytes, from);
    from += 4;
    if (length > tail - from) throw endsEarly();
    using.unshuffle(decompressed(library, bytes.subarray(from, from + length), room.length), room, elementSize);
    from += length;
    to += room.length;
  }
  if (from > tail) throw endsEarly();
  if (from < tail) throw leftOver();
  target.set(bytes.subarray(tail), shuffled);
}

function decompressed(library: Zstd | undefined, block: Uint8Array, rawBytes: number): Uint8Array {
  let rows: Uint8Array;
  if (library === undefined) {
    rows = new Uint8Array(rawBytes);
    decodeZstd(block, rows);
    return rows;
  }
  try {
    rows = library.zstdDecompressSync(block, { maxOutputLength: rawBytes });
  } catch (cause) {
    throw new RejectedError("a Zstandard block cannot be decoded", { cause });
  }
  if (rows.length !== rawBytes) throw new RejectedError("a Zstandard block is shorter than its size");
  return rows;
}

/** Encodes data with bitshuffle and Zstandard, framed, in blocks of the default size. */
export function encodeBszstd(
  raw: Uint8Array,
  elementSize: ElementSize,
  using: Kernels,
  library: Zstd | undefined = zstd(),
): Uint8Array {
  if (library === undefined) throw new UsageError(`bszstd: ${REMEDY}`);
  const blockBytes = defaultBlock(elementSize) * elementSize;
  const shuffled = shuffledBytes(raw.length, elementSize);
  const header = new Uint8Array(FRAMING);
  putClaim(header, { rawBytes: raw.length, blockBytes });
  const parts: Uint8Array[] = [header];
  for (let from = 0; from < shuffled; from += blockBytes) {
    const block = raw.subarray(from, Math.min(shuffled, from + blockBytes));
    const rows = new Uint8Array(block.length);
    using.shuffle(block, rows, elementSize);
    const packed = library.zstdCompressSync(rows);
    const length = new Uint8Array(4);
    putBigEndian32(length, 0, packed.length);
    parts.push(length, packed);
  }
  return new Uint8Array(Buffer.concat([...parts, raw.subarray(shuffled)]));
}
