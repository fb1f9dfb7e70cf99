import { open, readFile, rename } from "node:fs/promises";
import { UsageError } from "../../../errors.ts";
import { codeOf, diskFault } from "../disk-fault.ts";
import type { FoundFile } from "./file-pattern.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/** Remembers how many messages of each file are finished; in a file, where one is named. */
export class Journal {
  readonly #path: string | undefined;
  #next = new Map<string, number>();
  #isDirty = false;
  #writing: Promise<void> | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Reads what was remembered. */
  async load(): Promise<void> {
    if (this.#path === undefined || this.#next.size > 0) return;
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      throw diskFault(this.#path, "reading the journal", error);
    }
    this.#next = parsed(this.#path, text);
  }

  /** Gives how many messages of a file are finished. */
  finished(file: FoundFile): number {
    return this.#next.get(nameOf(file)) ?? 0;
  }

  /** Says how many messages of a file are finished. */
  set(file: FoundFile, messages: number): void {
    this.#next.set(nameOf(file), messages);
    this.#isDirty = true;
  }

  /** Forgets files that are gone. */
  keepOnly(files: readonly FoundFile[]): void {
    const there = new Set(files.map(nameOf));
    for (const name of this.#next.keys()) if (!there.has(name)) this.#next.delete(name);
  }

  /** Writes what is remembered to the disk; what changes meanwhile is written once more. */
  async save(): Promise<void> {
    if (this.#path === undefined) return;
    while (this.#isDirty) {
      this.#writing ??= this.#write(this.#path).finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  async #write(path: string): Promise<void> {
    this.#isDirty = false;
    const next = `${path}.new`;
    try {
      const handle = await open(next, "w");
      try {
        await handle.writeFile(JSON.stringify({ finished: Object.fromEntries(this.#next) }));
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(next, path);
    } catch (error) {
      this.#isDirty = true;
      throw diskFault(path, "writing the journal", error);
    }
  }
}

/** A file that was written anew is another one. */
function nameOf({ path, size, mtimeMs }: FoundFile): string {
  return `${path} ${size} ${mtimeMs}`;
}

function parsed(path: string, text: string): Map<string, number> {
  const fault = new UsageError(`hdf5 ${path}: is no journal of an Hdf5Listener; name another file`);
  if (text.length > MAX_BYTES) throw fault;
  try {
    const { finished } = JSON.parse(text) as { finished: Record<string, unknown> };
    const entries = Object.entries(finished);
    if (entries.every(([, count]) => Number.isSafeInteger(count))) return new Map(entries as [string, number][]);
  } catch {
    throw fault;
  }
  throw fault;
}
