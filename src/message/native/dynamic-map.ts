import { RejectedError } from "../../errors.ts";
import type { Envelope, Headers, Trace } from "../envelope.ts";
import type { Limits } from "../limits.ts";
import { decodeAt, findOffset, skim, skip, structureOf } from "../msgpack/index.ts";
import { entryCount, firstKey } from "./entries.ts";
import { plainBytes } from "./plain-bytes.ts";

/** `sequence` as an encoded key: it is always the first, so that the origin's number stands at a known place. */
const SEQUENCE: Uint8Array = encodedKey("sequence");
const KEY: Uint8Array = encodedKey("key");
const HEADERS: Uint8Array = encodedKey("headers");
const TRACE: Uint8Array = encodedKey("trace");
const METADATA: Uint8Array = encodedKey("metadata");

/** What was skimmed needs no second check of its depth. */
const CHECKED = Object.freeze({ maxDepth: Number.POSITIVE_INFINITY });

/** What `checkDynamic` saw, in bits: nothing is allocated for a message on its way. */
export const SEEN: Readonly<Record<"key" | "headers" | "trace" | "unknown", number>> = Object.freeze({
  key: 1,
  headers: 2,
  trace: 4,
  unknown: 8,
});

/** Where the metadata of the event that was checked last begin; 0 where it has none. */
export let metadataAt = 0;

/** Checks the dynamic map of an event without making any object; gives what it saw, in bits of `SEEN`. */
export function checkDynamic(header: Uint8Array, start: number, end: number, limits: Limits): number {
  skim(header, start, end, limits);
  let left = entryCount(header, start);
  let at = firstKey(header, start);
  if (left === 0 || !isAt(header, at, SEQUENCE) || !isWhole(header, at + SEQUENCE.length)) {
    throw new RejectedError("sequence: expected as the first key, with a whole number up to 2^53 - 1");
  }
  metadataAt = 0;
  let seen = 0;
  at = skip(header, at + SEQUENCE.length);
  for (left -= 1; left > 0; left -= 1) {
    if (isAt(header, at, METADATA)) {
      at += METADATA.length;
      if (!isMap(header[at] as number)) throw new RejectedError("metadata: expected a map");
      metadataAt = at;
    } else if (isAt(header, at, KEY)) {
      at += KEY.length;
      if (!isText(header[at] as number)) throw new RejectedError("key: expected text");
      seen |= SEEN.key;
    } else if (isAt(header, at, TRACE)) {
      at += TRACE.length;
      if (!isTrace(header, at)) throw new RejectedError("trace: expected traceparent and tracestate");
      seen |= SEEN.trace;
    } else if (isAt(header, at, HEADERS)) {
      at += HEADERS.length;
      if (!isHeaders(header, at)) throw new RejectedError("headers: expected pairs of a name and text or bytes");
      seen |= SEEN.headers;
    } else {
      checkShortest(header, at);
      at = skip(header, at);
      seen |= SEEN.unknown;
    }
    if (left > 1) at = skip(header, at);
  }
  return seen;
}

/**
 * Says which bits of a checked map, which goes on to the end of the header, are its structure: `checkDynamic` sees the same
 * in every map of the same length that has the same ones.
 */
export function dynamicStructure(header: Uint8Array, start: number): Uint8Array {
  const bits = structureOf(header, start, header.length);
  const at = firstKey(header, start) + SEQUENCE.length;
  // A sequence of eight bytes is at most 2^53 - 1.
  if (header[at] === 0xcf) bits.set([0xff, 0xe0], at + 1 - start);
  return bits;
}

/** Reads the origin's sequence of a map that was checked. */
export function originSequenceAt(header: Uint8Array, start: number): number {
  const at = firstKey(header, start) + SEQUENCE.length;
  const tag = header[at] as number;
  if (tag < 0x80) return tag;
  if (tag === 0xcc) return header[at + 1] as number;
  if (tag === 0xcd) return (header[at + 1] as number) * 0x100 + (header[at + 2] as number);
  if (tag === 0xce) return big32(header, at + 1);
  return big32(header, at + 1) * 0x1_0000_0000 + big32(header, at + 5);
}

/** Reads the parts of an envelope that a checked map has. */
export function readEnvelope(
  header: Uint8Array,
  start: number,
  seen: number,
): Pick<Envelope, "key" | "headers" | "trace"> {
  const part = (bit: number, name: string): unknown =>
    (seen & bit) === 0 ? undefined : readChecked(header, findOffset(header, start, header.length, name));
  const key = part(SEEN.key, "key") as string | undefined;
  const headers = part(SEEN.headers, "headers") as Headers | undefined;
  const trace = part(SEEN.trace, "trace") as [string, string?] | undefined;
  return {
    ...(key === undefined ? undefined : { key }),
    ...(headers === undefined ? undefined : { headers }),
    ...(trace === undefined ? undefined : { trace: toTrace(trace) }),
  };
}

/** Decodes the value that begins at an offset of a checked map. */
export function readChecked(header: Uint8Array, at: number): unknown {
  const tag = header[at] as number;
  const mayHoldBytes = isMap(tag) || isArray(tag) || isBytes(tag);
  return decodeAt(mayHoldBytes ? plainBytes(header) : header, at, header.length, CHECKED);
}

/** Makes a trace context of its form in a header. */
export function toTrace([parent, state]: readonly [string, string?]): Trace {
  return state === undefined ? { parent } : { parent, state };
}

/** Encodes a key of at most 31 ASCII characters. */
export function encodedKey(name: string): Uint8Array {
  return Uint8Array.of(0xa0 | name.length, ...Buffer.from(name, "latin1"));
}

/** Known keys are found by their bytes: one of them in a longer form must not pass as unknown. */
function checkShortest(bytes: Uint8Array, at: number): void {
  const tag = bytes[at] as number;
  if (tag < 0xc0 || (tag === 0xd9 && (bytes[at + 1] as number) > 31)) return;
  throw new RejectedError("a key is longer than 255 bytes or not in its shortest form");
}

function isAt(bytes: Uint8Array, at: number, key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i++) if (bytes[at + i] !== key[i]) return false;
  return true;
}

function isWhole(bytes: Uint8Array, at: number): boolean {
  const tag = bytes[at] as number;
  if (tag === 0xcf) return big32(bytes, at + 1) < 0x20_0000;
  return tag < 0x80 || (tag >= 0xcc && tag <= 0xce);
}

function isText(tag: number): boolean {
  return (tag >= 0xa0 && tag <= 0xbf) || (tag >= 0xd9 && tag <= 0xdb);
}

function isBytes(tag: number): boolean {
  return tag >= 0xc4 && tag <= 0xc6;
}

function isMap(tag: number): boolean {
  return (tag >= 0x80 && tag <= 0x8f) || tag === 0xde || tag === 0xdf;
}

function isArray(tag: number): boolean {
  return (tag >= 0x90 && tag <= 0x9f) || tag === 0xdc || tag === 0xdd;
}

function isTrace(bytes: Uint8Array, at: number): boolean {
  const tag = bytes[at];
  if ((tag !== 0x91 && tag !== 0x92) || !isText(bytes[at + 1] as number)) return false;
  return tag === 0x91 || isText(bytes[skip(bytes, at + 1)] as number);
}

function isHeaders(bytes: Uint8Array, start: number): boolean {
  const tag = bytes[start] as number;
  if (!isArray(tag)) return false;
  let left = tag < 0xa0 ? tag & 15 : entriesOfLong(bytes, start);
  let at = tag < 0xa0 ? start + 1 : tag === 0xdc ? start + 3 : start + 5;
  for (; left > 0; left -= 1) {
    if (bytes[at] !== 0x92 || !isText(bytes[at + 1] as number)) return false;
    at = skip(bytes, at + 1);
    const value = bytes[at] as number;
    if (!isText(value) && !isBytes(value)) return false;
    at = skip(bytes, at);
  }
  return true;
}

function entriesOfLong(bytes: Uint8Array, at: number): number {
  return bytes[at] === 0xdc ? (bytes[at + 1] as number) * 0x100 + (bytes[at + 2] as number) : big32(bytes, at + 1);
}

function big32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
