import { RejectedError } from "../errors.ts";
import { type Blocks, decodeBslz4, framedBlocks, headerlessBlocks } from "./bslz4.ts";
import { decodeBszstd } from "./bszstd.ts";
import { kernels } from "./chosen-kernels.ts";
import type { Compression } from "./compression.ts";
import { FRAMING, readClaim } from "./framing.ts";
import type { Kernels } from "./kernels.ts";
import { checkLz4, decodeLz4, type Lz4Framing, lz4Claim, lz4FramingOf } from "./lz4.ts";

/** One byte of LZ4 becomes at most so many. */
const LZ4_MOST = 255;

/**
 * Refuses, before anything is allocated, bytes that cannot become the expected size: a header that claims another one,
 * too few bytes for it. Looks at the header only.
 */
export function checkCompressed(compression: Compression, bytes: Uint8Array, rawBytes: number): void {
  if (compression.name === "lz4") checkLz4(bytes, lz4Framing(compression, bytes, rawBytes), rawBytes);
  else blocksOf(compression, bytes, rawBytes);
  if (compression.name !== "bszstd" && rawBytes > bytes.length * LZ4_MOST) {
    throw new RejectedError(`${bytes.length} compressed bytes cannot become ${rawBytes}`);
  }
}

/** Gives the size that compressed bytes claim for themselves, where no shape says it; at most `maxBytes`. */
export function claimedBytes(compression: Compression, bytes: Uint8Array, maxBytes: number): number {
  const claim = claimOf(compression, bytes);
  if (claim === undefined) throw new RejectedError("the size of the compressed bytes is not known");
  if (claim > maxBytes)
    throw new RejectedError(`the compressed bytes claim ${claim} bytes, at most ${maxBytes} are taken`);
  checkCompressed(compression, bytes, claim);
  return claim;
}

/**
 * Decompresses straight into the target, which must be filled: any view, also of memory that threads share. Where it
 * throws, what the target holds means nothing.
 */
export function decompressInto(
  compression: Compression,
  bytes: Uint8Array,
  target: Uint8Array,
  using: Kernels = kernels(),
): void {
  checkCompressed(compression, bytes, target.length);
  if (compression.name === "lz4") {
    decodeLz4(bytes, lz4Framing(compression, bytes, target.length), target, using);
    return;
  }
  const blocks = blocksOf(compression, bytes, target.length);
  const decode = compression.name === "bslz4" ? decodeBslz4 : decodeBszstd;
  decode(bytes, blocks, compression.elementSize, target, using);
}

/** Decompresses into memory of its own. */
export function decompress(
  compression: Compression,
  bytes: Uint8Array,
  rawBytes: number,
  using: Kernels = kernels(),
): Uint8Array {
  checkCompressed(compression, bytes, rawBytes);
  const { buffer } = Buffer.allocUnsafeSlow(rawBytes);
  const target = new Uint8Array(buffer);
  decompressInto(compression, bytes, target, using);
  return target;
}

function blocksOf(
  compression: Exclude<Compression, { readonly name: "lz4" }>,
  bytes: Uint8Array,
  rawBytes: number,
): Blocks {
  const { elementSize } = compression;
  if (compression.name === "bszstd" || compression.framing === "framed") {
    return framedBlocks(bytes, elementSize, rawBytes);
  }
  const framed = compression.framing === "either" && bytes.length >= FRAMING && readClaim(bytes).rawBytes === rawBytes;
  return framed ? framedBlocks(bytes, elementSize, rawBytes) : headerlessBlocks(elementSize);
}

function lz4Framing(
  { framing }: Extract<Compression, { readonly name: "lz4" }>,
  bytes: Uint8Array,
  rawBytes: number,
): Lz4Framing {
  return framing === "any" ? lz4FramingOf(bytes, rawBytes) : framing;
}

function claimOf(compression: Compression, bytes: Uint8Array): number | undefined {
  if (compression.name === "bszstd") return readClaim(bytes).rawBytes;
  const { framing } = compression;
  if (framing === "any" || framing === "either" || framing === "headerless") return undefined;
  return lz4Claim(bytes, framing);
}
