/** After so many bytes of records a new stretch begins. */
export const STRETCH_BYTES: number = 1024 * 1024;
/** A segment with so many marks is full: its index stays small. */
export const MAX_MARKS = 65_536;
/** A longer name of a run is not in the index: its messages are, and cannot be found by name. */
export const MAX_RUN_BYTES = 1_024;
/** An index larger than this is none of ours. */
export const MAX_INDEX_BYTES: number = 128 * 1024 * 1024;

const HEAD_BYTES = 8;
const STRETCH_ENTRY_BYTES = 24;
const MARK_ENTRY_BYTES = 24;

/** Says what a mark tells of the run that it names: `over` ends all runs, for their writer is gone. */
export type MarkKind = "start" | "stop" | "over";

/** Says where a run begins or ends. */
export interface Mark {
  readonly is: MarkKind;
  /** The number of the message that it stands before: the Start or the Stop. */
  readonly number: number;
  /** Where in the file the mark stands. */
  readonly offset: number;
  readonly run: string;
}

/** Says where a part of a segment begins. */
export interface Stretch {
  readonly offset: number;
  /** The number of its first message. */
  readonly number: number;
  /** The latest time of a message up to its end; in the order of stretches it never goes back. */
  latestMs: number;
}

const CODES: Readonly<Record<MarkKind, number>> = { start: 1, stop: 2, over: 3 };
const KINDS: readonly (MarkKind | undefined)[] = [undefined, "start", "stop", "over"];

/** Finds places in a segment: by the number of a message, by time, by run. */
export class SegmentIndex {
  readonly stretches: Stretch[] = [];
  readonly marks: Mark[] = [];
  /** Messages so far. */
  messages = 0;
  firstMs: number = Number.NaN;
  latestMs: number = Number.NEGATIVE_INFINITY;

  /** Notes a message that stands at an offset. */
  message(offset: number, number: number, timeMs: number): void {
    let stretch = this.stretches[this.stretches.length - 1];
    if (timeMs > this.latestMs) this.latestMs = timeMs;
    if (stretch === undefined || offset - stretch.offset >= STRETCH_BYTES) {
      stretch = { offset, number, latestMs: this.latestMs };
      this.stretches.push(stretch);
    }
    stretch.latestMs = this.latestMs;
    if (Number.isNaN(this.firstMs)) this.firstMs = timeMs;
    this.messages = number + 1;
  }

  /** Notes a mark. */
  mark(mark: Mark): void {
    if (this.marks.length < MAX_MARKS) this.marks.push(mark);
  }

  /** Forgets what stands at an offset or behind it, as if it had not been written. */
  rollBack(offset: number, messages: number, latestMs: number): void {
    while ((this.stretches.at(-1)?.offset ?? -1) >= offset) this.stretches.pop();
    while ((this.marks.at(-1)?.offset ?? -1) >= offset) this.marks.pop();
    this.messages = messages;
    this.latestMs = latestMs;
    if (messages === 0) this.firstMs = Number.NaN;
    const last = this.stretches.at(-1);
    if (last !== undefined) last.latestMs = latestMs;
  }

  /** Gives the last stretch that begins at or before a message. */
  stretchOf(number: number): Stretch | undefined {
    return this.stretches[lastWhere(this.stretches, (stretch) => stretch.number <= number)];
  }

  /** Gives the first stretch that has a message at or after a time. */
  stretchAt(timeMs: number): Stretch | undefined {
    return this.stretches[lastWhere(this.stretches, (stretch) => stretch.latestMs < timeMs) + 1];
  }

  /** Makes the bytes that stand in the file. */
  encode(): Uint8Array {
    const names = this.marks.map(({ run }) => Buffer.from(run));
    const nameBytes = names.reduce((sum, name) => sum + name.length, 0);
    const marksAt = HEAD_BYTES + STRETCH_ENTRY_BYTES * this.stretches.length;
    const bytes = Buffer.alloc(marksAt + MARK_ENTRY_BYTES * this.marks.length + nameBytes);
    bytes.writeUInt32LE(this.stretches.length, 0);
    bytes.writeUInt32LE(this.marks.length, 4);
    let at = HEAD_BYTES;
    for (const { offset, number, latestMs } of this.stretches) {
      bytes.writeBigUInt64LE(BigInt(offset), at);
      bytes.writeUInt32LE(number, at + 8);
      bytes.writeDoubleLE(latestMs, at + 16);
      at += STRETCH_ENTRY_BYTES;
    }
    let nameAt = marksAt + MARK_ENTRY_BYTES * this.marks.length;
    for (const [index, { is, offset, number }] of this.marks.entries()) {
      const name = names[index] as Buffer;
      bytes.writeBigUInt64LE(BigInt(offset), at);
      bytes.writeUInt32LE(number, at + 8);
      bytes.writeUInt32LE(CODES[is], at + 12);
      bytes.writeUInt32LE(name.length, at + 16);
      bytes.set(name, nameAt);
      at += MARK_ENTRY_BYTES;
      nameAt += name.length;
    }
    return bytes;
  }

  /** Reads an index; undefined where its entries do not fit to a file whose records end at `end`. */
  static decode(given: Uint8Array, end: number, messages: number, firstMs: number): SegmentIndex | undefined {
    const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
    if (bytes.length < HEAD_BYTES) return undefined;
    const stretches = bytes.readUInt32LE(0);
    const marks = bytes.readUInt32LE(4);
    let at = HEAD_BYTES;
    let nameAt = HEAD_BYTES + STRETCH_ENTRY_BYTES * stretches + MARK_ENTRY_BYTES * marks;
    if (marks > MAX_MARKS || nameAt > bytes.length) return undefined;
    const index = new SegmentIndex();
    const fits = (offset: bigint, number: number): boolean =>
      offset < BigInt(end) && offset % 8n === 0n && number <= messages;
    for (let count = 0; count < stretches; count += 1, at += STRETCH_ENTRY_BYTES) {
      const offset = bytes.readBigUInt64LE(at);
      const number = bytes.readUInt32LE(at + 8);
      if (!fits(offset, number)) return undefined;
      index.stretches.push({ offset: Number(offset), number, latestMs: bytes.readDoubleLE(at + 16) });
    }
    for (let count = 0; count < marks; count += 1, at += MARK_ENTRY_BYTES) {
      const offset = bytes.readBigUInt64LE(at);
      const number = bytes.readUInt32LE(at + 8);
      const is = KINDS[bytes.readUInt32LE(at + 12)];
      const length = bytes.readUInt32LE(at + 16);
      if (is === undefined || length > MAX_RUN_BYTES || nameAt + length > bytes.length) return undefined;
      if (!fits(offset, number)) return undefined;
      index.marks.push({ is, number, offset: Number(offset), run: bytes.toString("utf8", nameAt, nameAt + length) });
      nameAt += length;
    }
    index.messages = messages;
    index.firstMs = firstMs;
    index.latestMs = index.stretches.at(-1)?.latestMs ?? Number.NEGATIVE_INFINITY;
    return index;
  }
}

/** Gives the place of the last item for which a condition holds that holds for a beginning of the list; -1 for none. */
function lastWhere<T>(list: readonly T[], holds: (item: T) => boolean): number {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(list[middle] as T)) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}
