import type { Decoded } from "../../../src/message/codec.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { visible } from "./samples.ts";

/** Writes a value so that JSON can hold it: what JSON has no form for gets a key with `$`. */
export function tagged(value: unknown): unknown {
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Map) return { $map: [...value].map(tagged) };
  if (value instanceof NdArray) {
    return { $array: { dtype: value.dtype, shape: [...value.shape], data: Array.from(value.data, tagged) } };
  }
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(kept.map(([key, one]) => [key, tagged(one)]));
}

/** Gives all that a reader says of a message, as JSON. */
export function taggedDecoded({ message, ...facts }: Decoded): unknown {
  const payload = message.type === "event" ? { payload: message.payload } : {};
  return tagged({ message: { ...visible(message), ...payload }, ...facts });
}
