import { UsageError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  claimedArray,
  type Document,
  decodedEvent,
  markedForm,
  NO_PAYLOAD,
  payloadMark,
  sequenceOf,
} from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import { isNdArray } from "../../message/ndarray.ts";

/*
 * Results for browsers have no `msg_type`. A picture is a MessagePack map with `raw_frame`, bytes of a stretched image,
 * where `width` is the number of rows and `height` that of columns: the names are the peer's, and swapped. A point of
 * the latent space is JSON text with `feature_vector`.
 */

/** Reads a result; undefined where the document is none. */
export function decodedResult(document: Document, run: () => string): Decoded | undefined {
  const { raw_frame: picture, feature_vector: vector } = document;
  if (picture instanceof Uint8Array) {
    document["raw_frame"] = payloadMark("bytes");
    const payload = claimedArray("uint8", [picture.length], picture, "raw_frame");
    return decodedEvent(document, payload, { run: run() });
  }
  if (!Array.isArray(vector)) return undefined;
  const sequence = sequenceOf(document, "index");
  return decodedEvent(document, NO_PAYLOAD, { run: run(), sequence });
}

/** Tells what kind of result an event is, if any. */
export function resultKind(event: Event<unknown>): "picture" | "vector" | undefined {
  const { msg_type: type, raw_frame: picture, feature_vector: vector } = (event.metadata ?? {}) as Document;
  if (type !== undefined) return undefined;
  if (markedForm(picture) === "bytes") return "picture";
  return Array.isArray(vector) && event.payload.byteLength === 0 ? "vector" : undefined;
}

/** Makes a picture of an event whose payload is an image that is ready to be shown. */
export function pictureFields(event: Event<unknown>, fields: Document): Document {
  const { payload } = event;
  if (!isNdArray(payload) || payload.dtype !== "uint8" || payload.shape.length !== 2) {
    throw new UsageError(
      "arroyosas: browsers are shown images of uint8 with two dimensions; stretch and convert in an operator before",
    );
  }
  const [rows, columns] = payload.shape;
  return {
    raw_frame: payloadMark("bytes"),
    curve: NO_PAYLOAD,
    raw_frame_tiled_url: "",
    curve_tiled_url: "",
    width: rows,
    height: columns,
    data_type: payload.dtype,
    ...fields,
  };
}
