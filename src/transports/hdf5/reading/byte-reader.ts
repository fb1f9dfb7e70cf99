import { RejectedError } from "../../../errors.ts";

const UNDEFINED = 2n ** 64n - 1n;

/** Reads numbers behind each other, little-endian; what is not there is refused. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  /** Gives a size or a count. */
  size(bytes = 8): number {
    const value = this.#whole(bytes);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RejectedError(`hdf5: a size of ${value} cannot be`);
    return Number(value);
  }

  /** Gives an address; undefined for what is not there. */
  address(): number | undefined {
    const value = this.#bytes.readBigUInt64LE(this.#take(8));
    if (value === UNDEFINED) return undefined;
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RejectedError(`hdf5: there is no address ${value}`);
    return Number(value);
  }

  /** Gives an address of something that must be there. */
  place(): number {
    const address = this.address();
    if (address === undefined) throw new RejectedError("hdf5: what is pointed at is not there");
    return address;
  }

  /** Gives a length that is unlimited where it has all bits. */
  limit(): number | undefined {
    return this.address();
  }

  bytes(count: number): Buffer {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  skip(count: number): this {
    this.#take(count);
    return this;
  }

  /** Gives a text that ends at NUL, and goes behind it. */
  name(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new RejectedError("hdf5: a name has no end");
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  /** Refuses what does not begin with these letters. */
  expect(signature: string): this {
    const found = this.bytes(signature.length).toString("latin1");
    if (found !== signature) {
      throw new RejectedError(`hdf5: expected ${signature} and found ${JSON.stringify(found)}; the file is damaged`);
    }
    return this;
  }

  /** Refuses another version than these. */
  version(what: string, known: readonly number[]): number {
    const version = this.u8();
    if (known.includes(version)) return version;
    throw new RejectedError(`hdf5: ${what} of version ${version} is not known here; h5repack can write another`);
  }

  #whole(bytes: number): bigint {
    const at = this.#take(bytes);
    let value = 0n;
    for (let index = bytes - 1; index >= 0; index -= 1) {
      value = value * 256n + BigInt(this.#bytes[at + index] as number);
    }
    return value;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count < 0 || count > this.left) throw new RejectedError("hdf5: a part ends early; the file is damaged");
    this.#at = at + count;
    return at;
  }
}
