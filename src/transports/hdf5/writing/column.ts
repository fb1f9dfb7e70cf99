import type { ElementForm } from "../format/element-form.ts";
import { formBytes } from "../format/element-form.ts";
import type { GrowingFile } from "./growing-file.ts";
import { Rows, type RowsOptions } from "./rows.ts";

const CHUNK_BYTES = 16 * 1024;

/** Says what a column is of; `since`: how many rows there are already, with nothing in them. */
export interface ColumnOptions extends Omit<RowsOptions, "rowsPerChunk"> {
  readonly since?: number;
}

/** Is a dataset of small rows: they fill a chunk that is written again until it is full. */
export class Column extends Rows {
  readonly #chunk: Buffer;
  readonly #fill: Uint8Array;
  #isNew = true;
  #address = 0;
  /** The first byte of the chunk that is not written yet, and the one behind the last. */
  #dirty: { from: number; to: number } | undefined;
  /** Full chunks that are not written yet. */
  readonly #full: { readonly address: number; readonly bytes: Buffer }[] = [];

  constructor(file: GrowingFile, options: ColumnOptions) {
    const { since = 0, fill = new Uint8Array(formBytes(options.form)) } = options;
    super(file, { ...options, rowsPerChunk: rowsPerChunk(options.form, options.shape) });
    this.#fill = fill;
    this.#chunk = Buffer.alloc(this.rowsPerChunk * this.rowBytes);
    this.#empty();
    this.rows = since;
  }

  /** Adds a row; left out: one with nothing in it. */
  push(row: Uint8Array = this.#fill): void {
    const at = this.rows % this.rowsPerChunk;
    if (this.#address === 0) this.#begin();
    this.#set(row, at * this.rowBytes);
    this.rows += 1;
    if (at + 1 === this.rowsPerChunk) this.#end();
  }

  /** Adds many rows of one byte each. */
  addBytes(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = this.rows % this.rowsPerChunk;
      if (this.#address === 0) this.#begin();
      const part = bytes.subarray(done, done + this.rowsPerChunk - at);
      this.#set(part, at);
      this.rows += part.length;
      done += part.length;
      if (at + part.length === this.rowsPerChunk) this.#end();
    }
  }

  override async flush(): Promise<void> {
    await this.writeChunks();
    if (this.#dirty !== undefined) {
      const { from, to } = this.#dirty;
      await this.file.put(this.#address + from, this.#chunk.subarray(from, to));
      this.#dirty = undefined;
    }
    await super.flush();
  }

  /** Writes the chunks that are full. */
  async writeChunks(): Promise<void> {
    while (this.#full.length > 0) {
      const { address, bytes } = this.#full[0] as { address: number; bytes: Buffer };
      await this.file.put(address, bytes);
      this.#full.shift();
    }
  }

  #set(bytes: Uint8Array, at: number): void {
    this.#chunk.set(bytes, at);
    // What stands before the first row has nothing in it, which has to be written too.
    this.#dirty ??= { from: this.#isNew ? 0 : at, to: at };
    this.#dirty.to = at + bytes.length;
    this.#isNew = false;
  }

  #begin(): void {
    this.#isNew = true;
    const bytes = this.#chunk.length;
    this.#address = this.file.reserve(bytes);
    this.tree.add({ row: this.rows - (this.rows % this.rowsPerChunk), bytes, mask: 0, address: this.#address });
  }

  #end(): void {
    const { from, to } = this.#dirty ?? { from: 0, to: this.#chunk.length };
    this.#full.push({ address: this.#address + from, bytes: Buffer.from(this.#chunk.subarray(from, to)) });
    this.#address = 0;
    this.#dirty = undefined;
    this.#empty();
  }

  #empty(): void {
    for (let at = 0; at < this.#chunk.length; at += this.#fill.length) this.#chunk.set(this.#fill, at);
  }
}

function rowsPerChunk(form: ElementForm, shape: readonly number[]): number {
  let bytes = formBytes(form);
  for (const length of shape) bytes *= length;
  return Math.max(1, Math.floor(CHUNK_BYTES / bytes));
}
