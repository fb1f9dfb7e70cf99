import { UsageError } from "../../errors.ts";
import type { Envelope, Headers } from "../envelope.ts";
import type { Packer } from "../msgpack/index.ts";
import { encodedKey } from "./dynamic-map.ts";

const SEQUENCE = encodedKey("sequence");

/** Begins a dynamic map of that many entries with the origin's sequence, which is the first of them. */
export function beginDynamic(packer: Packer, entries: number, sequence: number): void {
  packer.mapHeader(entries);
  packer.raw(SEQUENCE);
  packer.uint(sequence);
}

/** Counts the entries that `writeEnvelope` writes. */
export function envelopeEntries({ key, headers, trace }: Envelope): number {
  return (key === undefined ? 0 : 1) + (headers === undefined ? 0 : 1) + (trace === undefined ? 0 : 1);
}

/** Writes key, headers and trace, where there are any. */
export function writeEnvelope(packer: Packer, { key, headers, trace }: Envelope): void {
  if (key !== undefined) {
    if (typeof key !== "string") throw new UsageError(`key: expected text, got ${typeof key}`);
    packer.string("key");
    packer.value(key, "key", 1);
  }
  if (headers !== undefined) writeHeaders(packer, headers);
  if (trace !== undefined) {
    const { parent, state } = trace;
    if (typeof parent !== "string" || (state !== undefined && typeof state !== "string")) {
      throw new UsageError("trace: expected { parent: text, state?: text }");
    }
    packer.string("trace");
    packer.value(state === undefined ? [parent] : [parent, state], "trace", 1);
  }
}

/** Writes a map that belongs to the user: metadata or data. */
export function writeContent(packer: Packer, name: string, content: unknown): void {
  if (typeof content !== "object" || content === null || Array.isArray(content) || content instanceof Uint8Array) {
    throw new UsageError(`${name}: expected an object, got ${kindOf(content)}; put the value under a name: { value }`);
  }
  packer.string(name);
  packer.value(content, name, 1);
}

/** Gives a time as a header has it, where NaN stands for none. */
export function writableTime({ timeMs = Number.NaN }: Envelope): number {
  if (typeof timeMs !== "number" || timeMs === Number.POSITIVE_INFINITY || timeMs === Number.NEGATIVE_INFINITY) {
    throw new UsageError(`timeMs: expected milliseconds since 1970, got ${String(timeMs)}`);
  }
  return timeMs;
}

/** Writes a map of topics to sequences. */
export function writeNext(packer: Packer, name: string, next: ReadonlyMap<string, number>): void {
  packer.string(name);
  packer.mapHeader(next.size);
  for (const [topic, sequence] of next) {
    packer.string(topic);
    packer.uint(sequence);
  }
}

function writeHeaders(packer: Packer, headers: Headers): void {
  packer.string("headers");
  packer.arrayHeader(headers.length);
  for (const [name, value] of headers) {
    if (typeof name !== "string" || (typeof value !== "string" && !(value instanceof Uint8Array))) {
      throw new UsageError("headers: expected pairs of a name and text or bytes");
    }
    packer.arrayHeader(2);
    packer.value(name, "headers", 2);
    packer.value(value, "headers", 2);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return value instanceof Uint8Array ? "bytes" : typeof value;
}
