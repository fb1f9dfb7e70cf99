import type { Message } from "kafkajs";
import type { SentRecord } from "./client.ts";
import { earliestTime, RecordEncoding } from "./record-encoding.ts";

/** What the library makes of a record: it looks at nothing else. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

type Make<T> = (record: SentRecord, index: number, all: SentRecord[]) => T;
type Groups = Record<number, PartitionRecords>;

const NOTHING: Encoded = Object.freeze({ buf: Buffer.alloc(0), buffer: Buffer.alloc(0) });
const PROBE = Buffer.from("arroyo");

/** Gives records in the form in which the library takes them, and does with them what is slow in the library. */
export function libraryRecords(records: readonly SentRecord[]): Message[] {
  const groups: Groups = {};
  for (const record of records) {
    const group = groups[record.partition] ?? new PartitionRecords();
    groups[record.partition] = group;
    group.push(record);
  }
  return new DividedRecords(groups, records) as unknown as Message[];
}

/** Is a list, and what the library makes of it are plain lists. */
class LibraryList extends Array<SentRecord> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/**
 * Gives the records of each partition when it is asked to: the library does so by `reduce`, and copies for each record all
 * those before it.
 */
class DividedRecords extends LibraryList {
  readonly #groups: Groups;

  constructor(groups: Groups, records: readonly SentRecord[]) {
    super();
    this.#groups = groups;
    for (const record of records) this.push(record);
  }

  override reduce(): never {
    return this.#groups as never;
  }
}

/**
 * Encodes all records in one go when the library asks for each of them, by `map`: it would take several pieces of memory
 * for one record, and copy each message as often. Where it does not expect the bytes that are made here it makes its own.
 */
export class PartitionRecords extends LibraryList {
  override map<T>(make: Make<T>): T[] {
    const [first] = this;
    if (first === undefined) return [];
    const probe: SentRecord = { ...first, key: null, value: [PROBE], headers: undefined };
    const made: unknown = make(asLibrary(probe), 0, this);
    if (!isEncoded(made)) return super.map(make);
    const firstTimeMs = earliestTime(this) ?? 0;
    if (!made.buffer.equals(encoded([probe], firstTimeMs))) {
      return Array.from(this, (record, index) => make(asLibrary(record), index, this));
    }
    const whole = encoded(this, firstTimeMs);
    return Array.from(this, (_, index) => (index === 0 ? { buf: whole, buffer: whole } : NOTHING) as T);
  }
}

function encoded(records: readonly SentRecord[], firstTimeMs: number): Buffer {
  const encoding = new RecordEncoding(records, firstTimeMs);
  const bytes = Buffer.allocUnsafe(encoding.bytes);
  encoding.write(bytes, 0);
  return bytes;
}

function asLibrary(record: SentRecord): SentRecord {
  return { ...record, value: Buffer.concat(record.value) as never };
}

function isEncoded(made: unknown): made is Encoded {
  if (typeof made !== "object" || made === null) return false;
  const { buf, buffer } = made as Partial<Encoded>;
  return Buffer.isBuffer(buf) && Buffer.isBuffer(buffer);
}
