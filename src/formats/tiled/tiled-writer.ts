import type { Writer } from "../../message/codec.ts";
import {
  arrayOf,
  type Document,
  DocumentWriter,
  fieldsOf,
  payloadMark,
  RunsWritten,
} from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import { RECEIVED, SCHEMAS, schemaOf } from "./tiled-layout.ts";

type Wire = readonly (readonly Uint8Array[])[];

const CONTAINER: Document = { type: "container-schema", version: 1 };

/** Makes a writer: events as updates of a node, its schema before the first and wherever it changes; a Stop ends it. */
export function tiledWriter(): Writer {
  const node = new NodeWritten();
  return (message: AnyMessage) => {
    if (message.type === "start") return [];
    return message.type === "stop" ? node.end() : node.event(message);
  };
}

class NodeWritten {
  readonly #documents = new DocumentWriter("map");
  readonly #numbers = new RunsWritten(1);
  #schema: Uint8Array | undefined;

  event(event: Event<unknown>): Wire {
    const fields = fieldsOf(event.metadata, "event.metadata");
    const sequence = this.#numbers.number(undefined, fields["sequence"]);
    const received = RECEIVED.framesOf(event);
    const known = received === undefined ? undefined : SCHEMAS.get(event.payload);
    if (received !== undefined && known !== undefined) return [...this.#schemaBefore(known), received];
    const stamp = { sequence, timestamp: timestampOf(event) };
    const { type = "array-data" } = fields;
    if (type !== "array-data") {
      const document = { type, ...stamp, ...fields };
      return [
        ...this.#schemaBefore(this.#written(CONTAINER)),
        [this.#documents.write(document, "event.metadata", event.payload)],
      ];
    }
    const array = arrayOf(event.payload);
    const place = { offset: null, block: null };
    const claim = { mimetype: "application/octet-stream", shape: array.shape, payload: payloadMark("bytes") };
    const document = { type, ...stamp, ...place, ...fields, ...claim, sequence };
    return [
      ...this.#schemaBefore(this.#written(schemaOf(array))),
      [this.#documents.write(document, "event.metadata", array)],
    ];
  }

  end(): Wire {
    if (this.#schema === undefined) return [];
    this.#schema = undefined;
    const sequence = this.#numbers.number(undefined, undefined);
    return [[this.#documents.write({ end_of_stream: true, sequence }, "stop")]];
  }

  #schemaBefore(schema: Uint8Array): Wire {
    if (this.#schema !== undefined && Buffer.compare(schema, this.#schema) === 0) return [];
    this.#schema = schema;
    return [[schema]];
  }

  #written(schema: Document): Uint8Array {
    return this.#documents.write(schema, "schema");
  }
}

function timestampOf({ envelope }: Event<unknown>): string {
  return new Date(envelope.timeMs ?? Date.now()).toISOString();
}
