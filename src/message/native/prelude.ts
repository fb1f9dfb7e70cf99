import { RejectedError } from "../../errors.ts";

/** The bytes of the prelude, which stands before the maps of every header. */
export const PRELUDE = 40;

/** The layout version that is written and read here. */
export const VERSION = 1;

/** The kinds of wire messages, as byte 4 of the prelude tells them. */
export const KIND: Readonly<Record<"start" | "event" | "stop" | "signOfLife", number>> = Object.freeze({
  start: 1,
  event: 2,
  stop: 3,
  signOfLife: 4,
});

/** Names what a bit of byte 5 says. */
export type Flag = "array" | "key" | "resumed" | "copy" | "shared" | "critical";

/** The bits of byte 5 of the prelude; other bits are zero when written and not looked at when read. */
export const FLAG: Readonly<Record<Flag, number>> = Object.freeze({
  /** The static map describes an array, which the payload holds. */
  array: 1,
  /** The dynamic map has a key by which readers can divide the stream. */
  key: 2,
  /** The Start was given again: to a late joiner, after a restart or a rebalance. */
  resumed: 4,
  /** The publisher repeats a Start for whoever joined; the number is that of the first time. */
  copy: 8,
  /** What this publisher sends is dealt out among several readers. */
  shared: 16,
  /** One of the maps has a key that begins with `!`, which a reader must understand. */
  critical: 32,
});

const TOO_FAR = 0x20_0000;
const scratch = new DataView(new ArrayBuffer(8));

/** Tells whether a frame is a header, by the magic; topics must not begin like this. */
export function isHeader(frame: Uint8Array): boolean {
  return frame[0] === 0x41 && frame[1] === 0x59 && frame[2] === 0x4f;
}

/** Refuses a header that is too short or of another version. */
export function checkHeader(header: Uint8Array): void {
  if (!isHeader(header)) throw new RejectedError('header: does not begin with "AYO"; the sender uses another codec');
  const version = header[3];
  if (version !== undefined && version !== VERSION) {
    const why = version > VERSION ? "made by a newer arroyojs" : "there is no such version";
    throw new RejectedError(`layout version ${version}: ${why}`);
  }
  if (header.length < PRELUDE) {
    throw new RejectedError(`header: cut short, ${header.length} bytes where the prelude alone has ${PRELUDE}`);
  }
}

/** Gives the length of the static map, which begins behind the prelude. */
export function staticLength(header: Uint8Array): number {
  return u16(header, 6);
}

/** Gives the length of both maps together. */
export function mapsLength(header: Uint8Array): number {
  return u32(header, 32);
}

/** Gives the place of the message among those of its topic. */
export function sequenceOf(header: Uint8Array): number {
  const high = u32(header, 12);
  if (high >= TOO_FAR) throw new RejectedError("sequence: larger than 2^53 - 1");
  return high * 0x1_0000_0000 + u32(header, 8);
}

/** Gives how many messages were left out on purpose just before this one. */
export function skippedOf(header: Uint8Array): number {
  return u32(header, 36);
}

/** Gives the lower half of the incarnation. */
export function incarnationLow(header: Uint8Array): number {
  return u32(header, 16);
}

/** Gives the upper half of the incarnation. */
export function incarnationHigh(header: Uint8Array): number {
  return u32(header, 20);
}

/** Gives the event's time in milliseconds since 1970; NaN stands for none. */
export function timeOf(header: Uint8Array): number {
  scratch.setUint32(0, u32(header, 24), true);
  scratch.setUint32(4, u32(header, 28), true);
  return scratch.getFloat64(0, true);
}

/** Tells whether the time is infinite, which is no time. */
export function hasInfiniteTime(header: Uint8Array): boolean {
  return (u32(header, 28) & 0x7fff_ffff) === 0x7ff0_0000 && u32(header, 24) === 0;
}

/** Writes an incarnation as 16 hexadecimal digits. */
export function incarnationText(low: number, high: number): string {
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

/** What every header of one life of a publisher has in common. */
export interface Life {
  readonly incarnationLow: number;
  readonly incarnationHigh: number;
}

/** Fills in what does not change on the way: magic, kind, flags, time and the lengths of the maps. */
export function writePrelude(header: Uint8Array, kind: number, flags: number, timeMs: number, ofStatic: number): void {
  header[0] = 0x41;
  header[1] = 0x59;
  header[2] = 0x4f;
  header[3] = VERSION;
  header[4] = kind;
  header[5] = flags;
  header[6] = ofStatic & 0xff;
  header[7] = ofStatic >>> 8;
  scratch.setFloat64(0, timeMs, true);
  put32(header, 24, scratch.getUint32(0, true));
  put32(header, 28, scratch.getUint32(4, true));
  put32(header, 32, header.length - PRELUDE);
}

/** Fills in what belongs to this hop: incarnation, sequence and skipped. */
export function writeHop(header: Uint8Array, life: Life, sequence: number, skipped: number): void {
  put32(header, 8, sequence);
  put32(header, 12, sequence / 0x1_0000_0000);
  put32(header, 16, life.incarnationLow);
  put32(header, 20, life.incarnationHigh);
  put32(header, 36, Math.min(skipped, 0xffff_ffff));
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function u32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

/** Writes the lower 32 bits of a number that is not negative. */
function put32(bytes: Uint8Array, at: number, number: number): void {
  const word = number >>> 0;
  bytes[at] = word & 0xff;
  bytes[at + 1] = (word >>> 8) & 0xff;
  bytes[at + 2] = (word >>> 16) & 0xff;
  bytes[at + 3] = word >>> 24;
}
