import type { Writer } from "../../message/codec.ts";
import { type Document, DocumentWriter, fieldsOf } from "../../message/documents/index.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import type { AnyMessage, Payload } from "../../message/message.ts";
import { withLists } from "./array-lists.ts";
import type { Serializer } from "./bluesky-options.ts";
import { isDocumentName } from "./document-names.ts";
import type { Envelope } from "./envelopes.ts";
import { type Made, MadeDocuments } from "./made-documents.ts";

/** Says what a writer must know. */
export interface Writing {
  readonly envelope: Envelope;
  readonly serializer: Serializer;
  /** The prefix that is asked for; what a document came with otherwise. */
  readonly prefix: string | undefined;
  readonly hasPrefix: boolean;
  readonly field: string;
  readonly now: () => number;
}

const NONE: Payload = new Uint8Array(0);

/** Makes a writer: a document for each message, and a descriptor before the first event that was made here. */
export function blueskyWriter(writing: Writing): Writer {
  const { envelope, serializer, hasPrefix } = writing;
  const made = new MadeDocuments(writing.field, writing.now);
  const documents = new DocumentWriter("msgpack-numpy");
  return (message: AnyMessage) => {
    const content = contentOf(message);
    const { prefix: own } = content;
    const prefix = writing.prefix ?? (typeof own === "string" && !own.includes(" ") ? own : "");
    const received = envelope.received.framesOf(message);
    if (received !== undefined && (!hasPrefix || own === prefix)) return [received];
    const payload = message.type === "event" ? message.payload : NONE;
    return documentsOf(message, content, made).map(({ name, doc }) => {
      const bytes =
        serializer === "json" ? exactJson(withLists(doc, payload, "doc"), "doc") : documents.write(doc, "doc", payload);
      return [envelope.wrap(hasPrefix ? { prefix, name } : { name }, bytes)];
    });
  };
}

function contentOf(message: AnyMessage): Document {
  if (message.type === "event") return fieldsOf(message.metadata, "event.metadata");
  return fieldsOf(message.data, `${message.type}.data`);
}

function documentsOf(message: AnyMessage, { name, doc }: Document, made: MadeDocuments): readonly Made[] {
  const isDocument = isDocumentName(name) && typeof doc === "object" && doc !== null && !Array.isArray(doc);
  if (message.type === "event") {
    const other = isDocument && name !== "start" && name !== "stop";
    return other ? [{ name, doc: doc as Document }] : made.event(message);
  }
  if (message.type === "start") {
    return [isDocument && name === "start" ? { name, doc: { ...doc, uid: message.run } } : made.start(message)];
  }
  return [isDocument && name === "stop" ? { name, doc: { ...doc, run_start: message.run } } : made.stop(message)];
}
