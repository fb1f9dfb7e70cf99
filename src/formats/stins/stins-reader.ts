import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  checkedShape,
  claimedArray,
  compressedArray,
  type Document,
  decodedEvent,
  RunInTurn,
  readJsonObject,
  readJsonPart,
  runOf,
  sequenceOf,
  within,
} from "../../message/documents/index.ts";
import { checkFrames } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { plainBytes } from "../../message/native/plain-bytes.ts";
import { type DType, isDType, itemSize, type NdArray } from "../../message/ndarray.ts";
import { COMPRESSIONS, RECEIVED, RUN_KEYS } from "./stins-layout.ts";

type Parts = readonly Uint8Array[];

/** Makes a reader: a header, images with their bytes, the end of a series, all counted by one number. */
export function stinsReader(limits: Limits): (frames: Parts) => readonly Decoded[] {
  const runs = new RunInTurn({ oneAtATime: true });
  return (frames) => {
    checkFrames(frames, limits);
    const parts = frames.map(plainBytes);
    const header = readJsonObject(parts[0] as Uint8Array, limits, "header");
    const all = decodedAs(header, parts, limits, runs);
    RECEIVED.keep(all.at(-1) as Decoded, frames);
    return all;
  };
}

function decodedAs(header: Document, parts: Parts, limits: Limits, runs: RunInTurn): readonly Decoded[] {
  const { htype } = header;
  const sequence = numberOf(header);
  if (htype === "header") {
    expectParts(parts, "a header", 1, 2);
    const meta = parts[1];
    const own = within("header", () => runOf(header, RUN_KEYS));
    const data: Document = { header, ...(meta !== undefined && { meta: readJsonPart(meta, limits, "meta") }) };
    return numbered(runs.start(data, own), sequence);
  }
  if (htype === "series_end") {
    expectParts(parts, "the end of a series", 1);
    return numbered(runs.stop({ header }, undefined), sequence);
  }
  if (htype === undefined) throw new RejectedError("header.htype: missing");
  if (htype !== "image") {
    throw new RejectedError(
      `header.htype: ${typeof htype === "string" ? `${quoted(htype)} is not known` : "expected text"}`,
    );
  }
  expectParts(parts, "an image", 2);
  const payload = imageOf(header, parts[1] as Uint8Array, limits);
  return [decodedEvent({ header }, payload, { run: runs.event(undefined), sequence })];
}

function numberOf(header: Document): number {
  const number = within("header", () => sequenceOf(header, "msg_number"));
  if (number === undefined) throw new RejectedError("header.msg_number: missing");
  return number;
}

/** Gives the message its number; what is made before it has none. */
function numbered(decoded: readonly Decoded[], sequence: number): readonly Decoded[] {
  return decoded.map((one, index) => (index === decoded.length - 1 ? { ...one, sequence } : one));
}

function imageOf(header: Document, bytes: Uint8Array, limits: Limits): NdArray<DType> {
  const { type: dtype, compression = "none" } = header;
  if (!isDType(dtype)) {
    throw new RejectedError(
      `header.type: ${typeof dtype === "string" ? `${quoted(dtype)} is not supported` : "missing"}`,
    );
  }
  const shape = checkedShape(header["shape"], "header.shape");
  if (compression !== "none" && compression !== "bslz4") {
    throw new RejectedError(
      `header.compression: ${typeof compression === "string" ? `${quoted(compression)} is not supported` : "expected text"}`,
    );
  }
  const array = compression === "none" ? claimedArray(dtype, shape, bytes, "header") : compressed(dtype, shape);
  COMPRESSIONS.set(array, compression);
  return array;

  function compressed(type: DType, lengths: readonly number[]): NdArray<DType> {
    const elementSize = itemSize(type) as 1 | 2 | 4 | 8;
    return compressedArray(
      {
        type: { dtype: type, bigEndian: false },
        shape: lengths,
        compression: { name: "bslz4", elementSize, framing: "framed" },
        maxBytes: limits.maxMessageBytes,
      },
      bytes,
      "data",
    );
  }
}

function expectParts(parts: Parts, what: string, ...counts: readonly number[]): void {
  if (counts.includes(parts.length)) return;
  const expected = counts.length === 1 && counts[0] === 1 ? "one part" : `${counts.join(" or ")} parts`;
  throw new RejectedError(`${what}: ${expected} expected, got ${parts.length}`);
}
