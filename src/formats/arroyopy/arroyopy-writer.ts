import { UsageError } from "../../errors.ts";
import type { Writer } from "../../message/codec.ts";
import {
  arrayOf,
  type Document,
  DocumentWriter,
  documentOf,
  fieldsOf,
  holdsMark,
  payloadMark,
  RunsWritten,
  withRun,
} from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import type { AnyMessage, Payload } from "../../message/message.ts";
import { isNdArray } from "../../message/ndarray.ts";
import type { ArroyopyOptions } from "./arroyopy-options.ts";

/** The fields that name a run, in the order in which they are looked for. */
export const RUN_KEYS = ["run_id", "scan_name"] as const;

/** Makes a writer: each message is one part with one map. */
export function arroyopyWriter(options: Required<ArroyopyOptions>): Writer {
  const documents = new DocumentWriter(options.arrays);
  const runs = new RunsWritten(0);
  return (message: AnyMessage) => {
    runs.checkTurn(message, "arroyopy");
    if (message.type === "event") {
      return [[documents.write(eventFields(message, options), "event.metadata", arrayOf(message.payload))]];
    }
    const name = `${message.type}.data`;
    const fields = documentOf(message.type, {}, fieldsOf(message.data, name));
    return [[documents.write(message.type === "start" ? withRun(fields, RUN_KEYS, message.run) : fields, name)]];
  };
}

/** Gives the fields of an event; where it was not read from this format, with a place for its payload. */
function eventFields(event: Event<unknown>, { field, arrays }: Required<ArroyopyOptions>): Document {
  const fields = fieldsOf(event.metadata, "event.metadata");
  if (isNothing(event.payload) || holdsMark(fields)) return documentOf("event", {}, fields);
  if (fields[field] !== undefined) {
    throw new UsageError(
      `event.metadata.${field}: the array of the payload is to stand here; rename it, or choose another field`,
    );
  }
  return documentOf("event", { [field]: { array: payloadMark(arrays) } }, fields);
}

function isNothing(payload: Payload): boolean {
  return !isNdArray(payload) && payload.length === 0;
}
