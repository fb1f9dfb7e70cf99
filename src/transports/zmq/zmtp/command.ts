import { quoted, Refusal } from "./refusal.ts";

/** A command: its name, and what follows. */
export interface Command {
  readonly name: string;
  readonly data: Uint8Array;
}

const COMMAND = 0x04;
const LONG = 0x02;
/** What libzmq writes where the standard says `05 ERROR`: its client understands only this. */
const MALFORMED_ERROR = "RROR";
const MALFORMED_LENGTH = 0x5e;

/** Makes the whole frame of a command. */
export function commandFrame(name: string, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const length = 1 + name.length + data.length;
  const head = length > 255 ? 9 : 2;
  const frame = new Uint8Array(head + length);
  frame[0] = length > 255 ? COMMAND | LONG : COMMAND;
  if (length > 255) new DataView(frame.buffer).setUint32(5, length);
  else frame[1] = length;
  frame[head] = name.length;
  for (let index = 0; index < name.length; index += 1) frame[head + 1 + index] = name.charCodeAt(index);
  frame.set(data, head + 1 + name.length);
  return frame;
}

/** Reads the body of a command frame; undefined for one that says nothing, which libzmq ignores too. */
export function readCommand(body: Uint8Array): Command | undefined {
  const length = body[0] ?? 0;
  // libzmq's refusal of a PLAIN client: the length byte is missing, so the name's first letter stands in its place.
  if (length === MALFORMED_LENGTH && latin1(body, 1, 1 + MALFORMED_ERROR.length) === MALFORMED_ERROR) {
    return { name: "ERROR", data: body.subarray(1 + MALFORMED_ERROR.length) };
  }
  if (length === 0 || body.length < 1 + length) return undefined;
  return { name: latin1(body, 1, 1 + length), data: body.subarray(1 + length) };
}

/** Makes the whole frame of an ERROR as libzmq writes it towards PLAIN clients. */
export function malformedError(data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Uint8Array.of(MALFORMED_LENGTH), Buffer.from(MALFORMED_ERROR, "latin1"), data]);
  return new Uint8Array(Buffer.concat([Uint8Array.of(COMMAND, body.length), body]));
}

/** Makes the properties of READY and INITIATE. */
export function properties(entries: Readonly<Record<string, string>>): Uint8Array {
  const parts: number[] = [];
  for (const [name, value] of Object.entries(entries)) {
    parts.push(name.length, ...Buffer.from(name, "latin1"), 0, 0, value.length >> 8, value.length & 255);
    parts.push(...Buffer.from(value, "latin1"));
  }
  return Uint8Array.from(parts);
}

/** Reads properties; names in lower case, since they are compared without it. */
export function readProperties(data: Uint8Array): Map<string, string> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const found = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const nameEnd = at + 1 + (data[at] as number);
    if (nameEnd + 4 > data.length) throw new Refusal("sent properties that are cut short");
    const valueEnd = nameEnd + 4 + view.getUint32(nameEnd);
    if (valueEnd > data.length) throw new Refusal("sent properties that are cut short");
    found.set(latin1(data, at + 1, nameEnd).toLowerCase(), latin1(data, nameEnd + 4, valueEnd));
    at = valueEnd;
  }
  return found;
}

/** Makes the data of HELLO. */
export function credentials(username: string, password: string): Uint8Array {
  const [user, secret] = [Buffer.from(username).subarray(0, 255), Buffer.from(password).subarray(0, 255)];
  return Uint8Array.from([user.length, ...user, secret.length, ...secret]);
}

/** Reads the data of HELLO. */
export function readCredentials(data: Uint8Array): { readonly username: string; readonly password: string } {
  const userEnd = 1 + (data[0] ?? 0);
  const secretEnd = userEnd + 1 + (data[userEnd] ?? 0);
  if (data.length !== secretEnd) throw new Refusal("sent a HELLO that is cut short");
  const text = (from: number, to: number): string => Buffer.from(data.subarray(from, to)).toString("utf8");
  return { username: text(1, userEnd), password: text(userEnd + 1, secretEnd) };
}

/** Reads the reason of ERROR. */
export function readReason(data: Uint8Array): string {
  const length = Math.min(data[0] ?? 0, 255);
  return quoted(latin1(data, 1, 1 + length));
}

/** Makes the data of ERROR. */
export function reasonOf(reason: string): Uint8Array {
  const bytes = Buffer.from(reason.slice(0, 200), "latin1");
  return Uint8Array.from([bytes.length, ...bytes]);
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", from, to);
}
