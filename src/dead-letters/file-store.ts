import { constants, type Dirent } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DeadLettersError, DeadLettersFullError, text } from "../errors.ts";
import { checkedId, type DeadLetter, type DeadLetterSummary } from "./dead-letter.ts";
import type { DeadLetterStore } from "./dead-letter-store.ts";
import { codeOf, type Disk, diskError, REAL_DISK, syncFolder } from "./disk.ts";
import { FolderSync } from "./folder-sync.ts";
import { readHead, readLetter, writeFile } from "./letter-file.ts";
import { encodeHead, MAX_HEAD_BYTES } from "./letter-head.ts";
import { checkedMaxBytes } from "./max-bytes.ts";
import { Slots } from "./slots.ts";

const MAX_BYTES = 1024 * 1024 * 1024;
const FILES_AT_ONCE = 32;
/** A file that nobody finished for so long has no writer any more. */
const LEFT_BEHIND_MS = 3_600_000;
const LETTER = /^([0-9a-z][0-9a-z-]{0,99})\.letter$/;
const UNFINISHED = /^\.[0-9a-z][0-9a-z-]{0,99}\.tmp$/;

/** Configures a file store. */
export interface FileStoreOptions {
  /** The folder; it is made if it is not there. */
  readonly path: string;
  /** What all letters may take together; 1 GiB if not given. */
  readonly maxBytes?: number;
}

/**
 * Keeps each dead letter in a file of its own: a line of JSON that says what happened, then the frames as they came.
 * A letter is on disk, content and name, before `add` resolves. Several processes may share a folder; each then knows
 * of the others' letters what was there when it opened.
 */
export class FileStore implements DeadLetterStore {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #disk: Disk;
  readonly #names: FolderSync;
  readonly #slots = new Slots(FILES_AT_ONCE);
  readonly #adding = new Set<Promise<void>>();
  #state: "new" | "open" | "closed" = "new";
  #count = 0;
  #bytes = 0;

  /** The disk and the clock are those of this machine; tests bring their own. */
  constructor(options: FileStoreOptions, machine: { readonly disk?: Disk; readonly now?: () => number } = {}) {
    this.#folder = resolve(options.path);
    this.#maxBytes = checkedMaxBytes(options.maxBytes ?? MAX_BYTES);
    this.#now = machine.now ?? Date.now;
    this.#disk = machine.disk ?? REAL_DISK;
    this.#names = new FolderSync(() => syncFolder(this.#disk, this.#folder));
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async open(): Promise<void> {
    if (this.#state === "open") return;
    try {
      await this.#makeFolder();
      await this.#disk.access(this.#folder, constants.R_OK | constants.W_OK | constants.X_OK);
      await this.#takeStock();
    } catch (error) {
      throw diskError(this.#folder, "opening the folder", error);
    }
    this.#state = "open";
  }

  async add(letter: DeadLetter): Promise<void> {
    this.#checkOpen();
    const id = checkedId(letter.id);
    const parts = [encodeHead(letter), ...letter.frames];
    if ((parts[0]?.byteLength ?? 0) > MAX_HEAD_BYTES) throw this.#error(`the facts of ${id} are too long to be kept`);
    const bytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new DeadLettersFullError(
        `dead letters in ${this.#folder}: full with ${this.#count} letters of ${this.#bytes} bytes, ${bytes} more ` +
          `would pass ${this.#maxBytes}; remove some, or raise maxBytes`,
      );
    }
    // Counted at once, so that letters which are added at the same time cannot pass the bound together.
    this.#counted(1, bytes);
    const added = this.#add(id, parts, bytes);
    this.#adding.add(added);
    try {
      await added;
    } finally {
      this.#adding.delete(added);
    }
  }

  async *list(): AsyncGenerator<DeadLetterSummary, void, undefined> {
    this.#checkOpen();
    for (const entry of await this.#entries()) {
      const summary = await this.#summary(entry);
      if (summary !== undefined) yield summary;
    }
  }

  async read(id: string): Promise<DeadLetter> {
    this.#checkOpen();
    const path = this.#path(checkedId(id));
    try {
      return await readLetter(this.#disk, path, id);
    } catch (error) {
      if (codeOf(error) === "ENOENT")
        throw this.#error(`there is no letter ${id}; list() gives those there are`, error);
      if (codeOf(error) !== undefined) throw diskError(this.#folder, `reading ${id}`, error);
      throw this.#error(`${id} cannot be read: ${text(error)}; look at the file, and remove it`, error);
    }
  }

  async remove(id: string): Promise<void> {
    this.#checkOpen();
    const path = this.#path(checkedId(id));
    try {
      const { size } = await this.#disk.lstat(path);
      await this.#disk.unlink(path);
      this.#counted(-1, -size);
      await this.#names.reached();
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw diskError(this.#folder, `removing ${id}`, error);
    }
  }

  async close(): Promise<void> {
    this.#state = "closed";
    await Promise.allSettled(this.#adding);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #add(id: string, parts: readonly Uint8Array[], bytes: number): Promise<void> {
    let there = false;
    try {
      await this.#slots.run(() => this.#write(id, parts, bytes));
      there = true;
      await this.#names.reached();
    } catch (error) {
      if (!there) this.#counted(-1, -bytes);
      throw error instanceof DeadLettersError ? error : diskError(this.#folder, `writing ${id}`, error);
    }
  }

  /** Until it is renamed the letter has a name that is nobody's, so that a kill leaves no half letter. */
  async #write(id: string, parts: readonly Uint8Array[], bytes: number): Promise<void> {
    const path = this.#path(id);
    const unfinished = join(this.#folder, `.${id}.tmp`);
    if (await this.#exists(path)) throw this.#error(`${id} is there already; make a new id`);
    try {
      await writeFile(this.#disk, unfinished, parts, bytes);
    } catch (error) {
      if (codeOf(error) === "EEXIST") throw this.#error(`${id} is being added already; make a new id`, error);
      throw error;
    }
    try {
      await this.#disk.rename(unfinished, path);
    } catch (error) {
      await this.#disk.unlink(unfinished).catch(() => {});
      throw error;
    }
  }

  async #summary(entry: Dirent): Promise<DeadLetterSummary | undefined> {
    const file = entry.name;
    const id = LETTER.exec(file)?.[1];
    let reason = UNFINISHED.test(file) ? "it was not finished, or is being written" : "it is no dead letter";
    if (id !== undefined) {
      try {
        const { facts, frameBytes, bytes } = await readHead(this.#disk, this.#path(id), id);
        return { type: "letter", bytes, frameBytes, ...facts };
      } catch (error) {
        if (codeOf(error) === "ENOENT") return undefined; // removed meanwhile
        reason = text(error);
      }
    }
    const bytes = await this.#sizeOf(entry);
    return bytes === undefined ? undefined : { type: "skipped", file, bytes, reason };
  }

  async #makeFolder(): Promise<void> {
    const made = await this.#disk.mkdir(this.#folder, { recursive: true });
    if (made === undefined) return;
    // The folder's own name has to be on disk too, and those of the folders made for it.
    for (let folder = dirname(this.#folder); folder.length >= dirname(made).length; folder = dirname(folder)) {
      await syncFolder(this.#disk, folder).catch((error: unknown) => {
        if (codeOf(error) !== "EACCES") throw error; // one may make a folder where one may not look
      });
      if (folder === dirname(folder)) break;
    }
  }

  async #takeStock(): Promise<void> {
    this.#count = 0;
    this.#bytes = 0;
    const files = (await this.#entries()).filter((entry) => entry.isFile());
    for (let from = 0; from < files.length; from += FILES_AT_ONCE) {
      await Promise.all(files.slice(from, from + FILES_AT_ONCE).map((file) => this.#takeStockOf(file)));
    }
  }

  async #takeStockOf(file: Dirent): Promise<void> {
    if (UNFINISHED.test(file.name)) await this.#removeLeftBehind(file);
    if (!LETTER.test(file.name)) return;
    const bytes = await this.#sizeOf(file);
    if (bytes !== undefined) this.#counted(1, bytes);
  }

  async #removeLeftBehind({ name }: Dirent): Promise<void> {
    const path = join(this.#folder, name);
    try {
      const { mtimeMs } = await this.#disk.lstat(path);
      if (this.#now() - mtimeMs > LEFT_BEHIND_MS) await this.#disk.unlink(path);
    } catch {
      // Whoever else opens the folder removes it too; if nobody can, list() shows it.
    }
  }

  async #entries(): Promise<Dirent[]> {
    const entries = await this.#disk.readdir(this.#folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  async #sizeOf(entry: Dirent): Promise<number | undefined> {
    try {
      return (await this.#disk.lstat(join(this.#folder, entry.name))).size;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async #exists(path: string): Promise<boolean> {
    try {
      await this.#disk.lstat(path);
      return true;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.letter`);
  }

  #counted(letters: number, bytes: number): void {
    this.#count = Math.max(0, this.#count + letters);
    this.#bytes = Math.max(0, this.#bytes + bytes);
  }

  #checkOpen(): void {
    if (this.#state !== "open") throw this.#error(`the store is ${this.#state}; open() it first`);
  }

  #error(message: string, cause?: unknown): DeadLettersError {
    return new DeadLettersError(`dead letters in ${this.#folder}: ${message}`, { cause });
  }
}
