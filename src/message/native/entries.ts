import type { Origin } from "../envelope.ts";
import { skip } from "../msgpack/index.ts";
import { readText } from "../msgpack/text.ts";

/** Holds some entries of an encoded map, as bytes: keys and values without the map's head. */
export interface Entries {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Holds what the two maps of a header have beyond what this version knows. */
export interface Unknown {
  readonly ofStatic: Entries | undefined;
  readonly ofDynamic: Entries | undefined;
}

/** Copies the entries whose keys are not known out of a map that was skimmed; undefined where there are none. */
export function unknownEntries(bytes: Uint8Array, start: number, known: ReadonlySet<string>): Entries | undefined {
  const parts: Uint8Array[] = [];
  let at = firstKey(bytes, start);
  for (let left = entryCount(bytes, start); left > 0; left -= 1) {
    const valueAt = skip(bytes, at);
    const next = skip(bytes, valueAt);
    if (!known.has(keyText(bytes, at, valueAt))) parts.push(bytes.subarray(at, next));
    at = next;
  }
  return parts.length === 0 ? undefined : { count: parts.length, bytes: new Uint8Array(Buffer.concat(parts)) };
}

/** Gives the number of entries of a map. */
export function entryCount(bytes: Uint8Array, start: number): number {
  const tag = bytes[start] as number;
  if (tag < 0x90) return tag & 15;
  const few = ((bytes[start + 1] as number) << 8) | (bytes[start + 2] as number);
  return tag === 0xde ? few : few * 0x1_0000 + ((bytes[start + 3] as number) << 8) + (bytes[start + 4] as number);
}

/** Gives the offset of the first key of a map. */
export function firstKey(bytes: Uint8Array, start: number): number {
  const tag = bytes[start] as number;
  return tag < 0x90 ? start + 1 : tag === 0xde ? start + 3 : start + 5;
}

function keyText(bytes: Uint8Array, at: number, end: number): string {
  const tag = bytes[at] as number;
  const head = tag < 0xc0 ? 1 : 1 + (1 << (tag - 0xd9));
  return readText(bytes, at + head, end) as string;
}

/** What is unknown travels with the origin, the one object that every message made from another one keeps. */
const unknownOf = new WeakMap<Origin, Unknown>();
let any = false;

/** Remembers unknown entries for the messages of an origin. */
export function keepUnknown(origin: Origin, unknown: Unknown): void {
  if (unknown.ofStatic === undefined && unknown.ofDynamic === undefined) return;
  any = true;
  unknownOf.set(origin, unknown);
}

/** Gives the unknown entries that came with an origin. */
export function keptUnknown(origin: Origin | undefined): Unknown | undefined {
  return any && origin !== undefined ? unknownOf.get(origin) : undefined;
}
