import type { Writer } from "../../message/codec.ts";
import {
  arrayOf,
  type Document,
  DocumentWriter,
  documentOf,
  fieldsOf,
  RunsWritten,
  withRun,
} from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf } from "../../message/ndarray.ts";

/** The field that names the run in every message. */
export const RUN_KEYS = ["scan_name"] as const;

/** Makes a writer: a map, and behind an event's map the bytes of its array, which are not copied. */
export function timepixWriter(): Writer {
  const documents = new DocumentWriter("map");
  const runs = new RunsWritten(1);
  return (message: AnyMessage) => {
    if (message.type === "event") {
      if (isHeartbeat(message)) return [[documents.write(message.metadata as Document, "event.metadata")]];
      return [[documents.write(eventFields(message, runs), "event.metadata"), bytesOf(arrayOf(message.payload))]];
    }
    const name = `${message.type}.data`;
    const wanted = {
      scan_name: message.run,
      ...(message.type === "stop" && { total_flushes: runs.end(message.run) }),
    };
    const fields = documentOf(message.type, wanted, fieldsOf(message.data, name));
    return [[documents.write(withRun(fields, RUN_KEYS, message.run), name)]];
  };
}

function eventFields(event: Event<unknown>, runs: RunsWritten): Document {
  const fields = fieldsOf(event.metadata, "event.metadata");
  const { shape, dtype } = arrayOf(event.payload);
  const { run } = event;
  const { timeMs } = event.envelope;
  const number = runs.number(run, fields["flush_number"]);
  const wanted = {
    shape,
    dtype,
    ...(timeMs !== undefined && { timestamp: timeMs / 1000 }),
    ...(run !== undefined && { scan_name: run }),
    flush_number: number,
  };
  const document = { ...documentOf("event", wanted, fields), shape, dtype, flush_number: number };
  return run === undefined ? document : withRun(document, RUN_KEYS, run);
}

/** Tells whether an event is a sign of life: a map without a type that names a state. */
function isHeartbeat(event: Event<unknown>): boolean {
  const { state, msg_type: type } = (event.metadata ?? {}) as Document;
  return event.run === undefined && event.payload.byteLength === 0 && type === undefined && typeof state === "string";
}
