import { RejectedError } from "../../errors.ts";
import { readJson } from "../json/json-reader.ts";
import type { Limits } from "../limits.ts";
import type { Document } from "./document-reader.ts";
import { named } from "./named.ts";

/** Reads a part of a message that is JSON; `name` names it in errors. */
export function readJsonPart(part: Uint8Array, limits: Limits, name: string): unknown {
  if (part.length > limits.maxHeaderBytes) {
    throw new RejectedError(`${name}: has more than ${limits.maxHeaderBytes} bytes`);
  }
  return named(name, () => readJson(part, { maxDepth: limits.maxDepth, tags: false }));
}

/** Reads a part of a message that is a JSON object. */
export function readJsonObject(part: Uint8Array, limits: Limits, name: string): Document {
  const value = readJsonPart(part, limits, name);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Document;
  throw new RejectedError(`${name}: is not a JSON object`);
}
