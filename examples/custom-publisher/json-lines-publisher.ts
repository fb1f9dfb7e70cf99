// A publisher that writes messages into a file, one line of JSON each, and confirms them when they are on the disk.
import { type FileHandle, open } from "node:fs/promises";
import { jsonCodec, type Message, Publisher, UsageError } from "arroyojs";

/** Appends messages to a file. */
export class JsonLinesPublisher extends Publisher {
  /** `publish` resolves only when the message is safe. So a source is told "done" for what is on the disk, never before. */
  override readonly confirms = true;
  /** The form of the bytes that `encode` makes. */
  override readonly codec = jsonCodec;
  readonly #path: string;
  #file: FileHandle | undefined;

  /** Only keeps its options: a constructor opens nothing. */
  constructor(options: { readonly path: string }) {
    super();
    this.#path = options.path;
  }

  override async open(): Promise<void> {
    this.#file = await open(this.#path, "a");
  }

  override publish(message: Message): Promise<void> {
    return this.publishBatch([message]);
  }

  /** Optional: takes all that waits in one go, here with one visit to the disk instead of one for each message. */
  override async publishBatch(messages: readonly Message[]): Promise<void> {
    if (this.#file === undefined) throw new UsageError("JsonLinesPublisher: is not open; open it before publishing");
    const lines = messages.flatMap((message) => this.encode(message)).flatMap((frames) => [...frames, NEW_LINE]);
    await this.#file.appendFile(Buffer.concat(lines));
    await this.#file.datasync();
  }

  /** May be called twice, and without `open`. */
  override async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

const NEW_LINE = Buffer.from("\n");
