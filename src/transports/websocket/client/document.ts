import { type LiveArray, liveArray } from "./live-array.ts";
import { type LiveData, LiveFormatError, type LiveMessage } from "./messages.ts";
import { readMsgpack } from "./msgpack.ts";
import { fromBase64, readTaggedJson } from "./tagged-json.ts";

const REASONS: ReadonlySet<unknown> = new Set(["completed", "abandoned", "interrupted"]);

/** Reads a message in its form as JSON text. */
export function readJsonMessage(text: string): LiveMessage {
  return messageOf(readTaggedJson(text), fromBase64);
}

/** Reads a message in its form as MessagePack. */
export function readMsgpackMessage(bytes: Uint8Array): LiveMessage {
  return messageOf(readMsgpack(bytes), (payload) => {
    if (payload instanceof Uint8Array) return payload;
    throw new LiveFormatError("payload: expected bytes");
  });
}

/** Makes a message of a document; `bytesOf` reads the bytes of its form. */
function messageOf(document: unknown, bytesOf: (value: unknown) => Uint8Array): LiveMessage {
  const { metadata, payload, data, account: _, trace: __, ...fields } = record(document, "the message");
  const { type, run } = fields;
  if (type === "event") {
    if (run !== undefined && typeof run !== "string") throw new LiveFormatError("run: expected text");
    const content = { metadata: record(metadata ?? {}, "metadata"), payload: payloadOf(payload, bytesOf), missed: 0 };
    return { ...fields, ...content } as LiveMessage;
  }
  if (typeof run !== "string") throw new LiveFormatError("run: expected text");
  const own = record(data ?? {}, "data");
  if (type === "start") return { ...fields, resumed: fields["resumed"] === true, data: own } as LiveMessage;
  if (type === "stop" && REASONS.has(fields["reason"])) return { ...fields, data: own } as LiveMessage;
  throw new LiveFormatError("type: expected start, event or stop");
}

function payloadOf(payload: unknown, bytesOf: (value: unknown) => Uint8Array): Uint8Array | LiveArray {
  if (payload === undefined || payload === null) return new Uint8Array(0);
  if (typeof payload === "string" || payload instanceof Uint8Array) return bytesOf(payload);
  const { dtype, shape, data } = record(payload, "payload");
  return liveArray(dtype, shape, bytesOf(data));
}

function record(value: unknown, name: string): LiveData {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as LiveData;
  throw new LiveFormatError(`${name}: expected an object`);
}
