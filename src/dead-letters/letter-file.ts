import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { DeadLetter } from "./dead-letter.ts";
import type { Disk } from "./disk.ts";
import { checksum, decodeHead, type LetterHead, MAX_HEAD_BYTES } from "./letter-head.ts";

const FIRST_READ_BYTES = 4_096;
const ONE_WRITE_BYTES = 1024 * 1024;
const MAX_LETTER_BYTES = 2 ** 31;
/** A link or a pipe under a letter's name must not lead elsewhere, or hang. Not every system has these. */
const SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Is the head of a file that is as long as the head says. */
export interface OpenLetter extends LetterHead {
  /** Where the frames begin. */
  readonly bodyAt: number;
  readonly bytes: number;
}

/** Writes a new file and waits until its content is on disk. */
export async function writeFile(disk: Disk, path: string, parts: readonly Uint8Array[], bytes: number): Promise<void> {
  const handle = await disk.open(path, "wx");
  try {
    for (const part of bytes > ONE_WRITE_BYTES ? parts : [Buffer.concat(parts)]) await handle.writeFile(part);
    await handle.sync();
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => {});
    await disk.unlink(path).catch(() => {});
    throw error;
  }
}

/** Reads the head of a letter's file; an error says what is wrong with it. */
export function readHead(disk: Disk, path: string, id: string): Promise<OpenLetter> {
  return withFile(disk, path, (handle) => headOf(handle, id));
}

/** Reads a letter; an error says what is wrong with its file. */
export function readLetter(disk: Disk, path: string, id: string): Promise<DeadLetter> {
  return withFile(disk, path, async (handle) => {
    const { facts, frameBytes, bodyAt, bytes, covered, checksum: claimed } = await headOf(handle, id);
    const body = Buffer.alloc(bytes - bodyAt);
    const read = await readFully(handle, body, 0, bodyAt);
    const frames: Uint8Array[] = [];
    let at = 0;
    for (const length of frameBytes) {
      frames.push(new Uint8Array(body.buffer, body.byteOffset + at, length));
      at += length;
    }
    if (read < body.byteLength || checksum(covered, frames) !== claimed) throw new Error("its checksum is wrong");
    return { ...facts, frames };
  });
}

async function withFile<T>(disk: Disk, path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await disk.open(path, SAFELY);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

async function headOf(handle: FileHandle, id: string): Promise<OpenLetter> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new Error("it is no file");
  if (stats.size > MAX_LETTER_BYTES) throw new Error("it is too long for a letter");
  const line = await firstLine(handle, stats.size);
  const head = decodeHead(line);
  if (head.facts.id !== id) throw new Error("it is a letter with another id");
  const bodyAt = line.byteLength + 1;
  const bytes = head.frameBytes.reduce((sum, length) => sum + length, bodyAt);
  if (bytes !== stats.size) throw new Error(`it has ${stats.size} bytes of ${bytes}`);
  return { ...head, bodyAt, bytes };
}

async function firstLine(handle: FileHandle, size: number): Promise<Uint8Array> {
  const most = Math.min(size, MAX_HEAD_BYTES);
  let known = Buffer.alloc(0);
  while (known.byteLength < most) {
    const more = Buffer.alloc(Math.min(Math.max(FIRST_READ_BYTES, known.byteLength), most - known.byteLength));
    const read = await readFully(handle, more, 0, known.byteLength);
    const end = more.subarray(0, read).indexOf("\n");
    if (end >= 0) return Buffer.concat([known, more.subarray(0, end)]);
    if (read < more.byteLength) break;
    known = Buffer.concat([known, more]);
  }
  throw new Error("it does not begin as a dead letter");
}

async function readFully(handle: FileHandle, into: Uint8Array, from: number, position: number): Promise<number> {
  let read = from;
  while (read < into.byteLength) {
    const { bytesRead } = await handle.read(into, read, into.byteLength - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return read;
}
