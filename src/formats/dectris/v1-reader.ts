import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  checkedShape,
  claimedArray,
  compressedArray,
  type Document,
  decodedEvent,
  readJsonObject,
  readJsonPart,
  runOf,
  sequenceOf,
  typeCode,
  within,
} from "../../message/documents/index.ts";
import { checkFrames } from "../../message/frames.ts";
import { utf8 } from "../../message/json/json-text.ts";
import type { Limits } from "../../message/limits.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { plainBytes } from "../../message/native/plain-bytes.ts";
import { type DType, isDType, itemSize, type NdArray } from "../../message/ndarray.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import type { DectrisOptions } from "./dectris-options.ts";
import { SeriesRead } from "./series-read.ts";
import { ENCODINGS, HEADER_ARRAYS, RECEIVED, readEncoding } from "./v1-layout.ts";

type Parts = readonly Uint8Array[];

/** Makes a reader of stream V1: each message is one to nine parts, the first of which says what it is. */
export function v1Reader(limits: Limits, { shared }: Required<DectrisOptions>): (frames: Parts) => readonly Decoded[] {
  const series = new SeriesRead();
  return (frames) => {
    checkFrames(frames, limits);
    const parts = frames.map(plainBytes);
    const header = readJsonObject(parts[0] as Uint8Array, limits, "header");
    const run = within("header", () => runOf(header, ["series"]));
    if (run === undefined) throw new RejectedError("header.series: missing");
    const decoded = decodedAs(header, parts, limits, run, shared);
    RECEIVED.keep(decoded, frames);
    if (decoded.message.type !== "stop") return [...series.next(run), decoded];
    series.ended(run);
    return [decoded];
  };
}

function decodedAs(header: Document, parts: Parts, limits: Limits, run: string, shared: boolean): Decoded {
  const { htype } = header;
  if (htype === "dheader-1.0") return { message: new Start(startData(header, parts, limits), { run }) };
  if (htype === "dimage-1.0") return decodedImage(header, parts, limits, run, shared);
  if (htype === "dseries_end-1.0") {
    expectParts(parts, 1, "the end of a series");
    return { message: new Stop({ header }, { run }) };
  }
  if (htype === undefined) throw new RejectedError("header.htype: missing");
  throw new RejectedError(
    `header.htype: ${typeof htype === "string" ? `${quoted(htype)} is not known` : "expected text"}`,
  );
}

/** Parts of a header by its detail, without an appendix. */
const HEADER_PARTS: Readonly<Record<string, number>> = { none: 1, basic: 2, all: 8 };

function startData(header: Document, parts: Parts, limits: Limits): Document {
  const { header_detail: detail } = header;
  const count = typeof detail === "string" && Object.hasOwn(HEADER_PARTS, detail) ? HEADER_PARTS[detail] : undefined;
  if (count === undefined) throw new RejectedError("header.header_detail: expected none, basic or all");
  expectParts(parts, count, `a header with details "${detail}"`, true);
  const data: Document = { header };
  if (count > 1) data["config"] = readJsonObject(parts[1] as Uint8Array, limits, "config");
  if (count > 2) {
    for (const [index, name] of HEADER_ARRAYS.entries()) {
      data[name] = headerArray(name, parts[2 + 2 * index] as Uint8Array, parts[3 + 2 * index] as Uint8Array, limits);
    }
  }
  if (parts.length > count) data["appendix"] = appendixOf(parts[count] as Uint8Array, limits);
  return data;
}

function headerArray(name: string, part: Uint8Array, bytes: Uint8Array, limits: Limits): NdArray<DType> {
  const claim = readJsonObject(part, limits, name);
  expectType(claim, `d${name}-1.0`, name);
  const shape = checkedShape(claim["shape"], `${name}.shape`);
  // Pictures are listed width first; the table, as it lies in memory.
  return claimedArray(elementType(claim, name), name === "countrate_table" ? shape : shape.toReversed(), bytes, name);
}

function decodedImage(header: Document, parts: Parts, limits: Limits, run: string, shared: boolean): Decoded {
  expectParts(parts, 4, "an image", true);
  const [, imagePart, blob, timesPart, appendixPart] = parts as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array?,
  ];
  const frame = within("header", () => sequenceOf(header, "frame"));
  if (frame === undefined) throw new RejectedError("header.frame: missing");
  const image = readJsonObject(imagePart, limits, "image");
  expectType(image, "dimage_d-1.0", "image");
  const payload = imageArray(image, blob, limits);
  const times = readJsonObject(timesPart, limits, "times");
  expectType(times, "dconfig-1.0", "times");
  const metadata: Document = { header, image, times };
  if (appendixPart !== undefined) metadata["appendix"] = appendixOf(appendixPart, limits);
  return decodedEvent(metadata, payload, { run, sequence: shared ? undefined : frame });
}

function imageArray(image: Document, blob: Uint8Array, limits: Limits): NdArray<DType> {
  const { size, encoding: text } = image;
  if (size !== blob.length) {
    const says = typeof size === "number" ? `says ${size}` : "expected a number";
    throw new RejectedError(`image.size: ${says}, the data has ${blob.length} bytes`);
  }
  const dtype = elementType(image, "image");
  const shape = checkedShape(image["shape"], "image.shape").toReversed();
  const { compression, bigEndian } = readEncoding(text);
  const type = { dtype, bigEndian: bigEndian && itemSize(dtype) > 1 };
  const array =
    compression === undefined
      ? claimedArray(type.bigEndian ? typeCode(dtype).replace("<", ">") : dtype, shape, blob, "image")
      : compressedArray({ type, shape, compression, maxBytes: limits.maxMessageBytes }, blob, "image");
  ENCODINGS.set(array, text as string);
  return array;
}

function elementType(claim: Document, name: string): DType {
  const { type } = claim;
  if (isDType(type)) return type;
  if (type === undefined) throw new RejectedError(`${name}.type: missing`);
  throw new RejectedError(
    `${name}.type: ${typeof type === "string" ? `${quoted(type)} is not supported` : "expected text"}`,
  );
}

/** Reads an appendix: JSON, or any text. */
function appendixOf(part: Uint8Array, limits: Limits): unknown {
  try {
    return readJsonPart(part, limits, "appendix");
  } catch (error) {
    if (!(error instanceof RejectedError) || !(error.cause instanceof SyntaxError)) throw error;
    return utf8(part);
  }
}

function expectType(part: Document, htype: string, name: string): void {
  if (part["htype"] !== htype) throw new RejectedError(`${name}.htype: expected ${quoted(htype)}`);
}

function expectParts(parts: Parts, count: number, what: string, appendix = false): void {
  if (parts.length === count || (appendix && parts.length === count + 1)) return;
  const expected = appendix ? `${count} parts, or ${count + 1} with an appendix,` : "one part";
  throw new RejectedError(`${what}: ${expected} expected, got ${parts.length}`);
}
