import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  checkedShape,
  claimedArray,
  type Document,
  decodedEvent,
  NumberedStreams,
  readJsonObject,
  runOf,
  sequenceOf,
  within,
} from "../../message/documents/index.ts";
import { checkFrames } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { plainBytes } from "../../message/native/plain-bytes.ts";
import type { DType, NdArray } from "../../message/ndarray.ts";
import { AcquisitionsRead } from "./acquisitions-read.ts";
import { PIXELS, RECEIVED } from "./slsdetector-layout.ts";
import type { SlsDetectorOptions } from "./slsdetector-options.ts";

/** Makes a reader: each message is a header and the image of one port, or the end of an acquisition at that port. */
export function slsDetectorReader(
  limits: Limits,
  { ports }: SlsDetectorOptions,
): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const acquisitions = new AcquisitionsRead(ports);
  const numbers = new NumberedStreams();
  return (frames) => {
    checkFrames(frames, limits);
    const [head, body] = frames.map(plainBytes) as [Uint8Array, Uint8Array?];
    const header = readJsonObject(head, limits, "header");
    const { run, port, isEnd } = within("header", () => factsOf(header));
    if (isEnd) {
      if (frames.length > 1) throw new RejectedError(`one part expected at the end, got ${frames.length}`);
      const decoded = acquisitions.end(run, port, { header });
      for (const one of decoded) RECEIVED.keep(one, frames);
      return decoded;
    }
    if (body === undefined || frames.length > 2) {
      throw new RejectedError(`a header and the bytes of its image expected, got ${frames.length} parts`);
    }
    const image = within("header", () => imageOf(header, body));
    const own = within("header", () => sequenceOf(header, "frameIndex"));
    // Where packets were lost, pixels are all ones.
    const metadata: Document = header["completeImage"] === 0 ? { header, complete: false } : { header };
    const before = acquisitions.image(run, port);
    const sequence = own === undefined ? undefined : numbers.number(run, port, own);
    const decoded = decodedEvent(metadata, image, { run, sequence });
    RECEIVED.keep(decoded, frames);
    return [...before, decoded];
  };
}

interface Facts {
  readonly run: string;
  readonly port: string;
  readonly isEnd: boolean;
}

function factsOf(header: Document): Facts {
  const { data, row, column } = header;
  if (sequenceOf(header, "jsonversion") === undefined) throw new RejectedError("jsonversion: missing");
  if (data !== 0 && data !== 1) throw new RejectedError(`data: ${data === undefined ? "missing" : "expected 0 or 1"}`);
  const run = runOf(header, ["fileIndex"]);
  if (run === undefined) throw new RejectedError("fileIndex: missing");
  return { run, port: JSON.stringify([Number(row ?? 0), Number(column ?? 0)]), isEnd: data === 0 };
}

function imageOf(header: Document, bytes: Uint8Array): NdArray<DType> {
  const { bitmode, size } = header;
  const dtype = PIXELS.get(bitmode);
  if (dtype === undefined) {
    if (bitmode === 4) throw new RejectedError("bitmode: 4 packs two pixels into a byte, which is not supported");
    throw new RejectedError(`bitmode: ${bitmode === undefined ? "missing" : "expected 8, 12, 16 or 32"}`);
  }
  if (size !== bytes.length) {
    const says = typeof size === "number" ? `says ${size}` : "expected a number";
    throw new RejectedError(`size: ${says}, the data has ${bytes.length} bytes`);
  }
  // On the wire the columns come first.
  const shape = checkedShape(header["shape"], "shape").toReversed();
  return claimedArray(dtype, shape, bytes, "");
}
