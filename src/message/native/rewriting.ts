import { DEFAULT_LIMITS } from "../limits.ts";
import { decode, Packer } from "../msgpack/index.ts";
import { PRELUDE, staticLength } from "./prelude.ts";

const SKIPPED_AT = 36;
const MAPS_LENGTH_AT = 32;
const MOST = 0xffff_ffff;

const packer = new Packer();

/** Gives a header that says that so many messages before it were left out; what was given stays as it is. */
export function withSkipped(header: Uint8Array, skipped: number): Uint8Array {
  const own = new Uint8Array(header);
  new DataView(own.buffer).setUint32(SKIPPED_AT, Math.min(skipped, MOST), true);
  return own;
}

/** Gives a header with another dynamic map, which `change` gets as it is; what was given stays as it is. */
export function withFacts(header: Uint8Array, change: (facts: Record<string, unknown>) => void): Uint8Array {
  const from = PRELUDE + staticLength(header);
  const facts = decode(header, from, header.length, DEFAULT_LIMITS) as Record<string, unknown>;
  change(facts);
  packer.reset();
  packer.value(facts, "message");
  const dynamic = packer.finish();
  const own = new Uint8Array(from + dynamic.length);
  own.set(header.subarray(0, from));
  own.set(dynamic, from);
  new DataView(own.buffer).setUint32(MAPS_LENGTH_AT, own.length - PRELUDE, true);
  return own;
}

/** What the dynamic map of a Stop says was sent of its run at the first source, to be read and changed. */
export interface SourceSent {
  readonly partition: string;
  events: number;
}

/** Gives what a Stop that comes from its first source says was sent; nothing for any other. */
export function sourceSent(facts: Readonly<Record<string, unknown>>): readonly SourceSent[] {
  const account = facts["account"] as { readonly hops?: unknown; readonly sent?: unknown } | undefined;
  if (account === undefined || !Array.isArray(account.sent)) return [];
  return Array.isArray(account.hops) && account.hops.length === 0 ? (account.sent as SourceSent[]) : [];
}
