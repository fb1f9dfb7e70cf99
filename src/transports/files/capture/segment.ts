import type { FileHandle } from "node:fs/promises";
import { UsageError } from "../../../errors.ts";
import type { Disk } from "../disk.ts";
import { bytesChecksum } from "./checksum.ts";
import type { Damage } from "./damage.ts";
import { decodeEnd, END_RECORD_BYTES, type EndRecord } from "./end-record.ts";
import { emptyHeader, FLAG, framesOf, KIND, readHeader } from "./record.ts";
import { decodeSegmentHeader, FIRST_RECORD, HEADER_COPY_BYTES, type SegmentHeader } from "./segment-header.ts";
import { MAX_INDEX_BYTES, type MarkKind, SegmentIndex } from "./segment-index.ts";
import { type SegmentFile, segmentsOf } from "./segment-names.ts";
import { readFully, SegmentReader } from "./segment-reader.ts";

/** Is a file of a capture with what is known about it. */
export interface Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly index: SegmentIndex;
  /** Where its messages end. */
  readonly end: number;
  /** Bytes of the file. */
  readonly size: number;
  /** True when it has its index and its end: nothing will be added. */
  readonly isClosed: boolean;
  /** What of it cannot be read; of a closed one only what was seen so far. */
  readonly damages: readonly Damage[];
}

/** Opens a segment's file and reads its header and index; a missing index is made anew from the headers of its records. */
export async function openSegment(
  disk: Disk,
  file: SegmentFile,
): Promise<{ readonly segment: Segment; readonly handle: FileHandle }> {
  const handle = await disk.open(file.path, "r");
  try {
    return { segment: await readSegment(handle, file), handle };
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
}

/** Tells whether a file can be the beginning of a segment that somebody was about to create. */
export async function isBegun(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size >= FIRST_RECORD) return false;
  const bytes = new Uint8Array(size);
  await readFully(handle, bytes, 0, 0);
  return decodeSegmentHeader(bytes).is === "short";
}

async function readSegment(handle: FileHandle, { path, number }: SegmentFile): Promise<Segment> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new UsageError(`${path}: is no file; name the first file of a capture`);
  const { size } = stats;
  const header = await headerOf(handle, path);
  if (header.header.number !== number) {
    throw new UsageError(
      `${path}: is segment ${header.header.number} by its header, and ${number} by its name; give it its old name back`,
    );
  }
  const damages: Damage[] = [];
  if (header.damagedAt !== undefined) {
    const what = "the first copy of the header is damaged, the second one is used";
    damages.push({ path, from: 0, to: FIRST_RECORD / 2, what, messages: 0 });
  }
  const closed = await closedIndex(handle, header.header, size);
  if (closed !== undefined) return { path, header: header.header, ...closed, size, isClosed: true, damages };
  const scanned = await scan(handle, path, header.header, size);
  return { path, header: header.header, ...scanned, size, isClosed: false, damages: [...damages, ...scanned.damages] };
}

async function headerOf(
  handle: FileHandle,
  path: string,
): Promise<{ readonly header: SegmentHeader; readonly damagedAt: number | undefined }> {
  const bytes = new Uint8Array(FIRST_RECORD);
  const read = await readFully(handle, bytes, 0, 0);
  const found = decodeSegmentHeader(bytes.subarray(0, read));
  if (found.is === "whole") return found;
  if (found.is === "newer") throw new UsageError(`${path}: was made by a newer arroyojs; update this one`);
  if (found.is === "foreign") throw new UsageError(`${path}: is no capture (byte 0); name a file that was recorded`);
  const what =
    found.is === "short"
      ? `it ends at byte ${read}, within its header`
      : "both copies of its header (byte 0) are damaged";
  throw new UsageError(`${path}: cannot be read: ${what}; leave it out, or take it from a copy`);
}

/** Gives the index that the end of the file leads to, if all of it is as it was written. */
async function closedIndex(
  handle: FileHandle,
  { seed }: SegmentHeader,
  size: number,
): Promise<{ readonly index: SegmentIndex; readonly end: number } | undefined> {
  const endAt = size - END_RECORD_BYTES;
  if (endAt < FIRST_RECORD || endAt % 8 !== 0) return undefined;
  const endFrame = await frameAt(handle, seed, endAt, size, KIND.end, END_RECORD_BYTES);
  const end: EndRecord | undefined = endFrame === undefined ? undefined : decodeEnd(endFrame);
  if (end === undefined || end.indexAt < FIRST_RECORD || end.indexAt % 8 !== 0) return undefined;
  const frame = await frameAt(handle, seed, end.indexAt, endAt, KIND.index, MAX_INDEX_BYTES);
  if (frame === undefined) return undefined;
  const index = SegmentIndex.decode(frame, end.indexAt, end.messages, end.firstMs);
  return index === undefined ? undefined : { index, end: end.indexAt };
}

/** Reads a record of one frame that fills a part of the file; undefined where it is another one, or not intact. */
async function frameAt(
  handle: FileHandle,
  seed: number,
  from: number,
  to: number,
  kind: number,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const length = to - from;
  if (length <= 0 || length > maxBytes) return undefined;
  const bytes = new Uint8Array(length);
  if ((await readFully(handle, bytes, 0, from)) < length) return undefined;
  const header = emptyHeader();
  const view = new DataView(bytes.buffer);
  if (readHeader(view, 0, seed, from, header, 1) !== "whole") return undefined;
  if (header.kind !== kind || header.length !== length || (header.flags & FLAG.checked) === 0) return undefined;
  if (bytesChecksum(bytes.subarray(header.headerBytes)) !== header.bodyChecksum) return undefined;
  return framesOf(view, 0, header)[0];
}

/** Makes an index from the headers of a file's records. */
async function scan(
  handle: FileHandle,
  path: string,
  { seed }: SegmentHeader,
  size: number,
): Promise<{ readonly index: SegmentIndex; readonly end: number; readonly damages: readonly Damage[] }> {
  const reader = new SegmentReader({
    path,
    handle,
    seed,
    from: FIRST_RECORD,
    end: size,
    number: 0,
    maxBytes: Number.POSITIVE_INFINITY,
    headersOnly: true,
  });
  const index = new SegmentIndex();
  let end = FIRST_RECORD;
  for (;;) {
    const found = reader.next();
    if (found === "more") {
      const filled = await reader.fill();
      if (filled === "read") continue;
      return { index, end, damages: reader.damages };
    }
    end = reader.offset;
    if (found !== "record") continue;
    const { header, recordOffset } = reader;
    if (header.kind === KIND.message) index.message(recordOffset, header.number, header.timeMs);
    else index.mark({ is: markKind(header.flags), number: header.number, offset: recordOffset, run: runOf(reader) });
  }
}

/** Gives what a mark tells. */
export function markKind(flags: number): MarkKind {
  if ((flags & FLAG.starts) !== 0) return "start";
  return (flags & FLAG.stops) !== 0 ? "stop" : "over";
}

function runOf(reader: SegmentReader): string {
  return Buffer.from(reader.frames()[0] as Uint8Array).toString("utf8");
}

/** Finds the segments of a capture that can be read: not one that was just created, or whose creator was killed. */
export async function begunSegments(disk: Disk, path: string): Promise<SegmentFile[]> {
  const files = await segmentsOf(disk, path);
  const last = files.at(-1);
  if (last === undefined || last.number === 1) return files;
  return (await disk.stat(last.path)).size < HEADER_COPY_BYTES ? files.slice(0, -1) : files;
}

/** Gives the id of a capture by its first segment that is there; undefined where there is none, or nothing in it yet. */
export async function captureIdOf(disk: Disk, path: string): Promise<string | undefined> {
  const [file] = await segmentsOf(disk, path);
  if (file === undefined) return undefined;
  const handle = await disk.open(file.path, "r");
  try {
    if ((await handle.stat()).size === 0) return undefined;
    return (await headerOf(handle, file.path)).header.capture;
  } finally {
    await handle.close();
  }
}
