import { RejectedError } from "../errors.ts";
import { bigEndian32, putBigEndian32 } from "./big-endian.ts";
import { endsEarly, leftOver } from "./faults.ts";
import { checkClaim, FRAMING, putClaim, readClaim } from "./framing.ts";
import { type Kernels, lz4Bound } from "./kernels.ts";

/** Names what stands before and between the blocks of LZ4. */
export type Lz4Framing = "block" | "framed" | "sized-little" | "sized-big";

const SIZE = 4;
/** Writers of framed data make blocks of this size. */
const FRAMED_BLOCK = 1024 * 1024;

/** Gives the size that stands in the bytes; undefined where none does. */
export function lz4Claim(bytes: Uint8Array, framing: Lz4Framing): number | undefined {
  if (framing === "block") return undefined;
  if (framing === "framed") return readClaim(bytes).rawBytes;
  if (bytes.length < SIZE) throw new RejectedError("the compressed bytes are shorter than their size");
  if (framing === "sized-big") return bigEndian32(bytes, 0);
  return Buffer.from(bytes.buffer, bytes.byteOffset, SIZE).readUInt32LE();
}

/** Finds the framing whose size is the expected one; a bare block has none. */
export function lz4FramingOf(bytes: Uint8Array, rawBytes: number): Lz4Framing {
  const sized = bytes.length < FRAMING ? (["sized-little", "sized-big"] as const) : SIZED;
  if (bytes.length < SIZE) return "block";
  return sized.find((framing) => lz4Claim(bytes, framing) === rawBytes) ?? "block";
}

const SIZED: readonly Lz4Framing[] = ["framed", "sized-little", "sized-big"];

/** Refuses bytes whose header does not claim the expected size. */
export function checkLz4(bytes: Uint8Array, framing: Lz4Framing, rawBytes: number): void {
  if (framing === "framed") {
    checkClaim(bytes, rawBytes);
    return;
  }
  const claim = lz4Claim(bytes, framing);
  if (claim !== undefined && claim !== rawBytes) {
    throw new RejectedError(`the compressed bytes claim a size of ${claim} bytes, not ${rawBytes}`);
  }
}

/** Decodes LZ4, which must fill the target. */
export function decodeLz4(bytes: Uint8Array, framing: Lz4Framing, target: Uint8Array, using: Kernels): void {
  checkLz4(bytes, framing, target.length);
  if (framing === "framed") decodeFramed(bytes, target, using);
  else using.decodeLz4(framing === "block" ? bytes : bytes.subarray(SIZE), target);
}

function decodeFramed(bytes: Uint8Array, target: Uint8Array, using: Kernels): void {
  const { blockBytes } = checkClaim(bytes, target.length);
  let from = FRAMING;
  for (let to = 0; to < target.length; to += blockBytes) {
    if (bytes.length - from < 4) throw endsEarly();
    const length = bigEndian32(bytes, from);
    from += 4;
    if (length > bytes.length - from) throw endsEarly();
    const block = bytes.subarray(from, from + length);
    const room = target.subarray(to, Math.min(target.length, to + blockBytes));
    // A block that LZ4 does not make smaller is stored as it is.
    if (length === room.length) room.set(block);
    else using.decodeLz4(block, room);
    from += length;
  }
  if (from !== bytes.length) throw leftOver();
}

/** Encodes LZ4. */
export function encodeLz4(raw: Uint8Array, framing: Lz4Framing, using: Kernels): Uint8Array {
  if (framing === "framed") return encodeFramed(raw, using);
  const from = framing === "block" ? 0 : SIZE;
  const target = Buffer.allocUnsafeSlow(from + lz4Bound(raw.length));
  if (framing === "sized-little") target.writeUInt32LE(raw.length);
  if (framing === "sized-big") target.writeUInt32BE(raw.length);
  const length = using.encodeLz4(raw, target.subarray(from));
  return new Uint8Array(target.subarray(0, from + length));
}

function encodeFramed(raw: Uint8Array, using: Kernels): Uint8Array {
  const blockBytes = Math.min(FRAMED_BLOCK, Math.max(1, raw.length));
  const blocks = Math.ceil(raw.length / blockBytes);
  const target = Buffer.allocUnsafeSlow(FRAMING + blocks * (4 + lz4Bound(blockBytes)));
  putClaim(target, { rawBytes: raw.length, blockBytes });
  let to = FRAMING;
  for (let from = 0; from < raw.length; from += blockBytes) {
    const block = raw.subarray(from, Math.min(raw.length, from + blockBytes));
    let length = using.encodeLz4(block, target.subarray(to + 4));
    if (length >= block.length) {
      target.set(block, to + 4);
      length = block.length;
    }
    putBigEndian32(target, to, length);
    to += 4 + length;
  }
  return new Uint8Array(target.subarray(0, to));
}
