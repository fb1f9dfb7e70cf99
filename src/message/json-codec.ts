import { RejectedError, UsageError } from "../errors.ts";
import type { Codec, Decoded } from "./codec.ts";
import { Event } from "./event.ts";
import { onlyFrame } from "./frames.ts";
import { fromBase64, toBase64 } from "./json/base64.ts";
import { fieldsAt, readEnvelope, text } from "./json/envelope-fields.ts";
import { fromJsonArray, toJsonArray } from "./json/json-array.ts";
import { readJson } from "./json/json-reader.ts";
import { checkJsonStructure } from "./json/json-structure.ts";
import { toJson } from "./json/json-writer.ts";
import type { AnyMessage, Payload } from "./message.ts";
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
    return (frames) => {
      const frame = onlyFrame(frames, limits);
      checkJsonStructure(frame, limits);
      return [decoded(present(readJson(frame, within)))];
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

function decoded(fields: Fields): Decoded {
  const critical = Object.keys(fields).find((name) => name.startsWith("!"));
  if (critical !== undefined) throw new RejectedError("a field that must be understood: made by a newer arroyojs");
  const { type, stream } = fields;
  const envelope = readEnvelope(fields);
  if (type === "event") {
    const metadata = fieldsAt(fields["metadata"] ?? {}, "metadata");
    return { message: new Event(metadata, readPayload(fields["payload"]), envelope) };
  }
  const data = fieldsAt(fields["data"] ?? {}, "data");
  if (type === "start") {
    const { resumed = false } = fields;
    if (typeof resumed !== "boolean") throw new RejectedError("resumed: expected true or false");
    const message = new Start(data, { ...envelope, resumed });
    return { message, ...(stream !== undefined && { stream: text(stream, "stream") }) };
  }
  if (type === "stop") return { message: readStop(fields, data) };
  throw new RejectedError(type === undefined ? "type: missing" : "type: expected start, event or stop");
}

function readStop(fields: Fields, data: Fields): Stop {
  const { run, reason = "completed", account } = fields;
  if (run === undefined) throw new RejectedError("run: missing");
  if (!REASONS.has(reason)) throw new RejectedError("reason: expected completed, abandoned or interrupted");
  const envelope = { ...readEnvelope(fields), run: text(run, "run"), reason: reason as StopReason };
  const stop = new Stop(data, envelope);
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
    ...(type === "start" && stream !== "" && { stream }),
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
