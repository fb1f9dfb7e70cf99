import { dirname } from "node:path";
import { UsageError } from "../../../errors.ts";
import { bytesChecksum } from "../capture/checksum.ts";
import { codeOf, type Disk, diskError } from "../disk.ts";
import { OwnerLock } from "../owner-lock.ts";

/** A larger file is no journal of ours. */
const MAX_BYTES = 1024 ** 3;
/** It is written anew at a start when this many lines say nothing any more, and more than do, or when it is damaged. */
const MIN_USELESS = 1_000;

/** Says which state of a file was finished. */
export interface FinishedFile {
  readonly size: number;
  readonly mtimeMs: number;
}

/** Remembers which files were finished: a line for each in a file, or only as long as the listener lives. */
export class Journal {
  readonly #disk: Disk;
  readonly #path: string | undefined;
  readonly #finished = new Map<string, FinishedFile>();
  #lines = 0;
  #isLoaded = false;
  /** True when the file has lines that cannot be read, or ends within one. */
  #isDamaged = false;
  #lock: OwnerLock | undefined;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;

  /** `path` undefined: nothing is written. */
  constructor(disk: Disk, path: string | undefined) {
    this.#disk = disk;
    this.#path = path;
  }

  /** Takes the file and reads what an earlier process finished; gives what is wrong with it. */
  async open(): Promise<string | undefined> {
    const path = this.#path;
    if (path === undefined) return undefined;
    try {
      await this.#disk.mkdir(dirname(path), { recursive: true });
      this.#lock = await OwnerLock.take(this.#disk, `${path}.lock`, `journal ${path}`);
      return this.#isLoaded ? undefined : await this.#load(path);
    } catch (error) {
      const remedy = "; name a place for it with journal: PATH, or remember nothing with journal: false";
      const told = diskError(`journal ${path}`, "opening", error);
      await this.close();
      if (told === error) throw error;
      told.message += remedy;
      throw told;
    }
  }

  /** Tells whether a file was finished in this state. */
  has(path: string, { size, mtimeMs }: FinishedFile): boolean {
    const finished = this.#finished.get(path);
    return finished !== undefined && finished.size === size && finished.mtimeMs === mtimeMs;
  }

  /** Notes that a file is finished; resolves when that is written. */
  add(path: string, { size, mtimeMs }: FinishedFile): void | Promise<void> {
    this.#finished.set(path, { size, mtimeMs });
    if (this.#path === undefined) return undefined;
    this.#waiting.push(line(path, { size, mtimeMs }));
    this.#writing ??= this.#write(this.#path);
    return this.#writing;
  }

  /** Forgets files that are gone, and leaves them out of the file where that is worth it. */
  async keepOnly(isThere: (path: string) => boolean): Promise<void> {
    for (const path of this.#finished.keys()) if (!isThere(path)) this.#finished.delete(path);
    const useless = this.#lines - this.#finished.size;
    const isWorthIt = this.#isDamaged || (useless >= MIN_USELESS && useless >= this.#finished.size);
    if (this.#path === undefined || !isWorthIt) return;
    const draft = `${this.#path}.new`;
    const lines = Array.from(this.#finished, ([path, file]) => line(path, file));
    const handle = await this.#disk.open(draft, "w");
    try {
      await handle.writeFile(lines.join(""));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await this.#disk.rename(draft, this.#path);
    this.#lines = lines.length;
    this.#isDamaged = false;
  }

  /** Lets go of the file; what is finished later is still added to it. */
  async close(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  async #load(path: string): Promise<string | undefined> {
    const text = await this.#text(path);
    let damaged = 0;
    const lines = text.split("\n");
    const torn = lines.pop();
    for (const one of lines) {
      const read = readLine(one);
      if (read === undefined) damaged += 1;
      else this.#finished.set(read.path, read.file);
    }
    this.#lines = lines.length;
    this.#isLoaded = true;
    // Its writer was killed in the middle of a line.
    this.#isDamaged = torn !== "" || damaged > 0;
    if (damaged === 0) return undefined;
    return `journal ${path}: ${damaged} damaged lines are left out; their files come again`;
  }

  async #text(path: string): Promise<string> {
    try {
      if ((await this.#disk.stat(path)).size > MAX_BYTES) {
        throw new UsageError(`journal ${path}: is larger than ${MAX_BYTES} bytes; name another file, or remove it`);
      }
      return await this.#disk.readFile(path, "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return "";
      throw error;
    }
  }

  async #write(path: string): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        // Files that are finished in one turn are written together.
        await new Promise((resolve) => setImmediate(resolve));
        const lines = this.#waiting.splice(0);
        const handle = await this.#disk.open(path, "a");
        try {
          await handle.writeFile(lines.join(""));
        } finally {
          await handle.close();
        }
        this.#lines += lines.length;
      }
    } catch (error) {
      throw diskError(`journal ${path}`, "writing", error);
    } finally {
      this.#writing = undefined;
    }
  }
}

function line(path: string, { size, mtimeMs }: FinishedFile): string {
  const json = JSON.stringify([path, size, mtimeMs]);
  return `${sum(json)} ${json}\n`;
}

function readLine(text: string): { readonly path: string; readonly file: FinishedFile } | undefined {
  const json = text.slice(9);
  if (text.slice(0, 9) !== `${sum(json)} `) return undefined;
  const [path, size, mtimeMs] = JSON.parse(json) as [unknown, unknown, unknown];
  if (typeof path !== "string" || typeof size !== "number" || typeof mtimeMs !== "number") return undefined;
  return { path, file: { size, mtimeMs } };
}

function sum(json: string): string {
  return bytesChecksum(Buffer.from(json)).toString(16).padStart(8, "0");
}
