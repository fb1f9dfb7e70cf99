import { LiveRegion } from "../drawing/live-region.ts";
import { type Io, written } from "../io.ts";
import { jsonLine, type LogRecord, type Sink, textLine } from "./log.ts";

/** Shows on standard output what `run` has to say: a live table below the log, or JSON lines. */
export class Screen implements Disposable {
  readonly isTable: boolean;
  readonly #io: Io;
  readonly #isQuiet: boolean;
  readonly #region: LiveRegion;

  constructor(io: Io, { isTable, isQuiet }: { readonly isTable: boolean; readonly isQuiet: boolean }) {
    this.#io = io;
    this.isTable = isTable;
    this.#isQuiet = isQuiet;
    this.#region = new LiveRegion(io.stdout, () => io.size().columns);
  }

  /** Takes the lines of the log. */
  readonly sink: Sink = (record) => {
    if (this.#isQuiet && record.level !== "error" && record.kind !== "account") return;
    if (!this.isTable) this.#write(record);
    // The table shows the numbers, and accounts are printed as tables.
    else if (record.kind !== "stats" && record.kind !== "account") this.#region.print(textLine(record));
  };

  /** Replaces the live table. */
  draw(lines: () => readonly string[]): void {
    if (this.isTable && !this.#isQuiet) this.#region.draw(lines());
  }

  /** Prints a text above the table, for good. */
  print(words: string): void {
    if (this.isTable) this.#region.print(words);
  }

  /** Says on standard error what cannot be said in the log. */
  warn(words: string): void {
    void written(this.#io.stderr, `arroyo: ${words}\n`);
  }

  [Symbol.dispose](): void {
    this.#region.close();
  }

  #write(record: LogRecord): void {
    this.#io.stdout.write(`${jsonLine(record)}\n`);
  }
}
