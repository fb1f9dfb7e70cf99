import { RejectedError } from "../../errors.ts";
import { quoted } from "../../message/msgpack/path.ts";

const NAMES: ReadonlySet<string> = new Set([
  "start",
  "descriptor",
  "event",
  "event_page",
  "resource",
  "datum",
  "datum_page",
  "stream_resource",
  "stream_datum",
  "bulk_events",
  "bulk_datum",
  "stop",
]);

/** Tells whether a text names a kind of document. */
export function isDocumentName(name: unknown): name is string {
  return typeof name === "string" && NAMES.has(name);
}

/** Refuses a name that no document has. */
export function documentName(name: unknown): string {
  if (isDocumentName(name)) return name;
  throw new RejectedError(typeof name === "string" ? `name: ${quoted(name)} is no document` : "name: expected text");
}
