import { type Compression, claimedBytes, compress, decompress } from "../../compression/index.ts";
import { RejectedError } from "../../errors.ts";
import type { DType } from "../../message/ndarray.ts";
import { itemSize } from "../../message/ndarray.ts";
import type { BsreadCompression } from "./channel.ts";

type ElementSize = 1 | 2 | 4 | 8;

const SIZED = ["sized-little", "sized-big"] as const;

/** Says how bytes of a known size are compressed; writers differ in the order of the size that stands before LZ4. */
export function compressionFor(
  name: Exclude<BsreadCompression, "none">,
  bytes: Uint8Array,
  rawBytes: number,
  dtype: DType,
): Compression {
  if (name === "bitshuffle_lz4") return shuffled(itemSize(dtype) as ElementSize);
  const size = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(4, bytes.length));
  if (size.length === 4 && size.readUInt32LE() === rawBytes) return { name: "lz4", framing: "sized-little" };
  if (size.length === 4 && size.readUInt32BE() === rawBytes) return { name: "lz4", framing: "sized-big" };
  throw new RejectedError("the size before the LZ4 block fits in neither byte order");
}

/** Decompresses bytes whose size is not known beforehand: texts and headers. */
export function decompressText(name: BsreadCompression, bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (name === "none") return bytes;
  if (name === "bitshuffle_lz4") return decompressed(shuffled(1), bytes, maxBytes);
  for (const framing of SIZED) {
    try {
      return decompressed({ name: "lz4", framing }, bytes, maxBytes);
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
    }
  }
  throw new RejectedError("with the size before it in neither byte order this is an LZ4 block");
}

/** Compresses bytes as the readers in Python take them. */
export function compressed(name: BsreadCompression, raw: Uint8Array, size: number, bigEndian: boolean): Uint8Array {
  if (name === "none") return raw;
  if (name === "bitshuffle_lz4") return compress(shuffled(size as ElementSize), raw);
  return compress({ name: "lz4", framing: bigEndian ? "sized-big" : "sized-little" }, raw);
}

function shuffled(elementSize: ElementSize): Compression {
  return { name: "bslz4", elementSize, framing: "framed" };
}

function decompressed(compression: Compression, bytes: Uint8Array, maxBytes: number): Uint8Array {
  return decompress(compression, bytes, claimedBytes(compression, bytes, maxBytes));
}
