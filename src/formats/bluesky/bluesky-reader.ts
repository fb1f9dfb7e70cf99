import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  arraysOf,
  type Document,
  decodedEvent,
  type FoundArray,
  holdsMark,
  NumberedStreams,
  named,
  readDocument,
  readJsonObject,
  refusePickle,
  sequenceOf,
  takePayload,
  within,
} from "../../message/documents/index.ts";
import { onlyFrame } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import type { Serializer } from "./bluesky-options.ts";
import type { Envelope } from "./envelopes.ts";
import { RunsOfDocuments } from "./runs-of-documents.ts";

/** Says what a reader must know. */
export interface Reading {
  readonly envelope: Envelope;
  readonly serializer: Serializer;
  readonly field: string | undefined;
}

/** Makes a reader: each message is one document. */
export function blueskyReader(reading: Reading, limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const runs = new RunsOfDocuments();
  const numbers = new NumberedStreams();
  return (frames) => {
    const { fields, document } = reading.envelope.open(onlyFrame(frames, limits));
    const metadata: Document = { ...fields, doc: undefined };
    const arrays = readInto(metadata, document, reading.serializer, limits);
    const doc = metadata["doc"] as Document;
    const decoded = decodedAs(fields.name, { metadata, doc, arrays }, reading.field, runs, numbers);
    reading.envelope.received.keep(decoded, frames);
    return [decoded];
  };
}

interface Content {
  readonly metadata: Document;
  readonly doc: Document;
  readonly arrays: readonly FoundArray[];
}

function readInto(
  metadata: Document,
  document: Uint8Array,
  serializer: Serializer,
  limits: Limits,
): readonly FoundArray[] {
  refusePickle(document);
  if (serializer === "json") {
    metadata["doc"] = readJsonObject(document, limits, "doc");
    if (holdsMark(metadata["doc"])) {
      throw new RejectedError("doc: { $payload } is a mark of arroyojs, which no message carries");
    }
    return [];
  }
  metadata["doc"] = named("doc", () => readDocument(document, limits));
  return arraysOf(metadata);
}

function decodedAs(
  name: string,
  { metadata, doc, arrays }: Content,
  field: string | undefined,
  runs: RunsOfDocuments,
  numbers: NumberedStreams,
): Decoded {
  const timeMs = timeOf(doc);
  const time = timeMs === undefined ? {} : { timeMs };
  if (name === "start") {
    const run = textOf(doc, "uid");
    runs.started(run);
    return { message: new Start(metadata, { run, ...time }) };
  }
  if (name === "stop") {
    return { message: new Stop(metadata, { run: runs.stopped(textOf(doc, "run_start")), ...time }) };
  }
  const found = name === "event" ? payloadOf(arrays, field) : undefined;
  const own = name === "event" ? within("doc", () => sequenceOf(doc, "seq_num")) : undefined;
  const { descriptor } = doc;
  const first = typeof descriptor === "string" && runs.knows(descriptor) ? 1 : undefined;
  const run = runs.of(doc);
  if (name === "event_page") passPage(doc, run, numbers);
  const sequence = own === undefined ? undefined : numbers.number(run, String(descriptor), own, first);
  // Not the one that all share: what was received is remembered by it.
  const payload = found === undefined ? new Uint8Array(0) : takePayload(found);
  return decodedEvent(metadata, payload, { run, sequence, timeMs });
}

/** Finds the array that is the payload of an event; those of pages, which are several events, stay where they are. */
function payloadOf(arrays: readonly FoundArray[], field: string | undefined): FoundArray | undefined {
  if (field !== undefined) return arrays.find(({ path }) => path === `doc/data/${field}`);
  return arrays.find(({ path }) => path.startsWith("doc/data/"));
}

/** Several events have come, which no number stands for. */
function passPage({ seq_num: numbers, descriptor }: Document, run: string, known: NumberedStreams): void {
  const last: unknown = Array.isArray(numbers) ? numbers.at(-1) : undefined;
  if (Number.isSafeInteger(last)) known.passed(run, String(descriptor), last as number);
}

function textOf(document: Document, key: string): string {
  const value = document[key];
  if (typeof value === "string" && value !== "") return value;
  throw new RejectedError(`doc.${key}: ${value === undefined ? "missing" : "expected text"}`);
}

/** Gives the time of a document, which is in seconds. */
function timeOf({ time }: Document): number | undefined {
  return typeof time === "number" && Number.isFinite(time) ? time * 1000 : undefined;
}
