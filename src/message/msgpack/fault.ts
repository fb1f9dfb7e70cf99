import { RejectedError } from "../../errors.ts";
import { quoted } from "./path.ts";
import { placeOf } from "./place.ts";
import { isRefusedKey } from "./refused-keys.ts";

/** Marks what is wrong and where while reading; it becomes a RejectedError at the entry, where the place gets a name. */
export class Fault {
  readonly at: number;
  readonly reason: string;

  constructor(at: number, reason: string) {
    this.at = at;
    this.reason = reason;
  }
}

/** Turns what a reader threw into the error for its caller; `bytes` are sound from `start` up to the fault. */
export function rejection(thrown: unknown, bytes: Uint8Array, start: number): unknown {
  if (!(thrown instanceof Fault)) return thrown;
  const place = placeOf(bytes, start, thrown.at);
  return new RejectedError(place === "" ? thrown.reason : `${place}: ${thrown.reason}`);
}

/** Does the same for readers that check less, so that a walk to the place of the fault could go astray. */
export function rejectionWithoutPlace(thrown: unknown): unknown {
  return thrown instanceof Fault ? new RejectedError(thrown.reason) : thrown;
}

/** Refuses a span that is not inside the bytes at hand. */
export function checkSpan(bytes: Uint8Array, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= bytes.length) return;
  throw new RejectedError(`bytes ${start} to ${end} are not inside the ${bytes.length} bytes received`);
}

/** Makes the fault of a value that needs more bytes than there are. */
export function cutShort(at: number, end: number): Fault {
  return new Fault(at, `cut short at byte ${end}`);
}

/** Makes the fault of a value that cannot be read, by the name of its kind. */
export function unreadable(bytes: Uint8Array, at: number, end: number): Fault {
  const tag = bytes[at] as number;
  if (tag === 0xc1) return new Fault(at, "byte 0xc1, which MessagePack never uses");
  // ext 8, 16, 32 have a length before the type; fixext has none.
  const typeAt = tag <= 0xc9 ? at + 1 + (1 << (tag - 0xc7)) : at + 1;
  if (typeAt >= end) return cutShort(at, end);
  const type = ((bytes[typeAt] as number) << 24) >> 24;
  return new Fault(at, `extension type ${type}${type === -1 ? " (timestamp)" : ""} is not supported`);
}

/** Makes the fault of bytes behind the value. */
export function leftOver(at: number, end: number): Fault {
  return new Fault(at, `${end - at} bytes are left over after the value`);
}

/** Makes the fault of a map or array inside too many others. */
export function tooDeep(at: number): Fault {
  return new Fault(at, "nested too deeply");
}

/** Makes the fault of a map or array that claims more than can be there. */
export function tooMany(at: number, what: string, count: number, left: number): Fault {
  return new Fault(at, `${what} of ${count} items cannot be in the ${left} bytes that are left`);
}

/** Makes the fault of a key, by what is wrong with it. */
export function badKey(at: number, key: string): Fault {
  return new Fault(
    at,
    isRefusedKey(key) ? `the key ${quoted(key)} is refused` : `the key ${quoted(key)} appears twice`,
  );
}

/** Names the kind of a value that stands where a key or a map should stand. */
export function kindOf(tag: number): string {
  if (tag < 0x80 || tag >= 0xe0 || (tag >= 0xcc && tag <= 0xd3)) return "an integer";
  if (tag < 0x90 || tag >= 0xde) return "a map";
  if (tag < 0xa0 || tag >= 0xdc) return "an array";
  if (tag < 0xc0 || tag >= 0xd9) return "text";
  if (tag === 0xc0) return "nil";
  if (tag === 0xc2 || tag === 0xc3) return "a boolean";
  if (tag >= 0xc4 && tag <= 0xc6) return "bytes";
  if (tag === 0xca || tag === 0xcb) return "a float";
  return tag === 0xc1 ? "byte 0xc1" : "an extension type";
}
