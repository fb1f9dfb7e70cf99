import { RejectedError } from "../../errors.ts";
import { quoted } from "../msgpack/path.ts";
import type { Document } from "./document-reader.ts";

const TYPES = ["start", "event", "stop"] as const;

/** Names what a document is. */
export type MessageType = (typeof TYPES)[number];

/** Reads what a document says it is under `msg_type`. */
export function messageType(document: Document): MessageType {
  const { msg_type: name } = document;
  if (name === undefined) throw new RejectedError("msg_type: missing");
  const type = TYPES.find((known) => known === name);
  if (type !== undefined) return type;
  throw new RejectedError(
    `msg_type: expected start, event or stop${typeof name === "string" ? `, got ${quoted(name)}` : ""}`,
  );
}

/** Reads the identity of a run: a text or a whole number; undefined where there is none. */
export function runOf(document: Document, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = document[key];
    if (value === undefined || value === null || value === "") continue;
    if (typeof value === "string") return value;
    if (Number.isSafeInteger(value) || typeof value === "bigint") return String(value);
    throw new RejectedError(`${key}: expected text or a whole number`);
  }
  return undefined;
}

/** Reads the number of a message; undefined where there is none. */
export function sequenceOf(document: Document, key: string): number | undefined {
  const value = document[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new RejectedError(`${key}: expected a whole number from 0 to 2^53 - 1`);
}
