import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  checkedShape,
  claimedArray,
  compressedArray,
  type Document,
  decodedEvent,
  readJsonObject,
  runOf,
  sequenceOf,
  within,
} from "../../message/documents/index.ts";
import { checkFrames } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { plainBytes } from "../../message/native/plain-bytes.ts";
import type { DType, NdArray } from "../../message/ndarray.ts";
import { AcquisitionsRead } from "./acquisitions-read.ts";
import { COMPRESSIONS, compressionOf, RECEIVED, TYPES } from "./odin-layout.ts";

/** Makes a reader: each message is a header in JSON and an image. */
export function odinReader(limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const acquisitions = new AcquisitionsRead();
  return (frames) => {
    checkFrames(frames, limits);
    const [head, body] = frames.map(plainBytes) as [Uint8Array, Uint8Array?];
    const header = readJsonObject(head, limits, "header");
    if (body === undefined || frames.length > 2) {
      throw new RejectedError(`a header and the bytes of its image expected, got ${frames.length} parts`);
    }
    const own = within("header", () => {
      // Frames are sampled: what is missing in these numbers was never sent.
      if (sequenceOf(header, "frame_num") === undefined) throw new RejectedError("frame_num: missing");
      return runOf(header, ["acquisition_id"]);
    });
    const image = imageOf(header, body, limits);
    const { run, before } = acquisitions.next(own);
    const decoded = decodedEvent({ header }, image, { run });
    RECEIVED.keep(decoded, frames);
    return before.length === 0 ? [decoded] : [...before, decoded];
  };
}

function imageOf(header: Document, bytes: Uint8Array, limits: Limits): NdArray<DType> {
  const { dtype: name, dsize, compression: compressionName } = header;
  const dtype = typeof name === "string" && Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (dtype === undefined) {
    throw new RejectedError(
      `header.dtype: ${typeof name === "string" ? `${quoted(name)} is not supported` : "missing"}`,
    );
  }
  if (dsize !== bytes.length) {
    const says = typeof dsize === "number" ? `says ${dsize}` : "expected a number";
    throw new RejectedError(`header.dsize: ${says}, the data has ${bytes.length} bytes`);
  }
  const shape = shapeOf(header["shape"]);
  const compression = compressionOf(compressionName, dtype);
  const array =
    compression === undefined
      ? claimedArray(dtype, shape, bytes, "header")
      : compressedArray(
          { type: { dtype, bigEndian: false }, shape, compression, maxBytes: limits.maxMessageBytes },
          bytes,
          "data",
        );
  COMPRESSIONS.set(array, compressionName as string);
  return array;
}

/** Reads a shape whose lengths are texts of digits, as they are sent, or numbers, as they are described. */
function shapeOf(shape: unknown): readonly number[] {
  const lengths = Array.isArray(shape)
    ? (shape as unknown[]).map((length) =>
        typeof length === "string" && /^\d{1,16}$/.test(length) ? Number(length) : length,
      )
    : shape;
  return checkedShape(lengths, "header.shape");
}
