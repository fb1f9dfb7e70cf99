import { RejectedError } from "../../errors.ts";
import type { Codec, Decoded } from "../../message/codec.ts";
import {
  arraysOf,
  claimedArray,
  type Document,
  decodedEvent,
  messageType,
  NO_PAYLOAD,
  RunInTurn,
  readDocument,
  runOf,
  sequenceOf,
} from "../../message/documents/index.ts";
import { checkFrames } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { plainBytes } from "../../message/native/plain-bytes.ts";
import { RUN_KEYS, timepixWriter } from "./timepix-writer.ts";

/**
 * Reads and writes the flushes of a Timepix detector: a MessagePack map, and for an event the bytes of its array as a
 * second part. Heartbeats are control messages.
 */
export const timepixCodec: Codec = {
  name: "timepix",
  withoutStart: "make",
  reader: timepixReader,
  writer: timepixWriter,
};

function timepixReader(limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const runs = new RunInTurn({ oneAtATime: false });
  return (frames) => {
    checkFrames(frames, limits);
    const [head, body] = frames as [Uint8Array, Uint8Array?];
    if (head.length > limits.maxHeaderBytes) {
      throw new RejectedError(`the map has more than ${limits.maxHeaderBytes} bytes`);
    }
    const document = readDocument(plainBytes(head), limits);
    arraysOf(document);
    if (isHeartbeat(document)) {
      expectParts(frames, 1);
      return [decodedEvent(document, NO_PAYLOAD, { run: undefined, timeMs: timeOf(document), control: true })];
    }
    const type = messageType(document);
    expectParts(frames, type === "event" ? 2 : 1);
    const own = runOf(document, RUN_KEYS);
    if (type === "start") return runs.start(document, own);
    if (type === "stop") return runs.stop(document, own);
    const { dtype, shape } = document;
    const payload = claimedArray(dtype, shape, plainBytes(body as Uint8Array), "");
    const sequence = sequenceOf(document, "flush_number");
    return [decodedEvent(document, payload, { run: runs.event(own), sequence, timeMs: timeOf(document) })];
  };
}

function expectParts(frames: readonly Uint8Array[], parts: number): void {
  if (frames.length === parts) return;
  throw new RejectedError(
    `${parts === 1 ? "one part" : "a map and the bytes of its array"} expected, got ${frames.length}`,
  );
}

function isHeartbeat(document: Document): boolean {
  return document["msg_type"] === undefined && typeof document["state"] === "string";
}

/** Gives the time that a document says, which is in seconds. */
function timeOf(document: Document): number | undefined {
  const { timestamp } = document;
  return typeof timestamp === "number" && Number.isFinite(timestamp) ? timestamp * 1000 : undefined;
}
