import type { FileHandle } from "node:fs/promises";
import { UsageError } from "../../../errors.ts";
import { bytesChecksum } from "./checksum.ts";
import type { Damage } from "./damage.ts";
import {
  ALIGNMENT,
  emptyHeader,
  FLAG,
  framesOf,
  KIND,
  MUST_KNOW,
  padded,
  type RecordHeader,
  readHeader,
} from "./record.ts";
import { MAX_RUN_BYTES } from "./segment-index.ts";

const CHUNK_BYTES = 1024 * 1024;
const SEARCH_BYTES = 256 * 1024;
/** While a beginning is searched for, headers with more frames are passed over: they would take too long to check. */
const MAX_SEARCHED_FRAMES = 64;
const MAX_MARK_BYTES = padded(MAX_RUN_BYTES);

/** Tells a reader where it is and what it may use. */
export interface SegmentReaderOptions {
  readonly path: string;
  readonly handle: Pick<FileHandle, "read">;
  readonly seed: number;
  /** Where it begins; a record does too. */
  readonly from: number;
  /** Where the messages end, as far as that is known: the beginning of the index. */
  readonly end: number;
  /** The number of the first message that is expected; undefined where it is not known. */
  readonly number: number | undefined;
  /** Records with a longer body are not read. */
  readonly maxBytes: number;
  /** True for a look at headers only: bodies are neither read nor checked. */
  readonly headersOnly?: boolean;
}

/**
 * What `next` came to: a record; `more`: the bytes at hand are used up, so `fill` is next; `large`: a message over the
 * bound, which was passed over; `broken`: one whose body is not what was written.
 */
export type Found = "record" | "more" | "large" | "broken";

/** Reads the records of a file one after the other, in large chunks. What is damaged is reported and passed over. */
export class SegmentReader {
  /** The header of the record that was found last. */
  readonly header: RecordHeader = emptyHeader();
  /** What could not be read since this was looked at last; to be emptied by who looks. */
  readonly damages: Damage[] = [];
  readonly #options: SegmentReaderOptions;
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Where in the file the view begins. */
  #base: number;
  /** Where in the view the next record begins. */
  #at = 0;
  /** Where in the view the last one began. */
  #recordAt = 0;
  #number: number | undefined;
  /** How many bytes the next record needs, as far as its header told; below 0: what is there is no header. */
  #wanted = 0;
  #usual = CHUNK_BYTES;
  readonly #end: number;

  constructor(options: SegmentReaderOptions) {
    this.#options = options;
    this.#base = options.from;
    this.#number = options.number;
    this.#end = options.end;
  }

  /** Where in the file the next record is expected. */
  get offset(): number {
    return this.#base + this.#at;
  }

  /** Where in the file the last record stands. */
  get recordOffset(): number {
    return this.#base + this.#recordAt;
  }

  /** The number of the message that is expected next. */
  get number(): number | undefined {
    return this.#number;
  }

  /** Forgets what was read and not used: the file may have another end now. */
  readAgain(): void {
    this.#base = this.offset;
    this.#at = 0;
    this.#wanted = 0;
    this.#view = new DataView(new ArrayBuffer(0));
  }

  /** Finds the next message or mark in the bytes at hand. */
  next(): Found {
    const { header } = this;
    for (;;) {
      const at = this.#at;
      const offset = this.#base + at;
      this.#wanted = 0;
      if (offset >= this.#end) return "more";
      const read = readHeader(this.#view, at, this.#options.seed, offset, header);
      if (read === "short") return "more";
      const { kind, length } = header;
      const isMessage = kind === KIND.message;
      if (read === "bad" || ((isMessage || kind === KIND.mark) && header.number < (this.#number ?? 0))) {
        this.#wanted = -1;
        return "more";
      }
      if (kind >= MUST_KNOW) throw this.#newer(offset);
      if (offset + length > this.#end) {
        this.#wanted = Number.POSITIVE_INFINITY;
        return "more";
      }
      const bodyBytes = length - header.headerBytes;
      const isOver = bodyBytes > (isMessage ? this.#options.maxBytes : MAX_MARK_BYTES);
      const isRead = isMessage ? this.#options.headersOnly !== true : kind === KIND.mark;
      if (isRead && !isOver && at + length > this.#view.byteLength) {
        this.#wanted = length;
        return "more";
      }
      this.#recordAt = at;
      this.#at = at + length;
      if (!isMessage && (kind !== KIND.mark || isOver)) continue;
      this.#expect(header.number);
      if (isMessage) {
        this.#number = header.number + 1;
        if (isOver) return "large";
        this.#usual = length;
      }
      return !isRead || this.#isIntact() ? "record" : "broken";
    }
  }

  /** Gives the frames of the record that was found last, as views of what was read. */
  frames(): Uint8Array[] {
    return framesOf(this.#view, this.#recordAt, this.header);
  }

  /**
   * Reads on. Says `read` when there is more to look at, `end` where the messages end, and `torn` where the file ends
   * within a record: it may become longer.
   */
  async fill(): Promise<"read" | "end" | "torn"> {
    const offset = this.offset;
    if (offset >= this.#end) return "end";
    if (this.#wanted < 0) return this.#search(offset);
    if (this.#wanted === Number.POSITIVE_INFINITY) return "torn";
    const rest = Math.max(0, this.#view.byteLength - this.#at);
    // Large records have a chunk of their own, so that nothing of them is copied.
    const chunk = this.#options.headersOnly === true ? SEARCH_BYTES : Math.max(CHUNK_BYTES, this.#usual);
    const bytes = Math.min(Math.max(this.#wanted, chunk), this.#end - offset);
    if (bytes <= rest) return "torn";
    const buffer = new Uint8Array(bytes);
    if (rest > 0) buffer.set(new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#at, rest));
    const read = rest + (await readFully(this.#options.handle, buffer, rest, offset + rest));
    this.#view = new DataView(buffer.buffer, 0, read);
    this.#base = offset;
    this.#at = 0;
    if (read === rest) return rest === 0 ? "end" : "torn";
    return read < this.#wanted ? "torn" : "read";
  }

  /** Looks for the next header behind something that is none. */
  async #search(from: number): Promise<"read" | "end" | "torn"> {
    const { handle, seed, path } = this.#options;
    const header = emptyHeader();
    let at = from + ALIGNMENT;
    let buffer = new Uint8Array(SEARCH_BYTES);
    for (;;) {
      const bytes = Math.min(SEARCH_BYTES, this.#end - at);
      const read = bytes <= 0 ? 0 : await readFully(handle, buffer, 0, at, bytes);
      const view = new DataView(buffer.buffer, 0, read);
      let place = 0;
      for (; place + 32 <= read; place += ALIGNMENT) {
        const found = readHeader(view, place, seed, at + place, header, MAX_SEARCHED_FRAMES);
        if (found === "short") break;
        if (found === "bad") continue;
        // What ends behind the file was cut off, and is no better than what is damaged.
        const before = this.#number;
        const gone = header.kind === KIND.end || before === undefined ? undefined : Math.max(0, header.number - before);
        this.damages.push({ path, from, to: at + place, what: "no record begins here", messages: gone });
        this.#number = header.number;
        this.#wanted = 0;
        this.#view = view;
        this.#base = at;
        this.#at = place;
        return "read";
      }
      if (read < bytes || bytes <= 0 || place === 0) {
        // Nothing begins up to the end.
        this.#wanted = -1;
        return "torn";
      }
      at += place;
      buffer = new Uint8Array(SEARCH_BYTES);
    }
  }

  #expect(number: number): void {
    const expected = this.#number;
    if (expected === undefined || number <= expected) return;
    const { path } = this.#options;
    const from = this.recordOffset;
    this.damages.push({ path, from, to: from, what: "messages are missing before this", messages: number - expected });
  }

  #newer(offset: number): UsageError {
    const { path } = this.#options;
    return new UsageError(`${path}: was made by a newer arroyojs (byte ${offset}); update this one`);
  }

  #isIntact(): boolean {
    const { flags, headerBytes, length, bodyChecksum } = this.header;
    if ((flags & FLAG.checked) === 0) return true;
    const view = this.#view;
    const from = view.byteOffset + this.#recordAt + headerBytes;
    return bytesChecksum(new Uint8Array(view.buffer, from, length - headerBytes)) === bodyChecksum;
  }
}

/** Reads until the wanted bytes are there or the file ends; gives how many came. */
export async function readFully(
  handle: Pick<FileHandle, "read">,
  into: Uint8Array,
  from: number,
  position: number,
  wanted: number = into.length - from,
): Promise<number> {
  let came = 0;
  while (came < wanted) {
    const { bytesRead } = await handle.read(into, from + came, wanted - came, position + came);
    if (bytesRead === 0) break;
    came += bytesRead;
  }
  return came;
}
