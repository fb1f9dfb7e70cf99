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
import type { AnyMessage } from "../../message/message.ts";
import type { Start } from "../../message/start.ts";
import type { Stop } from "../../message/stop.ts";
import { LARGE_BYTES, RECEIVED, RUN_KEYS } from "./arroyosas-reader.ts";
import { pictureFields, resultKind } from "./browser-form.ts";
import { FrameForm, imageIn } from "./frame-form.ts";
import { plainJson } from "./plain-json.ts";

/** What receivers insist on in a Start, where nothing better is known. */
const UNKNOWN = Object.freeze({ width: 0, height: 0, data_type: "", tiled_url: "" });

/** Makes a writer: each message is one part. */
export function arroyosasWriter(browser: boolean): Writer {
  const documents = new DocumentWriter("map");
  const runs = new RunsWritten(0);
  const form = new FrameForm();
  return (message: AnyMessage) => {
    runs.checkTurn(message, "arroyosas");
    if (message.type !== "event") {
      const fields = lifecycleFields(message, runs);
      const name = `${message.type}.data`;
      return [[browser ? plainJson(fields, name) : documents.write(fields, name)]];
    }
    const kind = resultKind(message);
    const fields = fieldsOf(message.metadata, "event.metadata");
    if (kind === "vector") return [[plainJson(fields, "event.metadata")]];
    if (!browser && kind === undefined && message.payload.byteLength >= LARGE_BYTES) {
      const received = RECEIVED.framesOf(message);
      if (received !== undefined) {
        runs.number(message.run, fields["frame_number"]);
        return [received];
      }
    }
    const array = arrayOf(message.payload);
    const plain = !browser && kind === undefined ? form.write(fields, array) : undefined;
    if (plain !== undefined) {
      runs.number(message.run, fields["frame_number"]);
      return [[plain]];
    }
    let document = fields;
    if (kind !== "picture") document = browser ? pictureFields(message, fields) : frameFields(message, fields, runs);
    const known = form.write(document, array);
    if (known !== undefined) return [[known]];
    const written = documents.write(document, "event.metadata", array);
    if (form.isLearning) form.learn(written, document, array, imageIn(written, array.byteLength));
    return [[written]];
  };
}

function lifecycleFields(message: Start<unknown> | Stop<unknown>, runs: RunsWritten): Document {
  const data = fieldsOf(message.data, `${message.type}.data`);
  if (message.type === "stop") return documentOf("stop", { num_frames: runs.end(message.run) }, data);
  const wanted = { run_name: message.run, run_id: message.run, ...UNKNOWN };
  return withRun(documentOf("start", wanted, data), RUN_KEYS, message.run);
}

/** Gives the fields of a frame, with its image and with what receivers insist on. */
function frameFields(event: Event<unknown>, fields: Document, runs: RunsWritten): Document {
  const placed = holdsMark(fields);
  if (!placed && fields["image"] !== undefined) {
    throw new UsageError("event.metadata.image: the array of the payload is to stand here; rename this field");
  }
  const number = runs.number(event.run, fields["frame_number"]);
  if (
    placed &&
    fields["frame_number"] === number &&
    fields["msg_type"] === "event" &&
    fields["tiled_url"] !== undefined
  ) {
    return fields;
  }
  const image = placed ? undefined : { image: { array: payloadMark("map") } };
  return { ...documentOf("event", { ...image, frame_number: number, tiled_url: "" }, fields), frame_number: number };
}
