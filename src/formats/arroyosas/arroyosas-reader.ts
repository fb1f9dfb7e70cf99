import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  AsReceived,
  arraysOf,
  type Document,
  decodedEvent,
  type FoundArray,
  messageType,
  RunInTurn,
  readArrayMap,
  readDocument,
  runOf,
  sequenceOf,
  takePayload,
} from "../../message/documents/index.ts";
import { Event } from "../../message/event.ts";
import { onlyFrame } from "../../message/frames.ts";
import { isJsonText, readJson } from "../../message/json/json-reader.ts";
import type { Limits } from "../../message/limits.ts";
import { encodedBytes } from "../../message/ndarray.ts";
import { decodedResult } from "./browser-form.ts";
import { FrameForm } from "./frame-form.ts";

/** The field that names the run, in Starts only. */
export const RUN_KEYS = ["run_id"] as const;

/** Frames of large images; to remember those of small ones takes longer than to write them again. */
export const RECEIVED: AsReceived = new AsReceived();

/** From so many bytes on an image is large. */
export const LARGE_BYTES: number = 32 * 1024;

/** More than a frame of a known form has beside its image. */
const FORM_BYTES = 4096;

/** The text in `tiled_url` that asks receivers to flush; the image and the number of such an event mean nothing. */
const FLUSH_SIGNAL = "FLUSH_SIGNAL";

/** Makes a reader of frames and of the messages for browsers alike. */
export function arroyosasReader(limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const runs = new RunInTurn({ oneAtATime: true });
  const form = new FrameForm();
  // What is known needs no check but this one, which may be stricter than the first frame of a form needed.
  const isFormOf = limits.maxHeaderBytes >= FORM_BYTES;
  return (frames) => {
    const frame = onlyFrame(frames, limits);
    const known = isFormOf ? form.read(frame) : undefined;
    if (known !== undefined && known.fields.tiled_url !== FLUSH_SIGNAL) {
      const { fields, array } = known;
      const event = new Event(fields, array, { run: runs.event(undefined) }) as unknown as Event;
      const decoded: Decoded = { message: event, sequence: fields.frame_number };
      if (frame.length >= LARGE_BYTES) RECEIVED.keep(decoded, frames);
      return [decoded];
    }
    const document = isJsonText(frame) ? readText(frame, limits) : readDocument(frame, limits);
    const arrays = arraysOf(document);
    if (document["msg_type"] === undefined) {
      const result = decodedResult(document, () => runs.event(undefined));
      if (result !== undefined) return [result];
    }
    const type = messageType(document);
    if (type === "start") return runs.start(document, runOf(document, RUN_KEYS));
    if (type === "stop") return runs.stop(document, undefined);
    const found = arrays.find(({ path }) => path === "image/array") ?? refuseImage(document);
    const sequence = sequenceOf(document, "frame_number");
    // A flush is sent in and between runs. It belongs to none, so that it opens none, and so that its number, which is
    // always 0, is not taken for a gap.
    const run = document["tiled_url"] === FLUSH_SIGNAL ? undefined : runs.event(undefined);
    const payload = takePayload(found);
    const decoded = decodedEvent(document, payload, { run, sequence });
    if (frame.length >= LARGE_BYTES) RECEIVED.keep(decoded, frames);
    const image = encodedBytes(payload);
    if (isFormOf && form.isLearning && image !== undefined && found.form === "map") {
      form.learn(frame, document, payload, image.byteOffset - frame.byteOffset);
    }
    return [decoded];
  };
}

function readText(frame: Uint8Array, limits: Limits): Document {
  if (frame.length > limits.maxHeaderBytes) {
    throw new RejectedError(`the text has more than ${limits.maxHeaderBytes} bytes`);
  }
  return readJson(frame, { maxDepth: limits.maxDepth, tags: false }) as Document;
}

/** Says what is wrong with the image of an event, in which no array was found. */
function refuseImage(document: Document): FoundArray {
  const { image } = document;
  if (!isMap(image)) throw new RejectedError(image === undefined ? "image: missing" : "image: expected a map");
  const { array } = image;
  if (!isMap(array))
    throw new RejectedError(array === undefined ? "image.array: missing" : "image.array: expected a map");
  readArrayMap(array, "image.array");
  throw new RejectedError("image.array: expected { data, dtype, shape }");
}

function isMap(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
