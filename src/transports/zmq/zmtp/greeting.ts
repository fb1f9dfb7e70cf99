import { Refusal } from "./refusal.ts";

/** The length of a greeting. */
export const GREETING_BYTES = 64;

/** The length of its first part, which says that it is one. */
export const SIGNATURE_BYTES = 10;

const SIGNATURE_END = 9;
const VERSION = 10;
const MECHANISM = 12;
const MECHANISM_BYTES = 20;
const AS_SERVER = 32;

/** What a greeting says of a peer. */
export interface Greeting {
  /** True from 3.1 on: subscriptions are commands. */
  readonly isNew: boolean;
  readonly mechanism: string;
}

/** Makes our greeting: ZMTP 3.1. */
export function greeting(mechanism: string, asServer: boolean): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes[0] = 0xff;
  bytes[SIGNATURE_END] = 0x7f;
  bytes[VERSION] = 3;
  bytes[VERSION + 1] = 1;
  for (let index = 0; index < mechanism.length; index += 1) bytes[MECHANISM + index] = mechanism.charCodeAt(index);
  bytes[AS_SERVER] = asServer ? 1 : 0;
  return bytes;
}

/** Looks at the first bytes of a greeting, as many as came: what is no ZMTP 3 is refused as soon as that shows. */
export function checkGreeting(bytes: Uint8Array, length: number): void {
  if (length > 0 && bytes[0] !== 0xff) throw new Refusal("does not speak ZeroMQ's protocol, or an older one than 3.0");
  if (length > SIGNATURE_END && bytes[SIGNATURE_END] !== 0x7f) throw new Refusal("does not speak ZeroMQ's protocol");
  const major = bytes[VERSION] as number;
  if (length > VERSION && major < 3) throw new Refusal(`speaks ZMTP ${major}; 3.0 or newer is needed`);
}

/** Reads a whole greeting. */
export function readGreeting(bytes: Uint8Array): Greeting {
  checkGreeting(bytes, GREETING_BYTES);
  let mechanism = "";
  for (let index = MECHANISM; index < MECHANISM + MECHANISM_BYTES && bytes[index] !== 0; index += 1) {
    mechanism += String.fromCharCode(bytes[index] as number);
  }
  const [major, minor] = [bytes[VERSION] as number, bytes[VERSION + 1] as number];
  return { isNew: major > 3 || minor >= 1, mechanism };
}
