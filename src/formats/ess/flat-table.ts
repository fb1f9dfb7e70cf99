import { RejectedError } from "../../errors.ts";
import { named } from "../../message/documents/index.ts";
import { utf8 } from "../../message/json/json-text.ts";

/** Lists of tables and texts have at most so many items: each becomes an object. */
const MOST_ITEMS = 4_096;

/** Is one message of FlatBuffers; every access to it is checked. */
class Buffered {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Places may be referred to again and again: what is made of them is bounded by the message all the same. */
  #left: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = 2 * bytes.length;
  }

  check(at: number, length: number, name: string): number {
    if (at >= 0 && at + length <= this.bytes.length) return at;
    throw new RejectedError(`${name}: lies outside of the message`);
  }

  spend(bytes: number, name: string): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new RejectedError(`${name}: the message refers to the same bytes too often`);
  }

  /** Follows the offset at a place to what it refers to. */
  follow(at: number, name: string): number {
    return this.check(at + this.view.getUint32(this.check(at, 4, name), true), 4, name);
  }
}

/** Reads one table of a FlatBuffers message: fields by the places that they have in its list of fields. */
export class FlatTable {
  readonly #buffer: Buffered;
  readonly #at: number;
  readonly #fields: number;
  readonly #fieldBytes: number;
  readonly #tableBytes: number;
  readonly #name: string;

  private constructor(buffer: Buffered, at: number, name: string) {
    this.#buffer = buffer;
    this.#at = at;
    this.#name = name;
    const { view } = buffer;
    this.#fields = buffer.check(at - view.getInt32(buffer.check(at, 4, name), true), 4, `${name}: its list of fields`);
    this.#fieldBytes = view.getUint16(this.#fields, true);
    this.#tableBytes = view.getUint16(this.#fields + 2, true);
    buffer.check(this.#fields, this.#fieldBytes, `${name}: its list of fields`);
    buffer.check(at, this.#tableBytes, name);
    buffer.spend(4, name);
  }

  /** Finds the outermost table. */
  static root(bytes: Uint8Array): FlatTable {
    const buffer = new Buffered(bytes);
    return new FlatTable(buffer, buffer.follow(0, "the root table"), "the root table");
  }

  /** Gives where a field is; undefined where it is left out. */
  #place(slot: number, size: number, name: string): number | undefined {
    if (slot + 2 > this.#fieldBytes) return undefined;
    const offset = this.#buffer.view.getUint16(this.#fields + slot, true);
    if (offset === 0) return undefined;
    if (offset + size > this.#tableBytes) throw new RejectedError(`${name}: lies outside of ${this.#name}`);
    return this.#at + offset;
  }

  uint8(slot: number, name: string): number {
    const at = this.#place(slot, 1, name);
    return at === undefined ? 0 : this.#buffer.view.getUint8(at);
  }

  int32(slot: number, name: string): number {
    const at = this.#place(slot, 4, name);
    return at === undefined ? 0 : this.#buffer.view.getInt32(at, true);
  }

  uint32(slot: number, name: string, absent = 0): number {
    const at = this.#place(slot, 4, name);
    return at === undefined ? absent : this.#buffer.view.getUint32(at, true);
  }

  int64(slot: number, name: string): number | bigint {
    const at = this.#place(slot, 8, name);
    return at === undefined ? 0 : exact(this.#buffer.view.getBigInt64(at, true));
  }

  uint64(slot: number, name: string): number | bigint {
    const at = this.#place(slot, 8, name);
    return at === undefined ? 0 : exact(this.#buffer.view.getBigUint64(at, true));
  }

  /** Gives the bytes of a scalar; all zero where it is left out, as zeros are. */
  scalar(slot: number, size: number, name: string): Uint8Array {
    const at = this.#place(slot, size, name);
    return at === undefined ? new Uint8Array(size) : this.#buffer.bytes.subarray(at, at + size);
  }

  text(slot: number, name: string): string | undefined {
    const bytes = this.vector(slot, 1, name);
    if (bytes === undefined) return undefined;
    this.#buffer.spend(bytes.length, name);
    return named(name, () => utf8(bytes));
  }

  /** Gives the bytes of a list of elements. */
  vector(slot: number, size: number, name: string): Uint8Array | undefined {
    const at = this.#place(slot, 4, name);
    return at === undefined ? undefined : this.#vectorAt(this.#buffer.follow(at, name), size, name);
  }

  table(slot: number, name: string): FlatTable | undefined {
    const at = this.#place(slot, 4, name);
    return at === undefined ? undefined : new FlatTable(this.#buffer, this.#buffer.follow(at, name), name);
  }

  tables(slot: number, name: string): readonly FlatTable[] {
    return this.#items(slot, name, (at, item) => new FlatTable(this.#buffer, at, item));
  }

  texts(slot: number, name: string): readonly string[] {
    return this.#items(slot, name, (at, item) => {
      const bytes = this.#vectorAt(at, 1, item);
      this.#buffer.spend(bytes.length, item);
      return named(item, () => utf8(bytes));
    });
  }

  #items<T>(slot: number, name: string, read: (at: number, name: string) => T): readonly T[] {
    const offsets = this.vector(slot, 4, name);
    if (offsets === undefined) return [];
    const count = offsets.length / 4;
    if (count > MOST_ITEMS) throw new RejectedError(`${name}: has ${count} items, at most ${MOST_ITEMS} are taken`);
    this.#buffer.spend(offsets.length, name);
    const from = offsets.byteOffset - this.#buffer.bytes.byteOffset;
    return Array.from({ length: count }, (_, index) => {
      const item = `${name}[${index}]`;
      return read(this.#buffer.follow(from + 4 * index, item), item);
    });
  }

  #vectorAt(at: number, size: number, name: string): Uint8Array {
    const length = this.#buffer.view.getUint32(at, true) * size;
    this.#buffer.check(at + 4, length, name);
    return this.#buffer.bytes.subarray(at + 4, at + 4 + length);
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
