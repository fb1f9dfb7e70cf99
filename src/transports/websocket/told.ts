import { DEFAULT_LIMITS } from "../../message/limits.ts";
import { decode, Packer } from "../../message/msgpack/index.ts";
import { PRELUDE, staticLength } from "../../message/native/prelude.ts";

/** Says what one client was given. */
export interface Given {
  /** The sequence of the event that it would see next, without a gap. */
  readonly next: number;
  /** How many events of the run in hand it was given; undefined where it came after the run's Start. */
  readonly events: number | undefined;
}

const SKIPPED_AT = 36;
const MAPS_LENGTH_AT = 32;
const MOST = 0xffff_ffff;

const packer = new Packer();

/** Gives the header of an event as it is for a client that was not given so many before it; the bytes are shared. */
export function withSkipped(header: Uint8Array, skipped: number): Uint8Array {
  const own = new Uint8Array(header);
  new DataView(own.buffer).setUint32(SKIPPED_AT, Math.min(skipped, MOST), true);
  return own;
}

/**
 * Gives the header of a Start, Stop or sign of life as it is for one client: what it was not given was left out on
 * purpose, and is not lost. What a Stop tells about the other clients would be wrong for this one.
 */
export function toldTo(header: Uint8Array, given: Given): Uint8Array {
  const from = PRELUDE + staticLength(header);
  const facts = decode(header, from, header.length, DEFAULT_LIMITS) as Record<string, unknown>;
  const left = leftOf(facts["next"], given);
  if (left === undefined) delete facts["left"];
  else facts["left"] = left;
  const { events } = given;
  // Who came after the Start cannot be told exactly what of the run it was given; what is missing it sees by numbers.
  if (events === undefined) delete facts["sent"];
  else if (Array.isArray(facts["sent"])) facts["sent"] = facts["sent"].map((one) => sentTo(one, events));
  packer.reset();
  packer.value(facts, "message");
  const dynamic = packer.finish();
  const own = new Uint8Array(from + dynamic.length);
  own.set(header.subarray(0, from));
  own.set(dynamic, from);
  new DataView(own.buffer).setUint32(MAPS_LENGTH_AT, own.length - PRELUDE, true);
  return own;
}

function leftOf(next: unknown, given: Given): Record<string, number> | undefined {
  const left = Object.entries((next ?? {}) as Record<string, number>)
    .map(([topic, sequence]) => [topic, sequence - given.next] as const)
    .filter(([, missing]) => missing > 0);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

function sentTo(one: unknown, given: number): readonly [string, number, number] {
  const [topic, events, skipped] = one as [string, number, number];
  const got = Math.min(events, given);
  return [topic, got, skipped + events - got];
}
