import { type Compression, compress } from "../../compression/index.ts";
import { UsageError } from "../../errors.ts";
import type { Writer } from "../../message/codec.ts";
import { arrayOf, fieldsOf, RunsWritten } from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import { parsedExactly } from "../../message/json/json-text.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf, type DType, encodedBytes, isNdArray, itemSize, type NdArray } from "../../message/ndarray.ts";
import type { Start } from "../../message/start.ts";
import type { Stop } from "../../message/stop.ts";
import type { DectrisV1Options } from "./dectris-options.ts";
import { SeriesWritten } from "./series-written.ts";
import { ENCODINGS, EVENT_PARTS, HEADER_ARRAYS, RECEIVED, START_PARTS } from "./v1-layout.ts";

type Fields = Readonly<Record<string, unknown>>;
type Parts = readonly Uint8Array[];
type Options = DectrisV1Options & Required<Pick<DectrisV1Options, "compression">>;

/** Makes a writer of stream V1. */
export function v1Writer(options: Options): Writer {
  const series = new SeriesWritten();
  const numbers = new RunsWritten(0);
  return (message: AnyMessage) => {
    const parts = RECEIVED.framesOf(message);
    const content = fieldsOf(message.type === "event" ? message.metadata : message.data, nameOf(message));
    const header = partOf(content, "header", nameOf(message));
    const number = series.of(message.run ?? "", header["series"]);
    const frame = message.type === "event" ? numbers.number(message.run, header["frame"]) : 0;
    if (message.type === "stop") numbers.end(message.run);
    if (parts !== undefined) return [parts];
    if (message.type === "start") return [startParts(message, content, { ...header, series: number }, options)];
    if (message.type === "stop") return [stopParts(message, content, { ...header, series: number })];
    return [eventParts(message, content, { ...header, series: number, frame }, options)];
  };
}

function startParts(start: Start<unknown>, data: Fields, header: Fields, options: Options): Parts {
  const name = nameOf(start);
  const arrays = HEADER_ARRAYS.flatMap((key) => headerArrayParts(key, data[key], name));
  const all = arrays.length === 2 * HEADER_ARRAYS.length;
  if (arrays.length > 0 && !all) {
    throw new UsageError(`${name}: expected all of ${HEADER_ARRAYS.join(", ")}, or none of them`);
  }
  const basic = all || data["config"] !== undefined;
  const detail = all ? "all" : basic ? "basic" : "none";
  return [
    exactJson({ htype: "dheader-1.0", ...header, header_detail: detail }, `${name}.header`),
    ...(basic ? [exactJson(partOf(data, "config", name), `${name}.config`)] : []),
    ...arrays,
    ...appendixParts(data, START_PARTS, name, options),
  ];
}

function headerArrayParts(key: string, value: unknown, name: string): Parts {
  if (value === undefined) return [];
  if (!isNdArray(value)) throw new UsageError(`${name}.${key}: expected an NdArray`);
  const shape = key === "countrate_table" ? value.shape : value.shape.toReversed();
  return [exactJson({ htype: `d${key}-1.0`, shape, type: value.dtype }, `${name}.${key}`), bytesOf(value)];
}

function stopParts(stop: Stop<unknown>, data: Fields, header: Fields): Parts {
  // There is no appendix here: what is not of the format stands in the only part.
  const { header: _, ...others } = data;
  return [exactJson({ htype: "dseries_end-1.0", ...header, ...others }, `${nameOf(stop)}.header`)];
}

function eventParts(event: Event<unknown>, metadata: Fields, header: Fields, options: Options): Parts {
  const name = nameOf(event);
  const array = arrayOf(event.payload);
  const { encoding, blob } = encoded(array, options);
  const shape = array.shape.toReversed();
  const image = { ...partOf(metadata, "image", name), shape, type: array.dtype, encoding, size: blob.length };
  const times = { start_time: 0, stop_time: 0, real_time: 0, ...partOf(metadata, "times", name) };
  // A digest of other bytes would be wrong.
  const digest = ENCODINGS.has(array) ? {} : { hash: "" };
  return [
    exactJson({ htype: "dimage-1.0", ...header, ...digest }, `${name}.header`),
    exactJson({ htype: "dimage_d-1.0", ...image }, `${name}.image`),
    blob,
    exactJson({ htype: "dconfig-1.0", ...times }, `${name}.times`),
    ...appendixParts(metadata, EVENT_PARTS, name, options),
  ];
}

/** Gives the bytes of an image: as they came, where it was read from this format. */
function encoded(
  array: NdArray<DType>,
  { compression }: Options,
): { readonly encoding: string; readonly blob: Uint8Array } {
  const received = ENCODINGS.get(array);
  const bytes = encodedBytes(array);
  if (received !== undefined && bytes !== undefined) return { encoding: received, blob: bytes };
  if (compression === "none") return { encoding: "<", blob: bytesOf(array) };
  const size = itemSize(array.dtype) as 1 | 2 | 4 | 8;
  const way: Compression =
    compression === "lz4" ? { name: "lz4", framing: "block" } : { name: "bslz4", elementSize: size, framing: "framed" };
  return { encoding: compression === "lz4" ? "lz4<" : `bs${8 * size}-lz4<`, blob: compress(way, bytesOf(array)) };
}

/** Makes an appendix of what is not of the format, if there is any. */
function appendixParts(content: Fields, known: ReadonlySet<string>, name: string, options: Options): Parts {
  const others = Object.entries(content).filter(([key, value]) => !known.has(key) && value !== undefined);
  const own = content["appendix"] ?? options.appendix;
  if (others.length === 0) {
    if (own === undefined || own === null) return [];
    return [typeof own === "string" && !isJson(own) ? Buffer.from(own) : exactJson(own, `${name}.appendix`)];
  }
  if (own !== undefined && own !== null && (typeof own !== "object" || Array.isArray(own))) {
    throw new UsageError(
      `${name}.${others[0]?.[0]}: is not a part of the format and goes into the appendix, which must be an object then`,
    );
  }
  return [exactJson({ ...own, ...Object.fromEntries(others) }, name)];
}

function isJson(text: string): boolean {
  try {
    parsedExactly(text);
    return true;
  } catch {
    return false;
  }
}

/** Gives the fields of a part; none where it is missing. */
function partOf(content: Fields, key: string, name: string): Fields {
  return content[key] === undefined ? {} : fieldsOf(content[key], `${name}.${key}`);
}

function nameOf(message: AnyMessage): string {
  return message.type === "event" ? "event.metadata" : `${message.type}.data`;
}
