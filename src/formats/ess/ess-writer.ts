import { UsageError } from "../../errors.ts";
import type { Writer } from "../../message/codec.ts";
import { type Document, fieldsOf, payloadMark } from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import type { AnyMessage, Payload } from "../../message/message.ts";
import { isNdArray } from "../../message/ndarray.ts";
import type { Start } from "../../message/start.ts";
import type { Stop } from "../../message/stop.ts";
import { type EssSchema, FIELDS, isKnownSchema } from "./ess-fields.ts";
import type { EssOptions } from "./ess-options.ts";
import { RECEIVED } from "./ess-reader.ts";
import { tableOf } from "./ess-tables.ts";
import { flatMessage } from "./flat-writer.ts";

const NONE: Payload = new Uint8Array(0);
/** What receivers in Python insist on, also where there is nothing to say. */
const NO_TEXTS = {
  pl72: { filename: "", service_id: "", instrument_name: "", broker: "", control_topic: "" },
  "6s4t": { service_id: "", command_id: "" },
} as const;

/** Makes a writer: `pl72` for a Start, `6s4t` for a Stop, and for an event what it was, or `da00`. */
export function essWriter(options: Required<EssOptions>): Writer {
  return (message: AnyMessage) => {
    const received = RECEIVED.framesOf(message);
    if (received !== undefined) return [received];
    const isEvent = message.type === "event";
    const raw = isEvent ? rawOf(message) : undefined;
    if (raw !== undefined) return [[raw]];
    const content = isEvent ? eventContent(message, options) : lifecycleContent(message, options);
    const schema = content["schema"] as EssSchema;
    const payload = isEvent ? message.payload : NONE;
    return [[flatMessage(schema, tableOf(schema, content, payload, options))]];
  };
}

/** Gives the bytes of a message whose schema nobody here understands. */
function rawOf({ metadata, payload }: Event<unknown>): Uint8Array | undefined {
  const { schema } = fieldsOf(metadata, "event.metadata");
  if (typeof schema !== "string" || isKnownSchema(schema) || isNdArray(payload)) return undefined;
  return Buffer.from(payload.subarray(4, 8)).toString("latin1") === schema ? payload : undefined;
}

function lifecycleContent(message: Start<unknown> | Stop<unknown>, { now }: Required<EssOptions>): Document {
  const { run, envelope } = message;
  const data = fieldsOf(message.data, `${message.type}.data`);
  const time = Math.round(envelope.timeMs ?? now());
  if (message.type === "stop") {
    if (data["schema"] === "6s4t") return { ...data, job_id: run };
    return { schema: "6s4t", job_id: run, run_name: run, ...NO_TEXTS["6s4t"], stop_time: time, ...known("6s4t", data) };
  }
  if (data["schema"] === "pl72") return { ...data, job_id: run };
  const own = known("pl72", data);
  const others = Object.fromEntries(Object.entries(data).filter(([key]) => !Object.hasOwn(own, key)));
  const text = Buffer.from(exactJson(others, "start.data")).toString();
  const made = { start_time: time, run_name: run, nexus_structure: "{}", metadata: text, n_periods: 1 };
  return { schema: "pl72", ...NO_TEXTS.pl72, ...made, ...own, job_id: run };
}

/** Gives the fields of data that a schema has, with values that it takes. */
function known(schema: "pl72" | "6s4t", data: Document): Document {
  const fields = FIELDS[schema].flatMap(([name, , kind]) => {
    const value = data[name];
    const fits = kind === "name" || kind === "text" ? typeof value === "string" : Number.isSafeInteger(value);
    return fits && name !== "job_id" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(fields);
}

function eventContent(event: Event<unknown>, { now, sourceName }: Required<EssOptions>): Document {
  const content = fieldsOf(event.metadata, "event.metadata");
  const { schema } = content;
  if (typeof schema === "string" && isKnownSchema(schema) && schema !== "pl72" && schema !== "6s4t") return content;
  const timestamp = nanoseconds(event.envelope.timeMs ?? now());
  const empty = event.payload.byteLength === 0 && !isNdArray(event.payload);
  const signal = { name: "signal", data: payloadMark("msgpack-numpy") };
  const others = Object.entries(content).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [{ name, data: variable(value, `event.metadata.${name}`) }],
  );
  const clash = others.find(({ name }) => name === "signal");
  if (!empty && clash !== undefined) {
    throw new UsageError("event.metadata.signal: the array of the payload has this name; rename this field");
  }
  return { schema: "da00", source_name: sourceName, timestamp, variables: empty ? others : [signal, ...others] };
}

/** Gives a time in nanoseconds, of which a number has not enough digits. */
function nanoseconds(timeMs: number): bigint {
  const whole = Math.floor(timeMs);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((timeMs - whole) * 1e6));
}

/** Gives what a variable can hold: what is neither number, text nor array travels as JSON. */
function variable(value: unknown, name: string): unknown {
  if (typeof value !== "object" || isNdArray(value)) return value;
  return Buffer.from(exactJson(value, name)).toString();
}
