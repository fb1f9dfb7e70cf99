const UNDEFINED = 2n ** 64n - 1n;

/** Puts numbers and bytes behind each other, little-endian, as HDF5 has them. */
export class BytesOut {
  #bytes: Buffer = Buffer.alloc(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#length = this.#more(1).writeUInt8(value, this.#length);
    return this;
  }

  u16(value: number): this {
    this.#length = this.#more(2).writeUInt16LE(value, this.#length);
    return this;
  }

  u32(value: number): this {
    this.#length = this.#more(4).writeUInt32LE(value, this.#length);
    return this;
  }

  /** Puts an address, a size or a count; undefined is the address of what is not there. */
  u64(value: number | undefined): this {
    this.#length = this.#more(8).writeBigUInt64LE(value === undefined ? UNDEFINED : BigInt(value), this.#length);
    return this;
  }

  ascii(text: string): this {
    return this.bytes(Buffer.from(text, "latin1"));
  }

  bytes(bytes: Uint8Array): this {
    this.#more(bytes.length).set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  zeros(count: number): this {
    this.#more(count).fill(0, this.#length, this.#length + count);
    this.#length += count;
    return this;
  }

  /** Gives what was put so far; it is valid until more is put. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #more(bytes: number): Buffer {
    const wanted = this.#length + bytes;
    if (wanted > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(wanted, this.#bytes.length * 2));
      larger.set(this.done());
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}
