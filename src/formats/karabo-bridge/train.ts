import { RejectedError } from "../../errors.ts";
import { AsReceived, type Document, type FoundArray } from "../../message/documents/index.ts";
import { isRefusedKey } from "../../message/msgpack/refused-keys.ts";

/** Is what one message carries: of each source its properties, and what the server says about it. */
export interface Train {
  readonly sources: Record<string, Document>;
  readonly metadata: Record<string, Document>;
  /** Arrays in the order in which they came. */
  readonly arrays: FoundArray[];
}

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** Tells whether a value is a map of names and values. */
export function isMap(value: unknown): value is Document {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Reads a text that becomes a key. */
export function nameIn(header: Document, key: string, place: string): string {
  const name = header[key];
  if (typeof name !== "string") {
    throw new RejectedError(`${place}.${key}: ${name === undefined ? "missing" : "expected text"}`);
  }
  if (isRefusedKey(name)) throw new RejectedError(`${place}.${key}: the name "${name}" is refused`);
  return name;
}
