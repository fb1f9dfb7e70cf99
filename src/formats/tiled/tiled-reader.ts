import { randomUUID } from "node:crypto";
import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  claimedArray,
  type Document,
  decodedEvent,
  elementType,
  payloadMark,
  readJsonObject,
  sequenceOf,
} from "../../message/documents/index.ts";
import { checkStructure } from "../../message/documents/structure.ts";
import { onlyFrame } from "../../message/frames.ts";
import { isJsonText } from "../../message/json/json-reader.ts";
import type { Limits } from "../../message/limits.ts";
import type { Payload } from "../../message/message.ts";
import { decode } from "../../message/msgpack/index.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import { arrayOfLists } from "./nested-list.ts";
import { isDocument, RECEIVED, SCHEMAS, typeIn } from "./tiled-layout.ts";

const BYTES = "application/octet-stream";

/** Makes a reader: first comes the schema of the node, then what happens to it. */
export function tiledReader(limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const node = new NodeRead();
  return (frames) => {
    const frame = onlyFrame(frames, limits);
    const document = isJsonText(frame) ? readJsonObject(frame, limits, "message") : readMap(frame, limits);
    // The server's own word for the end, which it does not send: whoever sees its connection end so puts it here.
    if (document["end_of_stream"] === true) return node.ended();
    const { type } = document;
    if (typeof type !== "string") throw new RejectedError("type: expected text");
    return type.endsWith("-schema") ? node.begins(document, type, frame) : node.update(document, type, frames);
  };
}

/** Follows one node from its schema to its end. */
class NodeRead {
  #schema: Document | undefined;
  #schemaFrame: Uint8Array = new Uint8Array(0);
  /** Of a schema of arrays: the element type. */
  #elements: string | undefined;
  #run: string | undefined;
  #last = { sequence: 0, timestamp: "" };

  /** Takes a schema, which comes again on each connection. */
  begins(schema: Document, type: string, frame: Uint8Array): readonly Decoded[] {
    this.#schema = schema;
    this.#schemaFrame = new Uint8Array(frame);
    this.#elements = undefined;
    if (type === "array-schema") this.#elements = typeIn(schema);
    return [];
  }

  update(document: Document, type: string, frames: readonly Uint8Array[]): readonly Decoded[] {
    const schema = this.#schema;
    if (schema === undefined) throw new RejectedError("the schema of the node has not come");
    const sequence = sequenceOf(document, "sequence");
    if (sequence === undefined) throw new RejectedError("sequence: missing");
    const { timestamp } = document;
    if (this.#isRepeated(sequence, timestamp)) return [];
    const payload = this.#payloadOf(document, type);
    this.#last = { sequence, timestamp: typeof timestamp === "string" ? timestamp : "" };
    const before: Decoded[] = [];
    if (this.#run === undefined) {
      this.#run = randomUUID();
      before.push({ message: new Start({ schema }, { run: this.#run }) });
    }
    const decoded = decodedEvent(document, payload, { run: this.#run, sequence, timeMs: timeOf(timestamp) });
    RECEIVED.keep(decoded, frames);
    SCHEMAS.set(payload, this.#schemaFrame);
    return [...before, decoded];
  }

  ended(): readonly Decoded[] {
    const run = this.#run;
    this.#run = undefined;
    return run === undefined ? [] : [{ message: new Stop({}, { run }) }];
  }

  /** Where what was kept meets what is new, a server may send the same twice; numbers begin anew after a long rest. */
  #isRepeated(sequence: number, timestamp: unknown): boolean {
    if (sequence > this.#last.sequence) return false;
    return typeof timestamp !== "string" || timestamp <= this.#last.timestamp;
  }

  /** Takes the payload out of a message, and leaves its mark. */
  #payloadOf(document: Document, type: string): Payload {
    const { payload } = document;
    if (type !== "array-data") {
      if (!(payload instanceof Uint8Array)) return new Uint8Array(0);
      document["payload"] = payloadMark("bytes");
      return payload;
    }
    if (this.#elements === undefined) throw new RejectedError("array-data: the schema is not one of arrays");
    const { shape, mimetype = document["content-type"] ?? BYTES } = document;
    const taken = this.#arrayOf(payload, shape, mimetype, this.#elements);
    document["payload"] = payloadMark("bytes");
    return taken;
  }

  #arrayOf(payload: unknown, shape: unknown, mimetype: unknown, elements: string): Payload {
    if (payload instanceof Uint8Array) {
      return mimetype === BYTES ? claimedArray(elements, shape, payload, "") : payload;
    }
    // Of an array without elements no payload is kept, nor sent.
    if (payload === undefined) return claimedArray(elements, shape, new Uint8Array(0), "");
    return arrayOfLists(elementType(elements, "data_type"), shape, payload, "payload");
  }
}

function readMap(frame: Uint8Array, limits: Limits): Document {
  checkStructure(frame, limits);
  const value = decode(frame, 0, frame.length, { maxDepth: limits.maxDepth });
  if (!isDocument(value)) throw new RejectedError(`the message is not a map, but begins with ${quoted(head(frame))}`);
  return value;
}

function head(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, Math.min(20, frame.length)).toString("latin1");
}

/** A time without a zone is that of the server, wherever it stands. */
function timeOf(timestamp: unknown): number | undefined {
  if (typeof timestamp !== "string" || !/(?:Z|[+-]\d\d:\d\d)$/.test(timestamp)) return undefined;
  const timeMs = Date.parse(timestamp);
  return Number.isFinite(timeMs) ? timeMs : undefined;
}
