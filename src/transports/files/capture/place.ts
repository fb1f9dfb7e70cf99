import type { FileHandle } from "node:fs/promises";
import { UsageError } from "../../../errors.ts";
import type { Disk } from "../disk.ts";
import type { CaptureFrom } from "./capture-from.ts";
import { KIND } from "./record.ts";
import { begunSegments, openSegment, type Segment } from "./segment.ts";
import { FIRST_RECORD } from "./segment-header.ts";
import type { Mark, Stretch } from "./segment-index.ts";
import type { SegmentFile } from "./segment-names.ts";
import { SegmentReader } from "./segment-reader.ts";

/** As many open runs as this are followed; the oldest fall out. */
const MAX_OPEN = 1_024;

/** Says where a reader begins, and which runs are open there. */
export interface Place {
  /** The position of the message that comes first. */
  readonly position: number;
  /** The number of the segment. */
  readonly segment: number;
  /** Where in its file reading begins: at that message, or at most a stretch before it. */
  readonly offset: number;
  /** The number of the first message in the segment at `offset`; undefined where it is not known. */
  readonly number: number;
  /** Where the Starts of the runs stand that are open there, oldest first. */
  readonly starts: readonly StartPlace[];
  /** Messages that were asked for and are not there any more. */
  readonly missing: number;
  readonly capture: string;
  readonly codec: string;
}

/** Says where the Start of a run stands. */
export interface StartPlace {
  readonly file: SegmentFile;
  readonly offset: number;
}

interface Found {
  readonly number: number;
  readonly stretch: Stretch | undefined;
}

/** Finds where to begin in a capture; undefined where nothing of it is there yet. */
export async function findPlace(disk: Disk, path: string, from: CaptureFrom): Promise<Place | undefined> {
  const files = await begunSegments(disk, path);
  const open = new Map<string, StartPlace>();
  let oldest: number | undefined;
  for (const [at, file] of files.entries()) {
    const isLast = at === files.length - 1;
    const { segment, handle } = await opened(disk, file, isLast);
    if (segment === undefined || handle === undefined) return undefined;
    try {
      const { header, index } = segment;
      oldest ??= header.base;
      const found = (await find(segment, handle, from)) ?? (isLast ? end(segment, from, path) : undefined);
      if (found === undefined) {
        for (const mark of index.marks) follow(open, mark, file);
        continue;
      }
      const position = header.base + found.number;
      for (const mark of index.marks) if (mark.number < found.number) follow(open, mark, file);
      const asked = typeof from === "object" && "position" in from ? from.position : position;
      return {
        position,
        segment: file.number,
        offset: found.stretch?.offset ?? FIRST_RECORD,
        number: found.stretch?.number ?? 0,
        starts: [...open.values()],
        missing: Math.max(0, oldest - asked),
        capture: header.capture,
        codec: header.facts.codec,
      };
    } finally {
      await handle.close();
    }
  }
  return undefined;
}

/** The last file may just be made. */
async function opened(
  disk: Disk,
  file: SegmentFile,
  isLast: boolean,
): Promise<{ readonly segment?: Segment; readonly handle?: FileHandle }> {
  try {
    return await openSegment(disk, file);
  } catch (error) {
    if (isLast && file.number === 1 && (await disk.stat(file.path)).size === 0) return {};
    throw error;
  }
}

/** Finds the place in a segment; undefined where it is not in this one. */
async function find(segment: Segment, handle: FileHandle, from: CaptureFrom): Promise<Found | undefined> {
  const { header, index } = segment;
  if (from === "oldest") return { number: 0, stretch: undefined };
  if (from === "newest") return undefined;
  if ("position" in from) {
    const number = Math.max(0, from.position - header.base);
    return number < index.messages ? { number, stretch: index.stretchOf(number) } : undefined;
  }
  if ("run" in from) {
    const mark = index.marks.find(({ is, run }) => is === "start" && run === from.run);
    return mark === undefined ? undefined : { number: mark.number, stretch: { ...mark, latestMs: 0 } };
  }
  const timeMs = from.time instanceof Date ? from.time.getTime() : from.time;
  const stretch = index.stretchAt(timeMs);
  if (stretch === undefined) return undefined;
  const number = await firstAt(segment, handle, stretch, timeMs);
  return number === undefined ? undefined : { number, stretch };
}

/** Says what it means that no segment has the place. */
function end({ header, index, end: offset }: Segment, from: CaptureFrom, path: string): Found {
  if (typeof from === "object") {
    if ("run" in from) throw new UsageError(`capture ${path}: there is no run "${from.run}" in it; list them first`);
    const next = header.base + index.messages;
    if ("position" in from && from.position > next) {
      throw new UsageError(
        `capture ${path}: expected a position up to ${next}, the next message's, got ${from.position}`,
      );
    }
  }
  const { messages } = index;
  return { number: messages, stretch: { offset, number: messages, latestMs: 0 } };
}

async function firstAt(
  { path, header, end: until }: Segment,
  handle: FileHandle,
  { offset, number }: Stretch,
  timeMs: number,
): Promise<number | undefined> {
  const options = { path, handle, seed: header.seed, from: offset, end: until, number, maxBytes: Infinity };
  const reader = new SegmentReader({ ...options, headersOnly: true });
  for (;;) {
    const found = reader.next();
    if (found === "more") {
      if ((await reader.fill()) !== "read") return undefined;
    } else if (found === "record" && reader.header.kind === KIND.message && reader.header.timeMs >= timeMs) {
      return reader.header.number;
    }
  }
}

function follow(open: Map<string, StartPlace>, { is, run, offset }: Mark, file: SegmentFile): void {
  if (is === "over") {
    open.clear();
    return;
  }
  open.delete(run);
  if (is === "stop") return;
  open.set(run, { file, offset });
  if (open.size > MAX_OPEN) open.delete(open.keys().next().value as string);
}
