import { compress } from "../../compression/index.ts";
import type { Writer } from "../../message/codec.ts";
import { arrayOf, fieldsOf, RunsWritten, withRun } from "../../message/documents/index.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf, type DType, encodedBytes, itemSize, type NdArray } from "../../message/ndarray.ts";
import { COMPRESSIONS, RECEIVED, RUN_KEYS } from "./stins-layout.ts";
import type { StinsOptions } from "./stins-options.ts";

type Fields = Readonly<Record<string, unknown>>;
type Parts = readonly Uint8Array[];

/** Makes a writer. All messages are counted by one number; what was read of this format keeps its own. */
export function stinsWriter(options: Required<StinsOptions>): Writer {
  const runs = new RunsWritten(0);
  let next = 0;
  return (message: AnyMessage) => {
    runs.checkTurn(message, "stins");
    const received = RECEIVED.framesOf(message);
    const name = message.type === "event" ? "event.metadata" : `${message.type}.data`;
    const content = fieldsOf(message.type === "event" ? message.metadata : message.data, name);
    const { header: given, ...others } = content;
    const header = given === undefined ? {} : fieldsOf(given, `${name}.header`);
    const number = ownNumber(header["msg_number"]) ?? next;
    next = number + 1;
    const frame = message.type === "event" ? runs.number(message.run, header["frame"]) : 0;
    if (message.type === "stop") runs.end(message.run);
    if (received !== undefined) return [received];
    if (message.type === "start") return [startParts(message.run, header, others, number)];
    if (message.type === "stop") {
      return [[exactJson({ htype: "series_end", msg_number: number, ...others, ...header }, `${name}.header`)]];
    }
    return [imageParts(arrayOf(message.payload), { ...others, ...header }, number, frame, options)];
  };
}

/** What is not of the format stands in the second part. */
function startParts(run: string, given: Fields, { meta, ...others }: Fields, number: number): Parts {
  const known = given["msg_number"] !== undefined && given["run_id"] === undefined;
  const header = { htype: "header", msg_number: number, ...(!known && { filename: "" }), ...given };
  const first = exactJson(known ? header : withRun(header, RUN_KEYS, run), "start.data.header");
  if (Object.values(others).every((value) => value === undefined)) {
    return meta === undefined ? [first] : [first, exactJson(meta, "start.data.meta")];
  }
  const own = meta === undefined ? {} : fieldsOf(meta, "start.data.meta");
  return [first, exactJson({ ...own, ...others }, "start.data")];
}

function imageParts(
  array: NdArray<DType>,
  fields: Fields,
  number: number,
  frame: number,
  { compression }: Required<StinsOptions>,
): Parts {
  const { dtype, shape } = array;
  const received = COMPRESSIONS.get(array);
  const used = received ?? compression;
  const claim = { shape, type: dtype, compression: used };
  const header = { htype: "image", msg_number: number, frame, ...claim, ...fields, ...claim };
  return [exactJson(header, "event.metadata.header"), blobOf(array, received, used)];
}

/** Gives the bytes of an image: as they came, where it was read from this format. */
function blobOf(array: NdArray<DType>, received: string | undefined, compression: string): Uint8Array {
  const bytes = received === undefined ? undefined : encodedBytes(array);
  if (bytes !== undefined) return bytes;
  if (compression === "none") return bytesOf(array);
  const elementSize = itemSize(array.dtype) as 1 | 2 | 4 | 8;
  return compress({ name: "bslz4", elementSize, framing: "framed" }, bytesOf(array));
}

function ownNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
