import { constants } from "node:buffer";
import { RejectedError, UsageError } from "../../errors.ts";

/** Reads base64 into memory of its own; nothing but base64 is let pass. */
export function fromBase64(value: unknown, place: string): Uint8Array {
  if (typeof value !== "string") throw new RejectedError(`${place}: expected base64 text`);
  const padding = value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0;
  const length = (value.length / 4) * 3 - padding;
  const bytes = new Uint8Array(Math.max(0, Math.ceil(length)));
  // The decoder leaves out what it does not know, so that fewer bytes than announced say that something was wrong.
  if (value.length % 4 !== 0 || Buffer.from(bytes.buffer).write(value, "base64") !== length) {
    throw new RejectedError(`${place}: not base64`);
  }
  return bytes;
}

/** Writes bytes as base64. */
export function toBase64(bytes: Uint8Array, place: string): string {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteLength > (constants.MAX_STRING_LENGTH / 4) * 3) {
    throw new UsageError(`${place}: ${byteLength} bytes are too many for one JSON text; use the native codec`);
  }
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
