import { readDocument } from "../../message/documents/index.ts";
import { readJson } from "../../message/json/json-reader.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { Payload } from "../../message/message.ts";
import { type DType, isNdArray, type NdArray } from "../../message/ndarray.ts";
import type { Shown } from "./observer.ts";

/** What is deeper, or larger, is shown as bytes. */
const LIMITS = { ...DEFAULT_LIMITS, maxDepth: 32 };

/** Gives the fields of a message that people read: of an unknown format what its bytes are in JSON or MessagePack. */
export function fieldsOf(message: Shown, isRaw: boolean): unknown {
  if (message.type !== "event") return message.data;
  if (!isRaw || isNdArray(message.payload)) return message.metadata;
  const frames = [...((message.metadata as { frames?: Uint8Array[] }).frames ?? []), message.payload];
  if (frames.length === 1) return read(frames[0] as Uint8Array) ?? {};
  return Object.fromEntries(frames.map((frame, index) => [`frame ${index}`, read(frame) ?? frame]));
}

/** Gives the array of a message, if it has one that can be drawn. */
export function arrayOf(message: Shown): NdArray<DType> | undefined {
  if (message.type !== "event") return undefined;
  const payload: Payload = message.payload;
  return isNdArray(payload) && payload.byteLength > 0 ? payload : undefined;
}

function read(bytes: Uint8Array): unknown {
  if (bytes.length > LIMITS.maxHeaderBytes) return undefined;
  for (const attempt of [
    () => readJson(bytes, { maxDepth: LIMITS.maxDepth, tags: false }),
    () => readDocument(bytes, LIMITS),
  ]) {
    try {
      return attempt();
    } catch {
      // The next one, or the bytes themselves.
    }
  }
  return undefined;
}
