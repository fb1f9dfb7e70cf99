import { createHash } from "node:crypto";
import type { DType, Message, NdArray, Payload } from "arroyojs";
import { bytesOf, isNdArray } from "../../../src/message/ndarray.ts";

/** Says of a value what peer.py says of it: arrays by element type, shape and a digest, a mark as the payload. */
export function seen(value: unknown, payload?: Payload): unknown {
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) ? Number(value) : { integer: String(value) };
  }
  if (typeof value === "number") return Number.isFinite(value) ? value : { float: String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (isNdArray(value)) return seenArray(value);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map((item) => seen(item, payload));
  if (Object.hasOwn(value, "$payload") && payload !== undefined) return seen(payload);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, seen(item, payload)]));
}

/** Says what a message holds beside its envelope. */
export function seenIn(message: Message): unknown {
  return message.type === "event" ? seen(message.metadata, message.payload) : seen(message.data);
}

/** Says of a message what the programs that tell whole messages say of it. */
export function said(message: Message): unknown {
  const { type } = message;
  if (type !== "event") return { type, content: seenIn(message) };
  return { type, content: seenIn(message), payload: seen(message.payload) };
}

function seenArray(array: NdArray<DType>): unknown {
  const digest = createHash("sha256").update(bytesOf(array)).digest("hex");
  return { array: [array.dtype, array.shape, digest] };
}
