import { type ElementForm, formBytes } from "../format/element-form.ts";
import { ChunkTree } from "./chunk-tree.ts";
import type { Member } from "./group.ts";
import type { GrowingFile } from "./growing-file.ts";
import { type ChunkFilter, chunkedLayout, dataspace, datatype, fillValue, filterPipeline } from "./messages.ts";
import { type HeaderMessage, headerBytes, writeHeader } from "./object-header.ts";

/** Says what the rows of a dataset are. */
export interface RowsOptions {
  readonly form: ElementForm;
  /** The shape of one row. */
  readonly shape: readonly number[];
  readonly rowsPerChunk: number;
  readonly filter?: ChunkFilter;
  /** What stands in rows that were not given; of one element. */
  readonly fill?: Uint8Array;
  readonly attributes?: readonly HeaderMessage[];
}

/** Is a dataset that grows row by row: what its two kinds have in common. */
export class Rows implements Member {
  readonly rowsPerChunk: number;
  readonly rowBytes: number;
  protected readonly file: GrowingFile;
  protected readonly tree: ChunkTree;
  readonly #options: RowsOptions;
  #rows = 0;
  #address = 0;
  #written = "";

  constructor(file: GrowingFile, options: RowsOptions) {
    this.file = file;
    this.#options = options;
    this.rowsPerChunk = options.rowsPerChunk;
    let elements = 1;
    for (const length of options.shape) elements *= length;
    this.rowBytes = elements * formBytes(options.form);
    this.tree = new ChunkTree(file, options.shape.length + 1);
  }

  get rows(): number {
    return this.#rows;
  }

  protected set rows(rows: number) {
    this.#rows = rows;
  }

  get address(): number {
    return this.#address;
  }

  async flush(): Promise<void> {
    await this.tree.flush(Math.ceil(this.#rows / this.rowsPerChunk) * this.rowsPerChunk);
    const now = `${this.#rows} ${this.tree.root}`;
    if (now === this.#written) return;
    const messages = this.#messages();
    if (this.#address === 0) this.#address = this.file.reserve(headerBytes(messages));
    await this.file.put(this.#address, writeHeader(messages));
    this.#written = now;
  }

  #messages(): HeaderMessage[] {
    const { form, shape, filter, fill, attributes = [] } = this.#options;
    const bytes = formBytes(form);
    return [
      dataspace([this.#rows, ...shape], true),
      datatype(form),
      fillValue(fill ?? new Uint8Array(bytes)),
      chunkedLayout(this.tree.root, [this.rowsPerChunk, ...shape], bytes),
      ...(filter === undefined ? [] : [filterPipeline(filter)]),
      ...attributes,
    ];
  }
}
