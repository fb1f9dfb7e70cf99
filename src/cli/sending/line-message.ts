import { RejectedError, text } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import { Event } from "../../message/event.ts";
import { readJson } from "../../message/json/json-reader.ts";
import { jsonCodec } from "../../message/json-codec.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { Message, Payload } from "../../message/message.ts";
import { NdArray } from "../../message/ndarray.ts";

const TYPES: ReadonlySet<unknown> = new Set(["start", "event", "stop"]);
const EVENT_KEYS: ReadonlySet<string> = new Set(["metadata", "payload", "run", "key", "timeMs", "headers", "origin"]);
const NOTHING = new Uint8Array(0);

/**
 * Makes messages of lines: a message as the `json` codec writes it; any other object is an event's metadata; numbers in
 * lists, one or two deep, are an event's array; everything else is an event with `value`.
 */
export function lineReader(): (line: string) => Message {
  const read = jsonCodec.reader(DEFAULT_LIMITS);
  return (line) => {
    const value = readJson(Buffer.from(line), { maxDepth: DEFAULT_LIMITS.maxDepth, tags: true });
    if (Array.isArray(value)) return new Event({}, arrayOf(value) ?? refuse("a list of numbers expected"));
    if (typeof value !== "object" || value === null) return new Event({ value }, NOTHING);
    const fields = value as Record<string, unknown>;
    if (TYPES.has(fields["type"])) return (read([Buffer.from(line)])[0] as Decoded).message;
    const keys = Object.keys(fields);
    const isEvent = ("metadata" in fields || "payload" in fields) && keys.every((key) => EVENT_KEYS.has(key));
    if (!isEvent) return new Event(fields, NOTHING);
    const { payload, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const array = Array.isArray(payload) ? arrayOf(payload) : undefined;
    const without = { type: "event", ...rest, ...(array === undefined && { payload }) };
    const event = (read([Buffer.from(JSON.stringify(without))])[0] as Decoded).message as Event;
    return array === undefined ? event : (event.with({ payload: array as Payload }) as Event);
  };
}

/** Says what is wrong with a line, where it stands. */
export function lineFault(file: string, line: number, error: unknown): string {
  const why = error instanceof RejectedError ? error.reason : text(error);
  return `send: ${file}:${line}: ${why}; expected one JSON text on each line`;
}

function arrayOf(list: readonly unknown[]): NdArray<"float64"> | undefined {
  if (list.every((item) => typeof item === "number")) return new NdArray(Float64Array.from(list as number[]));
  const rows = list as readonly unknown[][];
  const length = Array.isArray(rows[0]) ? rows[0].length : -1;
  if (!rows.every((row) => Array.isArray(row) && row.length === length)) return undefined;
  const flat = rows.flat();
  if (!flat.every((item) => typeof item === "number")) return undefined;
  return new NdArray(Float64Array.from(flat as number[]), [rows.length, length]);
}

function refuse(reason: string): never {
  throw new RejectedError(reason);
}
