import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../../../errors.ts";
import { codeOf, type Disk, diskError } from "../disk.ts";
import { OwnerLock } from "../owner-lock.ts";
import { MAX_FRAMES, MAX_RECORD_BYTES, recordBytes } from "./record.ts";
import { isBegun, openSegment, type Segment } from "./segment.ts";
import { type CaptureFacts, encodeSegmentHeader, FIRST_RECORD, type SegmentHeader } from "./segment-header.ts";
import { MAX_MARKS, type MarkKind, SegmentIndex } from "./segment-index.ts";
import { type SegmentFile, segmentPath, segmentsOf } from "./segment-names.ts";
import { createSegment, SegmentWriter, type WriterPlace } from "./segment-writer.ts";

/** What a writer of a capture is told. */
export interface CaptureWriterOptions {
  readonly path: string;
  readonly segmentBytes: number;
  /** Whether the bodies of messages have checksums too. */
  readonly checksBodies: boolean;
  readonly facts: CaptureFacts;
  readonly disk: Disk;
  readonly now: () => number;
  /** Tells what a person should know: what was repaired. */
  readonly warn: (message: string) => void;
}

/** Is a place in a capture to go back to. */
export interface CapturePlace {
  readonly segment: SegmentWriter;
  readonly place: WriterPlace;
}

/** Messages of one segment are counted in 32 bits. */
const MAX_MESSAGES = 0xffff_ff00;

/** Writes messages into the segments of a capture. What could not be written is kept, and written after the next `open`. */
export class CaptureWriter {
  readonly #options: CaptureWriterOptions;
  #lock: OwnerLock | undefined;
  #segment: SegmentWriter | undefined;
  #isOpen = false;

  constructor(options: CaptureWriterOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Bytes that are not in the file yet. */
  get pending(): number {
    return this.#segment?.pending ?? 0;
  }

  /** True when all that was added is on the disk. */
  get isSynced(): boolean {
    return this.#segment?.isSynced ?? true;
  }

  get place(): CapturePlace {
    const segment = this.#current();
    return { segment, place: segment.place };
  }

  /** Takes the capture, repairs its end where that was torn, and begins a segment; tells whether it was there before. */
  async open(): Promise<boolean> {
    const { path, disk } = this.#options;
    try {
      await disk.mkdir(dirname(path), { recursive: true });
      this.#lock ??= await OwnerLock.take(disk, `${path}.lock`, `capture ${path}`);
      const wasThere = await this.#begin();
      await this.#current().open();
      this.#isOpen = true;
      return wasThere;
    } catch (error) {
      await this.#release();
      throw diskError(`capture ${path}`, "opening", error);
    }
  }

  /** Adds a message; true when its frames are used until they are written. Ask `isFull` before. */
  message(frames: readonly Uint8Array[], timeMs: number): boolean {
    return this.#current().message(frames, timeMs);
  }

  /** Adds a mark before the message that comes next. */
  mark(is: MarkKind, run: string, timeMs: number): void {
    this.#current().mark(is, run, timeMs);
  }

  /** Tells whether a message has to go to the next segment; throws for one that no segment can hold. */
  isFull(frames: readonly Uint8Array[]): boolean {
    const bytes = recordBytes(frames);
    if (bytes > MAX_RECORD_BYTES || frames.length > MAX_FRAMES || frames.length === 0) {
      throw new UsageError(
        `capture ${this.#options.path}: a message of ${frames.length} frames and ${bytes} bytes cannot be recorded; ` +
          `there can be 1 to ${MAX_FRAMES} frames and 4 GB`,
      );
    }
    const { end, messages, index } = this.#current();
    if (messages === 0) return false;
    return end + bytes > this.#options.segmentBytes || index.marks.length >= MAX_MARKS - 2 || messages >= MAX_MESSAGES;
  }

  /** Closes the segment and begins the next one. */
  async rotate(): Promise<void> {
    const { path, now } = this.#options;
    const old = this.#current();
    try {
      await old.finish(now());
      await old.sync();
      await old.close();
      this.#segment = undefined;
      await this.#create({ ...old.header, number: old.header.number + 1, base: old.header.base + old.messages });
      await this.#current().open();
    } catch (error) {
      throw diskError(`capture ${path}`, "beginning the next segment", error);
    }
  }

  /** Takes back what was added since a place, as far as it is in the same segment. */
  rollBack({ segment, place }: CapturePlace): void {
    if (segment === this.#segment) segment.rollBack(place);
  }

  /** Resolves when all that was added is in the file. */
  async drain(): Promise<void> {
    // Between two segments there is none, and nothing to write.
    await this.#segment?.drain();
  }

  /** Resolves when all that was added is on the disk. */
  async sync(): Promise<void> {
    await this.#segment?.sync();
  }

  /** Writes what is left and the index, and lets go of the files; what could not be written is kept. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const segment = this.#segment;
    if (segment === undefined) return this.#release();
    try {
      await segment.drain();
      if (segment.messages > 0) {
        try {
          await segment.finish(this.#options.now());
        } catch (error) {
          // All messages are there; the next to open it makes the index.
          this.#options.warn(`the index could not be written, and is made at the next opening: ${String(error)}`);
        }
      }
      await segment.sync();
      this.#segment = undefined;
    } finally {
      await this.#release(segment);
    }
  }

  async #release(segment: SegmentWriter | undefined = this.#segment): Promise<void> {
    await segment?.close().catch(() => undefined);
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release().catch(() => undefined);
  }

  /** Decides where to go on. */
  async #begin(): Promise<boolean> {
    const { path, disk, facts } = this.#options;
    const last = (await segmentsOf(disk, path)).at(-1);
    if (await this.#goesOn(last)) return true;
    if (last === undefined) {
      const capture = randomBytes(16).toString("hex");
      await this.#create({ capture, number: 1, seed: 0, base: 0, createdMs: 0, facts });
      return false;
    }
    if (await this.#isBegun(last.path)) {
      const before = await this.#header(last.number - 1);
      await this.#create({ ...before, number: last.number, base: before.base }, true);
      return last.number > 1;
    }
    const { segment, handle } = await openSegment(disk, last);
    await handle.close();
    if (segment.header.facts.codec !== facts.codec) {
      throw new UsageError(
        `capture ${path}: holds ${segment.header.facts.codec}, and this is ${facts.codec}; record into another file`,
      );
    }
    if (!segment.isClosed && !(await this.#repaired(segment))) return true;
    const { header, index } = segment;
    await this.#create({ ...header, facts, number: header.number + 1, base: header.base + index.messages });
    return true;
  }

  /** Tells whether the segment of before an error is as it was left, so that what could not be written still can be. */
  async #goesOn(last: SegmentFile | undefined): Promise<boolean> {
    const segment = this.#segment;
    if (segment === undefined) return false;
    const { disk, warn } = this.#options;
    if (last?.path === segment.path) {
      const { segment: found, handle } = await openSegment(disk, last);
      await handle.close();
      const isAsLeft = !found.isClosed && found.header.seed === segment.header.seed;
      if (isAsLeft && found.size >= segment.written && found.size <= segment.end) return true;
    }
    this.#segment = undefined;
    warn(`${segment.path}: was changed by somebody else; ${segment.pending} bytes that were not written are given up`);
    return false;
  }

  /** Cuts off what is no whole message, and closes the segment; false where it is empty, and used as it is. */
  async #repaired({ path, header, index, end, damages }: Segment): Promise<boolean> {
    const { disk, checksBodies, now, warn } = this.#options;
    const { size } = await disk.stat(path);
    const writer = new SegmentWriter(disk, path, header, checksBodies, end, index);
    await writer.open();
    if (size > end)
      warn(`${path}: the last ${size - end} bytes, from byte ${end}, were no whole message and are cut off`);
    for (const damage of damages) warn(`${damage.path}: bytes ${damage.from} to ${damage.to}: ${damage.what}`);
    if (index.messages === 0) {
      await writer.close();
      this.#segment = writer;
      return false;
    }
    try {
      await writer.finish(now());
      await writer.sync();
    } finally {
      await writer.close();
    }
    return true;
  }

  /** Gives the header of a segment to go on from. */
  async #header(number: number): Promise<SegmentHeader> {
    const { path, disk, facts } = this.#options;
    if (number === 0) {
      return { capture: randomBytes(16).toString("hex"), number: 1, seed: 0, base: 0, createdMs: 0, facts };
    }
    const { segment, handle } = await openSegment(disk, { path: segmentPath(path, number), number });
    await handle.close();
    return { ...segment.header, base: segment.header.base + segment.index.messages };
  }

  async #isBegun(path: string): Promise<boolean> {
    const handle = await this.#options.disk.open(path, "r");
    try {
      return await isBegun(handle);
    } finally {
      await handle.close();
    }
  }

  /** Makes a new file; one that is there is not touched, unless it holds nothing. */
  async #create(like: SegmentHeader, holdsNothing = false): Promise<void> {
    const { path, disk, checksBodies, now } = this.#options;
    const seed = randomBytes(4).readUInt32LE();
    const header: SegmentHeader = { ...like, seed, createdMs: now() };
    const file = segmentPath(path, header.number);
    await createSegment(disk, file, encodeSegmentHeader(header), holdsNothing ? "w" : "wx");
    await syncFolder(disk, dirname(file));
    this.#segment = new SegmentWriter(disk, file, header, checksBodies, FIRST_RECORD, new SegmentIndex());
  }

  #current(): SegmentWriter {
    if (this.#segment === undefined) throw new UsageError(`capture ${this.#options.path}: is not open; open it first`);
    return this.#segment;
  }
}

/** Brings the names in a folder to the disk, where the system can. */
async function syncFolder(disk: Disk, folder: string): Promise<void> {
  if (process.platform === "win32") return; // a folder cannot be opened there
  const handle = await disk.open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems have no sync for folders.
    if (codeOf(error) !== "EINVAL" && codeOf(error) !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}
