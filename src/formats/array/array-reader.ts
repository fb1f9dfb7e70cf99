import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  claimedArray,
  type Document,
  decodedEvent,
  NumberedStreams,
  OpenRun,
  readJsonObject,
  sequenceOf,
  typeCode,
  within,
} from "../../message/documents/index.ts";
import { checkFrames } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { plainBytes } from "../../message/native/plain-bytes.ts";
import { type DType, isDType, itemSize, type NdArray } from "../../message/ndarray.ts";
import { ORDER_KEYS, RECEIVED } from "./array-layout.ts";

/** Makes a reader: each message is a header and an array. */
export function arrayReader(limits: Limits, shared: boolean): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const stream = new OpenRun();
  const numbers = new NumberedStreams();
  return (frames) => {
    checkFrames(frames, limits);
    const [head, body] = frames.map(plainBytes) as [Uint8Array, Uint8Array?];
    const header = readJsonObject(head, limits, "header");
    const { htype, source } = header;
    if (htype !== "array-1.0") throw new RejectedError('header.htype: expected "array-1.0"');
    if (body === undefined || frames.length > 2) {
      throw new RejectedError(`a header and the bytes of its array expected, got ${frames.length} parts`);
    }
    const payload = arrayOf(header, body);
    const own = within("header", () => sequenceOf(header, "frame"));
    const { run, before } = stream.next();
    const of = typeof source === "string" ? source : "";
    const sequence = own === undefined || shared ? undefined : numbers.number(run, of, own);
    const decoded = decodedEvent({ header }, payload, { run, sequence });
    RECEIVED.keep(decoded, frames);
    return [...before, decoded];
  };
}

function arrayOf(header: Document, bytes: Uint8Array): NdArray<DType> {
  const { type, encoding = "", shape } = header;
  if (!isDType(type)) {
    const given = typeof type === "string" ? `${quoted(type)} is not supported` : "expected text";
    throw new RejectedError(`header.type: ${type === undefined ? "missing" : given}`);
  }
  if (encoding !== "" && encoding !== "none" && encoding !== null) {
    const given = typeof encoding === "string" ? `${quoted(encoding)} is not supported` : "expected text";
    throw new RejectedError(`header.encoding: ${given}`);
  }
  const bigEndian = isBigEndian(header) && itemSize(type) > 1;
  return claimedArray(bigEndian ? typeCode(type).replace("<", ">") : type, shape, bytes, "header");
}

function isBigEndian(header: Document): boolean {
  for (const key of ORDER_KEYS) {
    const order = header[key];
    if (order === undefined || order === null) continue;
    if (order === "big" || order === "little") return order === "big";
    throw new RejectedError(`header.${key}: expected big or little`);
  }
  return false;
}
