import { RejectedError } from "../../errors.ts";
import type { Envelope, Headers, Origin, Trace } from "../envelope.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Reads the envelope of a message from the fields of a JSON document; each must be of its kind. */
export function readEnvelope(fields: Fields): Envelope {
  const { run, key, timeMs, origin, headers, trace } = fields;
  return {
    ...(run !== undefined && { run: text(run, "run") }),
    ...(key !== undefined && { key: text(key, "key") }),
    ...(timeMs !== undefined && { timeMs: finite(timeMs, "timeMs") }),
    ...(origin !== undefined && { origin: readOrigin(origin) }),
    ...(headers !== undefined && { headers: readHeaders(headers) }),
    ...(trace !== undefined && { trace: readTrace(trace) }),
  };
}

/** Gives a field that must be an object. */
export function fieldsAt(value: unknown, name: string): Fields {
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return value as Fields;
  }
  throw new RejectedError(`${name}: expected an object`);
}

/** Gives a field that must be a text. */
export function text(value: unknown, name: string): string {
  if (typeof value !== "string") throw new RejectedError(`${name}: expected text`);
  return value;
}

function finite(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new RejectedError(`${name}: expected a number`);
  return value;
}

function readOrigin(value: unknown): Origin {
  const { stream, partition, sequence } = fieldsAt(value, "origin");
  if (typeof sequence !== "number" || !Number.isSafeInteger(sequence) || sequence < 0) {
    throw new RejectedError("origin.sequence: expected a whole number from 0 to 2^53 - 1");
  }
  return { stream: text(stream, "origin.stream"), partition: text(partition, "origin.partition"), sequence };
}

function readHeaders(value: unknown): Headers {
  if (!Array.isArray(value)) throw new RejectedError("headers: expected a list of pairs");
  return value.map((pair: unknown, index) => {
    const [name, content] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : [];
    if (typeof name === "string" && (typeof content === "string" || content instanceof Uint8Array)) {
      return [name, content];
    }
    throw new RejectedError(`headers[${index}]: expected a name and a text, or a name and bytes`);
  });
}

function readTrace(value: unknown): Trace {
  const { parent, state } = fieldsAt(value, "trace");
  return { parent: text(parent, "trace.parent"), ...(state !== undefined && { state: text(state, "trace.state") }) };
}
