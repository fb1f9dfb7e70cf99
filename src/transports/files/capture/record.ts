import { wordsChecksum } from "./checksum.ts";

/** What a record holds. Readers skip a kind that they do not know, unless it is 128 or more. */
export const KIND: Readonly<Record<"message" | "mark" | "index" | "end", number>> = Object.freeze({
  message: 1,
  mark: 2,
  index: 3,
  end: 4,
});
/** The first kind that a reader must know. */
export const MUST_KNOW = 128;

/** The bits of a record's flags. */
export const FLAG: Readonly<Record<"checked" | "starts" | "stops", number>> = Object.freeze({
  checked: 1,
  starts: 2,
  stops: 4,
});

/** Everything in a file begins at a multiple of this, so that the arrays in frames can be used where they are. */
export const ALIGNMENT = 8;
/** The frames of a record. */
export const MAX_FRAMES = 4_096;
/** The bytes of a record. */
export const MAX_RECORD_BYTES = 0xffff_fff8;

const FIXED_BYTES = 24;

/** Is the header of a record; the object is filled again for the next one. */
export interface RecordHeader {
  kind: number;
  flags: number;
  frames: number;
  /** Bytes of the whole record. */
  length: number;
  timeMs: number;
  /** Messages before it in its segment. */
  number: number;
  bodyChecksum: number;
  /** Bytes from the beginning of the record to its first frame. */
  headerBytes: number;
}

/** Makes a header to be filled. */
export function emptyHeader(): RecordHeader {
  return { kind: 0, flags: 0, frames: 0, length: 0, timeMs: 0, number: 0, bodyChecksum: 0, headerBytes: 0 };
}

/** Gives the next multiple of the alignment. */
export function padded(bytes: number): number {
  return (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/** Gives the next multiple of the alignment of what may be larger than 31 bits. */
export function paddedLarge(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Gives the bytes of a header with so many frames. */
export function headerBytesOf(frames: number): number {
  return padded(FIXED_BYTES + 4 * frames + 4);
}

/** Gives the bytes of a record. */
export function recordBytes(frames: readonly Uint8Array[]): number {
  let bytes = headerBytesOf(frames.length);
  for (let index = 0; index < frames.length; index += 1) bytes += paddedLarge((frames[index] as Uint8Array).length);
  return bytes;
}

/** Writes the header of a record that will stand at `offset` of a file with this seed. */
export function writeHeader(
  view: DataView,
  at: number,
  header: Readonly<RecordHeader>,
  frames: readonly Uint8Array[],
  seed: number,
  offset: number,
): void {
  view.setUint32(at, header.kind | (header.flags << 8) | (frames.length << 16), true);
  view.setUint32(at + 4, header.length, true);
  view.setFloat64(at + 8, header.timeMs, true);
  view.setUint32(at + 16, header.number, true);
  view.setUint32(at + 20, header.bodyChecksum, true);
  let to = at + FIXED_BYTES;
  for (let index = 0; index < frames.length; index += 1, to += 4) {
    view.setUint32(to, (frames[index] as Uint8Array).length, true);
  }
  view.setUint32(to, wordsChecksum(view, at, to, placed(seed, offset)), true);
  if ((to + 4 - at) % ALIGNMENT !== 0) view.setUint32(to + 4, 0, true);
}

/**
 * Reads the header at a place of a view, which is at `offset` of its file. Says `short` where the view ends before the
 * header does; `bad` is what is no header of this file at this offset.
 */
export function readHeader(
  view: DataView,
  at: number,
  seed: number,
  offset: number,
  into: RecordHeader,
  mostFrames: number = MAX_FRAMES,
): "whole" | "short" | "bad" {
  const rest = view.byteLength - at;
  if (rest < FIXED_BYTES + 8) return "short";
  const word = view.getUint32(at, true);
  const kind = word & 255;
  const frames = word >>> 16;
  const length = view.getUint32(at + 4, true);
  if (kind === 0 || frames === 0 || frames > mostFrames || length % ALIGNMENT !== 0) return "bad";
  const sumAt = FIXED_BYTES + 4 * frames;
  if (length < sumAt + 4) return "bad";
  if (rest < sumAt + 4) return "short";
  if (wordsChecksum(view, at, at + sumAt, placed(seed, offset)) !== view.getUint32(at + sumAt, true)) return "bad";
  const headerBytes = padded(sumAt + 4);
  let bytes = headerBytes;
  for (let from = at + FIXED_BYTES; from < at + sumAt; from += 4) bytes += paddedLarge(view.getUint32(from, true));
  if (bytes !== length) return "bad";
  into.kind = kind;
  into.flags = (word >>> 8) & 255;
  into.frames = frames;
  into.length = length;
  into.timeMs = view.getFloat64(at + 8, true);
  into.number = view.getUint32(at + 16, true);
  into.bodyChecksum = view.getUint32(at + 20, true);
  into.headerBytes = headerBytes;
  return "whole";
}

/** Gives the frames of a record that is whole in its buffer, as views of it. */
export function framesOf(view: DataView, at: number, header: Readonly<RecordHeader>): Uint8Array[] {
  const { frames, headerBytes } = header;
  const { buffer, byteOffset } = view;
  let from = byteOffset + at + headerBytes;
  const first = view.getUint32(at + FIXED_BYTES, true);
  if (frames === 1) return [new Uint8Array(buffer, from, first)];
  const list = [new Uint8Array(buffer, from, first)];
  from += paddedLarge(first);
  for (let index = 1; index < frames; index += 1) {
    const length = view.getUint32(at + FIXED_BYTES + 4 * index, true);
    list.push(new Uint8Array(buffer, from, length));
    from += paddedLarge(length);
  }
  return list;
}

/** A header holds for one place of one file: what is copied elsewhere, or stands within a frame, is none. */
function placed(seed: number, offset: number): number {
  return (seed ^ (offset / ALIGNMENT)) >>> 0;
}
