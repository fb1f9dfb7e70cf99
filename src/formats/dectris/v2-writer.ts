import { type Compression, compress } from "../../compression/index.ts";
import { UsageError } from "../../errors.ts";
import type { Writer } from "../../message/codec.ts";
import { arrayOf, type Document, fieldsOf, RunsWritten } from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf, type DType, isNdArray, itemSize, type NdArray } from "../../message/ndarray.ts";
import { CborWriter } from "./cbor-writer.ts";
import type { DectrisOptions } from "./dectris-options.ts";
import { SeriesWritten } from "./series-written.ts";
import { itemOf } from "./tagged-arrays.ts";
import { COMPRESSED, ROW_MAJOR, tagOfType } from "./typed-tags.ts";
import { CBOR_MARK, isCborMark, RECEIVED } from "./v2-layout.ts";

type Compressed = Required<DectrisOptions>["compression"];

/** The channel of an event that has no channels. */
const CHANNEL = "threshold_1";
/** Fields whose text is a date. */
const DATES: ReadonlySet<unknown> = new Set(["arm_date", "series_date"]);
const DATE = 0;

/** Makes a writer of stream V2: each message is one CBOR map. */
export function v2Writer({ compression }: Required<DectrisOptions>): Writer {
  const series = new SeriesWritten();
  const numbers = new RunsWritten(0);
  let payload: NdArray<DType> | undefined;
  const cbor = new CborWriter((writer, value, path) => {
    if (payload !== undefined && path.length === 3 && path[1] === "data" && isCborMark(value)) {
      writeArray(writer, payload, compression);
      payload = undefined;
      return true;
    }
    if (isNdArray(value)) {
      writeArray(writer, value, "none");
      return true;
    }
    if (typeof value !== "string" || path.length !== 2 || !DATES.has(path[1])) return false;
    writer.tag(DATE);
    writer.text(value, path);
    return true;
  });
  return (message: AnyMessage) => {
    const frames = RECEIVED.framesOf(message);
    const document = documentOf(message, series, numbers);
    if (frames !== undefined) return [frames];
    payload = message.type === "event" ? arrayOf(message.payload) : undefined;
    return [[cbor.write(document, message.type === "event" ? "event.metadata" : `${message.type}.data`)]];
  };
}

function documentOf(message: AnyMessage, series: SeriesWritten, numbers: RunsWritten): Document {
  const isEvent = message.type === "event";
  const fields = fieldsOf(
    isEvent ? message.metadata : message.data,
    isEvent ? "event.metadata" : `${message.type}.data`,
  );
  const run = message.run ?? "";
  const wanted = {
    ...(isEvent && { image_id: numbers.number(message.run, fields["image_id"]) }),
    series_id: series.of(run, fields["series_id"]),
    // Of two fields the first counts, so that a series number which names the run already is enough.
    ...(!(fields["series_unique_id"] === undefined && String(fields["series_id"]) === run) && {
      series_unique_id: run,
    }),
  };
  if (message.type === "stop") numbers.end(run);
  const type = isEvent ? "image" : message.type === "stop" ? "end" : "start";
  // Fields that were read from this format keep their order.
  const ordered = fields["type"] === undefined ? { type, ...wanted, ...fields } : { ...fields, type };
  const document = { ...ordered, ...wanted };
  return isEvent ? { ...document, data: channelsOf(message) } : document;
}

/** Gives the channels, one of which is the payload's place. */
function channelsOf({ metadata }: Event<unknown>): Document {
  const { data } = metadata as Document;
  if (data === undefined) return { [CHANNEL]: CBOR_MARK };
  const marks = typeof data === "object" && data !== null ? Object.values(data).filter(isCborMark).length : 0;
  if (marks === 1) return data as Document;
  throw new UsageError(
    "event.metadata.data: the array of the payload is to stand here, once; rename this field, or leave one mark in it",
  );
}

/** Writes an array: as it came, where it was read from this format. */
function writeArray(writer: CborWriter, array: NdArray<DType>, compressed: Compressed): void {
  const item = itemOf(array);
  if (item !== undefined) {
    writer.raw(item);
    return;
  }
  writer.tag(ROW_MAJOR);
  writer.list(2);
  writer.list(array.shape.length);
  for (const length of array.shape) writer.uint(length);
  writer.tag(tagOfType(array.dtype));
  const compression = compressionOf(compressed, array.dtype);
  if (compression === undefined) {
    writer.byteString(bytesOf(array));
    return;
  }
  writer.tag(COMPRESSED);
  writer.list(3);
  writer.text(compression.name);
  writer.uint(compression.name === "lz4" ? 0 : compression.elementSize);
  writer.byteString(compress(compression, bytesOf(array)));
}

function compressionOf(compressed: Compressed, dtype: DType): Compression | undefined {
  if (compressed === "none") return undefined;
  if (compressed === "lz4") return { name: "lz4", framing: "framed" };
  return { name: "bslz4", elementSize: itemSize(dtype) as 1 | 2 | 4 | 8, framing: "framed" };
}
