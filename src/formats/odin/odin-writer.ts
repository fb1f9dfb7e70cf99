import { compress } from "../../compression/index.ts";
import { UsageError } from "../../errors.ts";
import type { Writer } from "../../message/codec.ts";
import { arrayOf, fieldsOf, RunsWritten } from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf, type DType, encodedBytes, type NdArray } from "../../message/ndarray.ts";
import { COMPRESSIONS, compressionOf, RECEIVED, TYPES } from "./odin-layout.ts";
import type { OdinOptions } from "./odin-options.ts";

type Parts = readonly Uint8Array[];

/** Makes a writer of images; the format has no Start and no Stop. */
export function odinWriter(options: Required<OdinOptions>): Writer {
  const numbers = new RunsWritten(0);
  return (message: AnyMessage) => {
    if (message.type === "stop") numbers.end(message.run);
    return message.type === "event" ? [partsOf(message, numbers, options)] : [];
  };
}

function partsOf(event: Event<unknown>, numbers: RunsWritten, options: Required<OdinOptions>): Parts {
  const { header: given, ...others } = fieldsOf(event.metadata, "event.metadata");
  const own = given === undefined ? {} : fieldsOf(given, "event.metadata.header");
  const frame = numbers.number(event.run, own["frame_num"]);
  const received = RECEIVED.framesOf(event);
  if (received !== undefined) return received;
  const array = arrayOf(event.payload);
  const dtype = Object.keys(TYPES).find((name) => TYPES[name] === array.dtype);
  if (dtype === undefined) {
    throw new UsageError(
      `odin: images of ${array.dtype} cannot be sent; convert to uint8, uint16, uint32, uint64 or float32`,
    );
  }
  const { blob, compression } = blobOf(array, options);
  // As senders do: lengths as texts, though they are described as numbers.
  const shape = array.shape.map(String);
  const claim = { acquisition_id: event.run ?? "", dtype, dsize: blob.length, dataset: "data", compression, shape };
  const fields = { frame_num: frame, ...claim, ...others, ...own };
  const { dataset } = fields;
  const header = { ...fields, frame_num: frame, ...claim, dataset };
  return [exactJson(header, "event.metadata.header"), blob];
}

/** Gives the bytes of an image: as they came, where it was read from this format. */
function blobOf(
  array: NdArray<DType>,
  options: Required<OdinOptions>,
): { readonly blob: Uint8Array; readonly compression: string } {
  const received = COMPRESSIONS.get(array);
  const bytes = encodedBytes(array);
  if (received !== undefined && bytes !== undefined) return { blob: bytes, compression: received };
  const compression = compressionOf(options.compression, array.dtype);
  if (compression === undefined) return { blob: bytesOf(array), compression: "none" };
  return { blob: compress(compression, bytesOf(array)), compression: options.compression.toUpperCase() };
}
