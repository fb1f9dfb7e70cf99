import { DeadLettersError, DeadLettersFullError } from "../errors.ts";
import { checkedId, type DeadLetter, type DeadLetterSummary } from "./dead-letter.ts";
import type { DeadLetterStore } from "./dead-letter-store.ts";
import { encodeHead } from "./letter-head.ts";
import { checkedMaxBytes } from "./max-bytes.ts";

const MAX_BYTES = 64 * 1024 * 1024;

interface Kept {
  readonly letter: DeadLetter;
  readonly bytes: number;
}

/** Keeps dead letters in memory: for tests, and where nothing has to outlive the process. */
export class MemoryStore implements DeadLetterStore {
  readonly #maxBytes: number;
  readonly #letters = new Map<string, Kept>();
  #state: "new" | "open" | "closed" = "new";
  #bytes = 0;

  /** `maxBytes` bounds what all letters take together; 64 MiB if not given. */
  constructor(options: { readonly maxBytes?: number } = {}) {
    this.#maxBytes = checkedMaxBytes(options.maxBytes ?? MAX_BYTES);
  }

  get count(): number {
    return this.#letters.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async open(): Promise<void> {
    this.#state = "open";
  }

  async add(letter: DeadLetter): Promise<void> {
    this.#checkOpen();
    const id = checkedId(letter.id);
    if (this.#letters.has(id)) throw new DeadLettersError(`dead letters: ${id} is there already; make a new id`);
    const bytes = letter.frames.reduce((sum, { byteLength }) => sum + byteLength, encodeHead(letter).byteLength);
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new DeadLettersFullError(
        `dead letters: full with ${this.count} letters of ${this.#bytes} bytes, ${bytes} more would pass ` +
          `${this.#maxBytes}; remove some, or raise maxBytes`,
      );
    }
    // A view of a receive buffer or a shared slot would pin it, or change.
    const frames = letter.frames.map((frame) => new Uint8Array(frame));
    this.#letters.set(id, { letter: { ...letter, frames }, bytes });
    this.#bytes += bytes;
  }

  async *list(): AsyncGenerator<DeadLetterSummary, void, undefined> {
    this.#checkOpen();
    for (const id of [...this.#letters.keys()].sort()) {
      const kept = this.#letters.get(id);
      if (kept === undefined) continue;
      const { frames, ...facts } = kept.letter;
      yield { type: "letter", bytes: kept.bytes, frameBytes: frames.map(({ byteLength }) => byteLength), ...facts };
    }
  }

  async read(id: string): Promise<DeadLetter> {
    this.#checkOpen();
    const kept = this.#letters.get(checkedId(id));
    if (kept === undefined)
      throw new DeadLettersError(`dead letters: there is no letter ${id}; list() gives those there are`);
    return kept.letter;
  }

  async remove(id: string): Promise<void> {
    this.#checkOpen();
    const kept = this.#letters.get(checkedId(id));
    if (kept === undefined) return;
    this.#letters.delete(id);
    this.#bytes -= kept.bytes;
  }

  async close(): Promise<void> {
    this.#state = "closed";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkOpen(): void {
    if (this.#state !== "open")
      throw new DeadLettersError(`dead letters: the store is ${this.#state}; open() it first`);
  }
}
