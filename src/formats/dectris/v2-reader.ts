import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import { type Document, decodedEvent, runOf, sequenceOf } from "../../message/documents/index.ts";
import { onlyFrame } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { type DType, isNdArray, type NdArray } from "../../message/ndarray.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import { decodeCbor } from "./cbor-decoder.ts";
import type { DectrisOptions } from "./dectris-options.ts";
import { SeriesRead } from "./series-read.ts";
import { tagged } from "./tagged-arrays.ts";
import { CBOR_MARK, RECEIVED, RUN_KEYS } from "./v2-layout.ts";

/** Makes a reader of stream V2: each message is one CBOR map. */
export function v2Reader(
  limits: Limits,
  { shared }: Required<DectrisOptions>,
): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const series = new SeriesRead();
  const make = (found: Parameters<typeof tagged>[0]): unknown => tagged(found, limits.maxMessageBytes);
  return (frames) => {
    const frame = onlyFrame(frames, limits);
    const document = decodeCbor(frame, limits, make);
    if (!isMap(document)) throw new RejectedError("the message is not a map");
    const type = messageType(document);
    const run = runOf(document, RUN_KEYS);
    if (run === undefined) throw new RejectedError("series_unique_id: missing");
    const decoded = decodedAs(type, document, run, shared);
    RECEIVED.keep(decoded, [frame]);
    if (type !== "end") return [...series.next(run), decoded];
    series.ended(run);
    return [decoded];
  };
}

const TYPES = ["start", "image", "end"] as const;

function messageType(document: Document): (typeof TYPES)[number] {
  const { type: name } = document;
  if (name === undefined) throw new RejectedError("type: missing");
  const type = TYPES.find((known) => known === name);
  if (type !== undefined) return type;
  throw new RejectedError(
    `type: expected start, image or end${typeof name === "string" ? `, got ${quoted(name)}` : ""}`,
  );
}

function decodedAs(type: (typeof TYPES)[number], document: Document, run: string, shared: boolean): Decoded {
  if (type === "start") {
    const timeMs = timeOf(document["arm_date"], [0, 1]);
    return { message: new Start(document, { run, ...(timeMs !== undefined && { timeMs }) }) };
  }
  if (type === "end") return { message: new Stop(document, { run }) };
  const number = sequenceOf(document, "image_id");
  if (number === undefined) throw new RejectedError("image_id: missing");
  const timeMs = timeOf(document["series_date"], document["start_time"]);
  const payload = takeFirst(document);
  return decodedEvent(document, payload, { run, sequence: shared ? undefined : number, timeMs });
}

/** Makes the array of the first channel the payload; the others stay where they are. */
function takeFirst(document: Document): NdArray<DType> {
  const { data } = document;
  if (data === undefined) throw new RejectedError("data: missing");
  if (!isMap(data)) throw new RejectedError("data: expected a map of channels");
  let first: { readonly channel: string; readonly array: NdArray<DType> } | undefined;
  for (const [channel, array] of Object.entries(data)) {
    if (!isNdArray(array)) throw new RejectedError(`data[${quoted(channel)}]: expected an array`);
    first ??= { channel, array };
  }
  if (first === undefined) throw new RejectedError("data: has no channels");
  data[first.channel] = CBOR_MARK;
  return first.array;
}

/** Gives the time of an exposure: the date of its series and a fraction of seconds behind it. */
function timeOf(date: unknown, fraction: unknown): number | undefined {
  const [, whole, digits = "", zone] =
    /^([^.]+?)(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.exec(typeof date === "string" ? date : "") ?? [];
  const [numerator, denominator] = Array.isArray(fraction) ? (fraction as unknown[]) : [];
  if (whole === undefined || typeof numerator !== "number" || typeof denominator !== "number") return undefined;
  // The date's own fraction has digits that Date.parse would drop.
  const timeMs = Date.parse(`${whole}${zone}`) + Number(`0${digits}`) * 1000 + (numerator / denominator) * 1000;
  return Number.isFinite(timeMs) ? timeMs : undefined;
}

function isMap(value: unknown): value is Document {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value instanceof Uint8Array) && !isNdArray(value);
}
