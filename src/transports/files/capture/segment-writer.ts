import type { FileHandle } from "node:fs/promises";
import { type Disk, diskError } from "../disk.ts";
import { bytesChecksum } from "./checksum.ts";
import { encodeEnd } from "./end-record.ts";
import { OutPieces } from "./out-pieces.ts";
import {
  emptyHeader,
  FLAG,
  headerBytesOf,
  KIND,
  padded,
  type RecordHeader,
  recordBytes,
  writeHeader,
} from "./record.ts";
import type { SegmentHeader } from "./segment-header.ts";
import { MAX_RUN_BYTES, type MarkKind, type SegmentIndex } from "./segment-index.ts";

/** A frame from this size on is written from where it is. */
const LARGE_BYTES = 64 * 1024;
const MAX_PIECES = 256;
const ZEROS = new Uint8Array(8);
const NOTHING = new Uint8Array(0);
const DONE = Promise.resolve();

/** Remembers how far a segment was, so that what was added since can be taken back. */
export interface WriterPlace {
  readonly offset: number;
  readonly messages: number;
  readonly latestMs: number;
}

/** Writes records at the end of one file. Each failure leaves it as it was, to be opened and tried again. */
export class SegmentWriter {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly index: SegmentIndex;
  readonly #disk: Disk;
  readonly #isChecked: boolean;
  readonly #out: OutPieces;
  readonly #record: RecordHeader = emptyHeader();
  #handle: FileHandle | undefined;
  /** All before this is in the file. */
  #written: number;
  #draining: Promise<void> | undefined;
  #isSynced = true;

  /** `end` is where the file ends, and `index` says what it holds so far. */
  constructor(disk: Disk, path: string, header: SegmentHeader, isChecked: boolean, end: number, index: SegmentIndex) {
    this.#disk = disk;
    this.path = path;
    this.header = header;
    this.index = index;
    this.#isChecked = isChecked;
    this.#out = new OutPieces(end);
    this.#written = end;
  }

  get messages(): number {
    return this.index.messages;
  }

  /** Where the next record will stand. */
  get end(): number {
    return this.#out.end;
  }

  /** All before this is in the file. */
  get written(): number {
    return this.#written;
  }

  /** Bytes that are not in the file yet. */
  get pending(): number {
    return this.#out.end - this.#written;
  }

  get isSynced(): boolean {
    return this.#isSynced && this.pending === 0;
  }

  get place(): WriterPlace {
    return { offset: this.#out.end, messages: this.index.messages, latestMs: this.index.latestMs };
  }

  /** Opens the file; what was not written before is kept and written from here on. */
  async open(): Promise<void> {
    this.#handle = await this.#disk.open(this.path, "r+");
    const { size } = await this.#handle.stat();
    if (size < this.#written) throw new Error(`${this.path} has become shorter; record into another file`);
    // What was written in part is written again.
    if (size > this.#written) await this.#handle.truncate(this.#written);
  }

  /** Adds a message; true when its large frames are used until they are written. */
  message(frames: readonly Uint8Array[], timeMs: number): boolean {
    const { index } = this;
    const number = index.messages;
    const offset = this.#out.end;
    const isLarge = this.#append(KIND.message, 0, frames, timeMs, number);
    index.message(offset, number, timeMs);
    return isLarge;
  }

  /** Adds a mark before the message that comes next. */
  mark(is: MarkKind, run: string, timeMs: number): void {
    const name = Buffer.from(run);
    if (name.length > MAX_RUN_BYTES) return;
    const offset = this.#out.end;
    const flags = is === "start" ? FLAG.starts : is === "stop" ? FLAG.stops : 0;
    this.#append(KIND.mark, flags, [name], timeMs, this.index.messages);
    this.index.mark({ is, number: this.index.messages, offset, run });
  }

  /** Writes the index and the end; the file is complete then. */
  async finish(timeMs: number): Promise<void> {
    await this.drain();
    const before = this.place;
    const { index } = this;
    this.#append(KIND.index, 0, [index.encode()], timeMs, index.messages);
    const { messages, firstMs, latestMs } = index;
    const end = encodeEnd({ indexAt: before.offset, messages, firstMs, latestMs });
    this.#append(KIND.end, 0, [end], timeMs, messages);
    try {
      await this.drain();
    } catch (error) {
      this.rollBack(before);
      await this.#handle?.truncate(this.#written).catch(() => undefined);
      throw error;
    }
  }

  /** Takes back what was added since, as far as it is not settled. */
  rollBack({ offset, messages, latestMs }: WriterPlace): void {
    this.#out.rollBack(offset);
    this.#written = Math.min(this.#written, offset);
    this.index.rollBack(offset, messages, latestMs);
  }

  /** Resolves when all that was added is in the file. */
  drain(): Promise<void> {
    if (this.#draining !== undefined) return this.#draining;
    if (this.pending === 0) return DONE;
    this.#draining = this.#drain();
    return this.#draining;
  }

  /** Brings the file to the disk. */
  async sync(): Promise<void> {
    await this.drain();
    if (this.#isSynced) return;
    this.#isSynced = true;
    try {
      await this.#handle?.datasync();
    } catch (error) {
      this.#isSynced = false;
      throw diskError(this.path, "bringing it to the disk", error);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #append(kind: number, flags: number, frames: readonly Uint8Array[], timeMs: number, number: number): boolean {
    const out = this.#out;
    const length = recordBytes(frames);
    const headerBytes = headerBytesOf(frames.length);
    const offset = out.end;
    const record = this.#record;
    // Marks, indexes and ends always have their checksum.
    const isChecked = this.#isChecked || kind !== KIND.message;
    record.kind = kind;
    record.flags = flags | (isChecked ? FLAG.checked : 0);
    record.length = length;
    record.timeMs = timeMs;
    record.number = number;
    const isLarge = length - headerBytes >= LARGE_BYTES;
    if (isLarge) {
      record.bodyChecksum = isChecked ? bodyChecksum(frames) : 0;
      const at = out.room(headerBytes);
      writeHeader(out.view, at, record, frames, this.header.seed, offset);
      for (const frame of frames) out.large(frame);
      return true;
    }
    const at = out.room(length);
    const { bytes } = out;
    let to = at + headerBytes;
    for (let index = 0; index < frames.length; index += 1) {
      const frame = frames[index] as Uint8Array;
      bytes.set(frame, to);
      const end = to + padded(frame.length);
      for (to += frame.length; to < end; to += 1) bytes[to] = 0;
    }
    record.bodyChecksum = isChecked ? bytesChecksum(bytes.subarray(at + headerBytes, at + length)) : 0;
    writeHeader(out.view, at, record, frames, this.header.seed, offset);
    return false;
  }

  async #drain(): Promise<void> {
    // What is set before the first turn would be overwritten by the caller.
    await DONE;
    try {
      for (;;) {
        const pieces = this.#out.pieces();
        if (pieces.length === 0) return;
        const batch = pieces.length > MAX_PIECES ? pieces.slice(0, MAX_PIECES) : pieces;
        await this.#write(batch.map(({ bytes }) => bytes));
      }
    } catch (error) {
      throw diskError(this.path, "writing", error);
    } finally {
      this.#draining = undefined;
    }
  }

  async #write(buffers: readonly Uint8Array[]): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new Error(`${this.path} is not open`);
    this.#isSynced = false;
    const at = this.#written;
    const first = buffers[0] as Uint8Array;
    const { bytesWritten } =
      buffers.length === 1
        ? await handle.write(first, 0, first.length, at)
        : await handle.writev(buffers as Uint8Array[], at);
    // A write of nothing without an error would be tried for ever.
    if (bytesWritten === 0) throw new Error("the system wrote nothing");
    this.#written = at + bytesWritten;
    this.#out.written(this.#written);
  }
}

/** Creates a file that begins with a header and holds nothing else. */
export async function createSegment(disk: Disk, path: string, header: Uint8Array, how: "w" | "wx"): Promise<void> {
  const handle = await disk.open(path, how);
  try {
    await handle.writeFile(header);
  } finally {
    await handle.close();
  }
}

/** Makes the checksum of frames as they stand in the file: each with zeros up to a multiple of 8. */
function bodyChecksum(frames: readonly Uint8Array[]): number {
  let checksum = bytesChecksum(NOTHING);
  for (const frame of frames) {
    checksum = bytesChecksum(frame, checksum);
    if (frame.length % 8 !== 0) checksum = bytesChecksum(ZEROS.subarray(frame.length % 8), checksum);
  }
  return checksum;
}
