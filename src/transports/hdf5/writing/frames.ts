import type { GrowingFile } from "./growing-file.ts";
import { Rows, type RowsOptions } from "./rows.ts";

/** Is a dataset with a chunk for each row, which is written as it is given: compressed, or not. */
export class Frames extends Rows {
  constructor(file: GrowingFile, options: Omit<RowsOptions, "rowsPerChunk">) {
    super(file, { ...options, rowsPerChunk: 1 });
  }

  /** Adds a row; `mask` has a bit for each filter that its bytes did not go through. */
  add(parts: readonly Uint8Array[], mask: number): void | Promise<void> {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    const placed = this.file.append(parts);
    if (typeof placed === "number") return this.#placed(placed, bytes, mask);
    return placed.then((address) => this.#placed(address, bytes, mask));
  }

  #placed(address: number, bytes: number, mask: number): void {
    this.tree.add({ row: this.rows, bytes, mask, address });
    this.rows += 1;
  }
}
