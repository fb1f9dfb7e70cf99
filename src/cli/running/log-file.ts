import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { text, UsageError } from "../../errors.ts";

/** Lines that may wait for a slow disk; more are left out. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024;

/** Appends lines to a file; a full disk never stops what is logged. */
export class LogFile implements AsyncDisposable {
  readonly #stream: WriteStream;
  #failure: unknown;

  private constructor(stream: WriteStream) {
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#failure = error;
    });
  }

  /** Opens a file; rejects where it cannot be written. */
  static async open(path: string, shown: string): Promise<LogFile> {
    const stream = createWriteStream(path, { flags: "a" });
    try {
      await once(stream, "open");
    } catch (error) {
      throw new UsageError(`--log ${shown}: cannot be written: ${text(error)}; name another file`);
    }
    return new LogFile(stream);
  }

  /** What went wrong since the file was opened. */
  get failure(): unknown {
    return this.#failure;
  }

  write(line: string): void {
    if (this.#failure !== undefined || this.#stream.writableLength > MOST_WAITING_BYTES) return;
    this.#stream.write(`${line}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure !== undefined) return;
    await new Promise<void>((resolve) => this.#stream.end(() => resolve()));
  }
}
