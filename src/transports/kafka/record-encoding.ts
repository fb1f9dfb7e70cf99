import type { SentRecord } from "./client.ts";

/** The length of a body that says that there is none. */
const NONE = -1;

/** Encodes records as they follow each other in a batch of Kafka; each byte of a message is copied once. */
export class RecordEncoding {
  /** How many bytes they take. */
  readonly bytes: number;
  readonly #records: readonly SentRecord[];
  readonly #firstTimeMs: number;
  readonly #lengths: readonly number[];

  /** `firstTimeMs`: from where their times are counted. */
  constructor(records: readonly SentRecord[], firstTimeMs: number) {
    this.#records = records;
    this.#firstTimeMs = firstTimeMs;
    const lengths: number[] = [];
    let bytes = 0;
    for (const record of records) {
      const length = lengthOf(record, lengths.length, firstTimeMs);
      lengths.push(length);
      bytes += sizeOfNumber(length) + length;
    }
    this.#lengths = lengths;
    this.bytes = bytes;
  }

  /** Writes them; gives where they end. */
  write(to: Buffer, from: number): number {
    let at = from;
    for (let index = 0; index < this.#lengths.length; index += 1) {
      const record = this.#records[index] as SentRecord;
      at = writeNumber(to, at, this.#lengths[index] as number);
      // Attributes, of which there are none.
      to[at] = 0;
      at = writeNumber(to, at + 1, deltaOf(record, this.#firstTimeMs));
      at = writeNumber(to, at, index);
      at = record.key === null ? writeNumber(to, at, NONE) : writeText(to, at, record.key);
      at = writeNumber(to, at, bytesOf(record.value));
      for (const piece of record.value) {
        to.set(piece, at);
        at += piece.length;
      }
      at = writeHeaders(to, at, record.headers);
    }
    return at;
  }
}

/** Gives the first of the times in the order of texts, as the library has it; undefined where there are none. */
export function earliestTime(records: readonly SentRecord[]): number | undefined {
  let first: string | undefined;
  for (const { timestamp } of records) {
    if (timestamp !== undefined && (first === undefined || timestamp < first)) first = timestamp;
  }
  return first === undefined ? undefined : Number(first);
}

/** Gives the last of the times; undefined where there are none. */
export function latestTime(records: readonly SentRecord[]): number | undefined {
  let last: number | undefined;
  for (const { timestamp } of records) {
    if (timestamp !== undefined) last = Math.max(last ?? 0, Number(timestamp));
  }
  return last;
}

/** Gives how many bytes the pieces of a value have together. */
export function bytesOf(value: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const { length } of value) bytes += length;
  return bytes;
}

function lengthOf({ key, value, headers, timestamp }: SentRecord, index: number, firstTimeMs: number): number {
  const valueBytes = bytesOf(value);
  const fixed = 1 + sizeOfNumber(deltaOf({ timestamp }, firstTimeMs)) + sizeOfNumber(index);
  const ofKey = key === null ? 1 : sized(Buffer.byteLength(key));
  return fixed + ofKey + sized(valueBytes) + lengthOfHeaders(headers);
}

function lengthOfHeaders(headers: SentRecord["headers"]): number {
  if (headers === undefined) return 1;
  let bytes = sizeOfNumber(pairs(headers).length);
  for (const [name, value] of pairs(headers)) bytes += sized(Buffer.byteLength(name)) + sized(Buffer.byteLength(value));
  return bytes;
}

function writeHeaders(to: Buffer, from: number, headers: SentRecord["headers"]): number {
  const all = headers === undefined ? [] : pairs(headers);
  let at = writeNumber(to, from, all.length);
  for (const [name, value] of all) {
    at = writeText(to, at, name);
    if (typeof value === "string") at = writeText(to, at, value);
    else {
      at = writeNumber(to, at, value.length);
      to.set(value, at);
      at += value.length;
    }
  }
  return at;
}

function pairs(headers: NonNullable<SentRecord["headers"]>): readonly (readonly [string, string | Buffer])[] {
  return Object.entries(headers).flatMap(([name, values]) => {
    return (Array.isArray(values) ? values : [values]).map((value) => [name, value] as const);
  });
}

function deltaOf({ timestamp }: Pick<SentRecord, "timestamp">, firstTimeMs: number): number {
  return timestamp === undefined ? 0 : Number(timestamp) - firstTimeMs;
}

function sized(bytes: number): number {
  return sizeOfNumber(bytes) + bytes;
}

/** A number as Kafka writes it: zigzag, seven bits a byte; differences of times need more than 32 bits. */
function zigzag(number: number): number {
  return number >= 0 ? number * 2 : -number * 2 - 1;
}

function sizeOfNumber(number: number): number {
  let size = 1;
  for (let left = zigzag(number); left >= 0x80; left = Math.floor(left / 0x80)) size += 1;
  return size;
}

function writeNumber(to: Buffer, from: number, number: number): number {
  let at = from;
  let left = zigzag(number);
  for (; left >= 0x80; left = Math.floor(left / 0x80)) {
    to[at] = (left % 0x80) | 0x80;
    at += 1;
  }
  to[at] = left;
  return at + 1;
}

function writeText(to: Buffer, from: number, text: string): number {
  const bytes = Buffer.byteLength(text);
  const at = writeNumber(to, from, bytes);
  to.write(text, at, bytes, "utf8");
  return at + bytes;
}
