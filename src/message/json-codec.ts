import { RejectedError, UsageError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import type { Envelope } from "./envelope.ts";
import { Event } from "./event.ts";
import { onlyFrame } from "./frames.ts";
import { fromBase64, toBase64 } from "./json/base64.ts";
import { fieldsAt, readEnvelope } from "./json/envelope-fields.ts";
import { fromJsonArray, toJsonArray } from "./json/json-array.ts";
import { readJson } from "./json/json-reader.ts";
import { checkJsonStructure } from "./json/json-structure.ts";
import { toJson } from "./json/json-writer.ts";
import { StreamsOfRuns } from "./json/streams-of-runs.ts";
import type { AnyMessage, Message, Payload } from "./message.ts";
import { readAccount } from "./native/account-reader.ts";
import { isNdArray } from "./ndarray.ts";
import { Start } from "./start.ts";
import { Stop, type StopReason } from "./stop.ts";

type Fields = Readonly<Record<string, unknown>>;

const REASONS: ReadonlySet<unknown> = new Set<StopReason>(["completed", "abandoned", "interrupted"]);

/**
 * Writes each message as one JSON text that a person can read, with the whole envelope; arrays and bytes stand in it as
 * base64. What JSON has no form for is an object with one key: `$bigint`, `$float`, `$bytes` or `$array`.
 */
export const jsonCodec: Codec = {
  name: "json",
  withoutStart: "make",
  reader(limits) {
    // The message itself is one level, around the levels of its content.
    const within = { maxDepth: limits.maxDepth + 1, tags: true };
    const streams = new StreamsOfRuns();
    return (frames) => {
      const frame = onlyFrame(frames, limits);
      checkJsonStructure(frame, limits);
      const fields = present(readJson(frame, within));
      const message = readMessage(fields);
      const stream = streams.of(message, fields["stream"]);
      return [{ message, ...(stream !== undefined && { stream }) }];
    };
  },
  writer(options) {
    const stream = options?.stream ?? "";
    return (message) => [[Buffer.from(JSON.stringify(written(message, stream)))]];
  },
};

/** Gives the fields of a message that say something: null says nothing. */
function present(document: unknown): Fields {
  const fields = Object.entries(fieldsAt(document, "the message"));
  return Object.fromEntries(fields.filter(([, value]) => value !== null));
}

function readMessage(fields: Fields): Message {
  const critical = Object.keys(fields).find((name) => name.startsWith("!"));
  if (critical !== undefined) throw new RejectedError("a field that must be understood: made by a newer arroyojs");
  const { type } = fields;
  const envelope = readEnvelope(fields);
  if (type === "event") {
    const metadata = fieldsAt(fields["metadata"] ?? {}, "metadata");
    return new Event(metadata, readPayload(fields["payload"]), envelope);
  }
  const data = fieldsAt(fields["data"] ?? {}, "data");
  if (type === "start") {
    const { resumed = false } = fields;
    if (typeof resumed !== "boolean") throw new RejectedError("resumed: expected true or false");
    return new Start(data, { ...envelope, resumed });
  }
  if (type === "stop") return readStop(fields, data, envelope);
  throw new RejectedError(type === undefined ? "type: missing" : "type: expected start, event or stop");
}

function readStop(fields: Fields, data: Fields, envelope: Envelope): Stop {
  const { reason = "completed", account } = fields;
  const { run } = envelope;
  if (run === undefined) throw new RejectedError("run: missing");
  if (!REASONS.has(reason)) throw new RejectedError("reason: expected completed, abandoned or interrupted");
  const stop = new Stop(data, { ...envelope, run, reason: reason as StopReason });
  return account === undefined ? stop : Stop.accounted(stop, readAccount(account));
}

function readPayload(value: unknown): Payload {
  if (value === undefined) return new Uint8Array(0);
  return typeof value === "string" ? fromBase64(value, "payload") : fromJsonArray(value, "payload");
}

function written(message: AnyMessage, stream: string): Fields {
  const { envelope } = message;
  const { type } = message;
  const about = {
    type,
    run: message.run,
    ...(stream !== "" && { stream }),
    ...(type === "start" && message.resumed && { resumed: true }),
    ...(type === "stop" && { reason: message.reason }),
    timeMs: Number.isFinite(envelope.timeMs) ? envelope.timeMs : undefined,
    key: envelope.key,
    origin: envelope.origin,
    headers: toJson(envelope.headers, "headers"),
    trace: envelope.trace,
  };
  if (type === "start") return { ...about, data: content(message.data, "data") };
  if (type === "stop") return { ...about, account: message.account, data: content(message.data, "data") };
  return { ...about, metadata: content(message.metadata, "metadata"), payload: toPayload(message.payload) };
}

/** Writes what a user put into a message; it is an object, or a reader could not tell it from a tag. */
function content(value: unknown, name: string): unknown {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !isNdArray(value)) {
    if (!(value instanceof Uint8Array)) return toJson(value, name);
  }
  throw new UsageError(`${name}: expected an object`);
}

function toPayload(payload: Payload): unknown {
  if (isNdArray(payload)) return toJsonArray(payload, "payload");
  return payload.length === 0 ? undefined : toBase64(payload, "payload");
}
