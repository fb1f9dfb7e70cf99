import type { Writable } from "node:stream";
import { fitted } from "./text-width.ts";

/** Draws some lines over themselves at the end of what a terminal shows; what is printed goes above them. */
export class LiveRegion {
  readonly #stream: Writable;
  readonly #columns: () => number;
  #lines: readonly string[] = [];

  constructor(stream: Writable, columns: () => number) {
    this.#stream = stream;
    this.#columns = columns;
  }

  /** Replaces what was drawn. */
  draw(lines: readonly string[]): void {
    if (this.#stream.writableNeedDrain) return;
    this.#stream.write(this.#erased() + this.#shown(lines));
    this.#lines = lines;
  }

  /** Leaves what is drawn where it stands; what is drawn later begins below it. */
  close(): void {
    this.#lines = [];
  }

  /** Prints text above, for good. */
  print(text: string): void {
    this.#stream.write(`${this.#erased()}${text}\n${this.#shown(this.#lines)}`);
  }

  #erased(): string {
    return this.#lines.length === 0 ? "" : `\u001b[${this.#lines.length}A\u001b[J`;
  }

  #shown(lines: readonly string[]): string {
    // A line that is broken would take two, and the next drawing would begin too low.
    return lines.map((line) => `${fitted(line, this.#columns() - 1).trimEnd()}\n`).join("");
  }
}
