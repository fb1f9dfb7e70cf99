import { type Compression, compress, isElementSize } from "../../../compression/index.ts";
import { lz4FramingOf } from "../../../compression/lz4.ts";
import { storedAs } from "../../../message/documents/compressed-array.ts";
import { bytesOf, type DType, encodedBytes, itemSize, type NdArray } from "../../../message/ndarray.ts";
import { BytesOut } from "../format/bytes-out.ts";
import { FILTER } from "../format/message-types.ts";
import type { ChunkFilter } from "./messages.ts";

/** What becomes of frames that come uncompressed. */
export type FrameCompression = "keep" | "bslz4";

/** Is a frame as it goes into the file. */
export interface StoredChunk {
  readonly parts: readonly Uint8Array[];
  /** The filter that gives the frame again; undefined where it is not compressed. */
  readonly filter: ChunkFilter | undefined;
}

const BLOCK_BYTES = 8192;
const BITSHUFFLE_LZ4 = 2;
const BITSHUFFLE_ZSTD = 3;

/** Gives a frame as it goes into the file: compressed as it came where HDF5 knows the form. */
export function storedChunk(array: NdArray<DType>, compression: FrameCompression): StoredChunk {
  const stored = storedAs(array);
  const encoded = stored === undefined || stored.bigEndian ? undefined : encodedBytes(array);
  const kept = encoded === undefined || stored === undefined ? undefined : asItCame(stored.compression, encoded, array);
  if (kept !== undefined) return kept;
  const raw = bytesOf(array);
  const elementSize = itemSize(array.dtype);
  if (compression === "keep" || !isElementSize(elementSize)) return { parts: [raw], filter: undefined };
  const packed = compress({ name: "bslz4", elementSize, framing: "framed" }, raw);
  if (packed.length >= raw.length) return { parts: [raw], filter: undefined };
  return { parts: [packed], filter: bitshuffle(elementSize, BITSHUFFLE_LZ4) };
}

function asItCame(compression: Compression, bytes: Uint8Array, array: NdArray<DType>): StoredChunk | undefined {
  const { byteLength } = array;
  if (compression.name === "bszstd") {
    return { parts: [bytes], filter: bitshuffle(compression.elementSize, BITSHUFFLE_ZSTD) };
  }
  if (compression.name === "bslz4") {
    const { framing, elementSize } = compression;
    const isFramed = framing === "framed" || (framing === "either" && claims(bytes, byteLength));
    const parts = isFramed ? [bytes] : [header(byteLength, BLOCK_BYTES), bytes];
    return { parts, filter: bitshuffle(elementSize, BITSHUFFLE_LZ4) };
  }
  const framing = compression.framing === "any" ? lz4FramingOf(bytes, byteLength) : compression.framing;
  const filter = { id: FILTER.lz4, name: "lz4", parameters: [0] };
  if (framing === "framed") return { parts: [bytes], filter };
  const block = framing === "block" ? bytes : bytes.subarray(4);
  // A block of the full size would be taken for one that is not compressed.
  if (block.length === byteLength) return undefined;
  return { parts: [header(byteLength, byteLength), lengthOf(block), block], filter };
}

function bitshuffle(elementSize: number, method: number): ChunkFilter {
  return { id: FILTER.bitshuffle, name: "bitshuffle", parameters: [0, 4, elementSize, 0, method] };
}

function claims(bytes: Uint8Array, byteLength: number): boolean {
  return bytes.length >= 12 && Buffer.from(bytes.buffer, bytes.byteOffset, 12).readBigUInt64BE() === BigInt(byteLength);
}

function header(rawBytes: number, blockBytes: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(rawBytes));
  bytes.writeUInt32BE(blockBytes, 8);
  return bytes;
}

function lengthOf({ length }: Uint8Array): Uint8Array {
  return new BytesOut().u32(length).done().reverse();
}
