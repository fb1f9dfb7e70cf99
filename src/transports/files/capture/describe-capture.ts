import { UsageError } from "../../../errors.ts";
import { diskError, REAL_DISK } from "../disk.ts";
import { begunSegments, openSegment } from "./segment.ts";

/** Says where a run stands in a capture. */
export interface CapturedRun {
  readonly run: string;
  /** The position of its Start. */
  readonly from: number;
  /** The position behind its Stop; undefined where it has none. */
  readonly to: number | undefined;
}

/** Says what a capture holds. */
export interface CaptureDescription {
  /** The name of the codec that its frames were made with; "raw" where that is not known. */
  readonly codec: string;
  readonly stream: string;
  readonly segments: number;
  readonly bytes: number;
  /** Positions of the first message that is there, and behind the last one. */
  readonly first: number;
  readonly next: number;
  /** Times of the first message and the latest, in ms since 1970 UTC; undefined without messages. */
  readonly firstMs: number | undefined;
  readonly latestMs: number | undefined;
  readonly runs: readonly CapturedRun[];
  /** False where its last file has no end: it is being recorded, or its writer was killed. */
  readonly isClosed: boolean;
}

/** Reads what a capture holds from its indexes, without its messages. */
export async function describeCapture(path: string): Promise<CaptureDescription> {
  const files = await begunSegments(REAL_DISK, path).catch((error: unknown) => {
    throw diskError(`capture ${path}`, "reading", error);
  });
  if (files.length === 0) throw new UsageError(`capture ${path}: is not there; correct the path`);
  const found = { codec: "", stream: "", bytes: 0, first: -1, next: 0, isClosed: false };
  let firstMs: number | undefined;
  let latestMs: number | undefined;
  const runs: { run: string; from: number; to: number | undefined }[] = [];
  const open = new Map<string, { to: number | undefined }>();
  for (const file of files) {
    const { segment, handle } = await openSegment(REAL_DISK, file).catch((error: unknown) => {
      throw diskError(`capture ${path}`, "reading", error);
    });
    await handle.close();
    const { header, index, size } = segment;
    found.codec = header.facts.codec;
    found.stream = header.facts.stream;
    found.bytes += size;
    if (found.first < 0) found.first = header.base;
    found.next = header.base + index.messages;
    found.isClosed = segment.isClosed;
    if (index.messages > 0) {
      firstMs ??= index.firstMs;
      latestMs = Math.max(latestMs ?? index.latestMs, index.latestMs);
    }
    for (const { is, run, number } of index.marks) {
      const position = header.base + number;
      if (is === "over") open.clear();
      else if (is === "start") {
        const begun = { run, from: position, to: undefined };
        runs.push(begun);
        open.set(run, begun);
      } else {
        const ended = open.get(run);
        if (ended !== undefined) ended.to = position + 1;
        open.delete(run);
      }
    }
  }
  return { ...found, segments: files.length, firstMs, latestMs, runs };
}
