import { type Compression, decompress, isElementSize } from "../../compression/index.ts";
import { RejectedError } from "../../errors.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import { type DType, elements, isDType, itemSize, NdArray, viewBytes } from "../../message/ndarray.ts";
import type { MessageFile } from "./message-file.ts";
import { describedArray } from "./tagged.ts";
import type { Telling, ToldMessage } from "./told-message.ts";

const HEADER_BYTES = 12;
const DEFAULT_BLOCK_BYTES = 8192;

/** Compressions that are decoded by themselves: bitshuffle and LZ4, and bitshuffle and Zstandard, which is always framed. */
export const BLOBS = ["bslz4", "bszstd"] as const;

/** Names a compression of bare blobs. */
export type BlobFormat = (typeof BLOBS)[number];

/** Tells whether a format is a compression of bare blobs. */
export function isBlob(format: string): format is BlobFormat {
  return BLOBS.some((name) => name === format);
}

/** Says how a blob is compressed; Zstandard is always framed. */
export function blobCompression(
  name: BlobFormat,
  elementSize: 1 | 2 | 4 | 8,
  framing: "framed" | "headerless",
): Compression {
  return name === "bslz4" ? { name, elementSize, framing } : { name, elementSize };
}

/** Tells a blob, which is no message: what it becomes, and how it is framed. */
export function toldBlob(name: BlobFormat, { frames, params }: MessageFile, telling: Telling): ToldMessage {
  const [blob, ...others] = frames;
  if (blob === undefined || others.length > 0)
    throw new RejectedError(`one blob expected, got ${frames.length} frames`);
  const { elemSize, rawBytes, dtype, shape } = checkedParams(params);
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const isFramed = name !== "bslz4" || (blob.length >= HEADER_BYTES && view.getBigUint64(0) === BigInt(rawBytes));
  const framing = isFramed ? "framed" : "headerless";
  const raw = decompress(blobCompression(name, elemSize, framing), blob, rawBytes);
  const array = new NdArray<DType>(viewBytes(dtype, raw), shape, dtype);
  const blockElements = isFramed ? view.getUint32(8) / elemSize : DEFAULT_BLOCK_BYTES / elemSize;
  return {
    kind: "event",
    run: null,
    sequence: null,
    metadata: { elemSize, rawBytes, header: isFramed ? "hdf5" : "none", blockElements },
    arrays: { data: describedArray(array, telling.withData) },
  };
}

interface Params {
  readonly elemSize: 1 | 2 | 4 | 8;
  readonly rawBytes: number;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

function checkedParams(params: unknown): Params {
  if (typeof params !== "object" || params === null) {
    throw new RejectedError("params: missing; a blob does not say its elemSize, rawBytes, dtype and shape: --params");
  }
  const { elemSize, rawBytes, dtype, shape } = params as Readonly<Record<string, unknown>>;
  if (!isElementSize(elemSize)) throw new RejectedError("params.elemSize: expected 1, 2, 4 or 8");
  if (!isCount(rawBytes)) throw new RejectedError("params.rawBytes: expected a whole number, 0 or more");
  if (rawBytes > DEFAULT_LIMITS.maxMessageBytes) {
    throw new RejectedError(`params.rawBytes: ${rawBytes} are more than ${DEFAULT_LIMITS.maxMessageBytes}`);
  }
  if (!isDType(dtype)) throw new RejectedError("params.dtype: expected the name of an element type");
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw new RejectedError("params.shape: expected a list of whole numbers, 0 or more");
  }
  if (elements(shape) * itemSize(dtype) !== rawBytes) {
    throw new RejectedError(`params.shape: [${shape.join(", ")}] of ${dtype} does not take ${rawBytes} bytes`);
  }
  return { elemSize, rawBytes, dtype, shape };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
