import { isLent } from "../../message/ndarray.ts";
import type { Command, Part } from "./command.ts";

/** Bytes from here on go out where they are; what is smaller is gathered. */
const LARGE_BYTES = 4 * 1024;
const DOLLAR = 0x24;
const STAR = 0x2a;
const RETURN = 0x0d;
const NEWLINE = 0x0a;

/** Gives the bytes of a command as the protocol has them, in as few buffers as large parts allow. */
export function commandBytes(command: Command): readonly Uint8Array[] {
  const to = Buffer.allocUnsafe(gatheredBytes(command));
  const chunks: Uint8Array[] = [];
  let from = 0;
  let at = writeHead(to, 0, STAR, command.length);
  for (const part of command) {
    if (typeof part === "string" || typeof part === "number") {
      const text = String(part);
      const bytes = Buffer.byteLength(text);
      at = writeHead(to, at, DOLLAR, bytes);
      to.write(text, at, bytes, "utf8");
      at += bytes;
    } else {
      at = writeHead(to, at, DOLLAR, lengthOf(part));
      for (const piece of piecesOf(part)) {
        if (isGathered(piece)) {
          to.set(piece, at);
          at += piece.length;
        } else {
          chunks.push(to.subarray(from, at), piece);
          from = at;
        }
      }
    }
    to[at] = RETURN;
    to[at + 1] = NEWLINE;
    at += 2;
  }
  chunks.push(to.subarray(from, at));
  return chunks;
}

/** Gives how many bytes a part has. */
export function lengthOf(part: Part): number {
  if (typeof part !== "object") return Buffer.byteLength(String(part));
  let bytes = 0;
  for (const { length } of piecesOf(part)) bytes += length;
  return bytes;
}

function piecesOf(part: Buffer | readonly Uint8Array[]): readonly Uint8Array[] {
  return part instanceof Uint8Array ? [part] : part;
}

function gatheredBytes(command: Command): number {
  let bytes = headLength(command.length);
  for (const part of command) {
    const length = lengthOf(part);
    bytes += headLength(length) + length + 2;
    if (typeof part !== "object") continue;
    for (const piece of piecesOf(part)) if (!isGathered(piece)) bytes -= piece.length;
  }
  return bytes;
}

/** What is lent may be used again before it has left, when nobody waits for the answer any more. */
function isGathered(piece: Uint8Array): boolean {
  return piece.length < LARGE_BYTES || isLent(piece);
}

function headLength(number: number): number {
  let digits = 1;
  for (let left = number; left >= 10; left = Math.floor(left / 10)) digits += 1;
  return digits + 3;
}

/** Writes a sign, a number and the end of a line. */
function writeHead(to: Buffer, from: number, sign: number, number: number): number {
  const end = from + headLength(number);
  to[from] = sign;
  let left = number;
  for (let at = end - 3; at > from; at -= 1) {
    to[at] = 0x30 + (left % 10);
    left = Math.floor(left / 10);
  }
  to[end - 2] = RETURN;
  to[end - 1] = NEWLINE;
  return end;
}
