import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../../../errors.ts";
import { codeOf, diskFault } from "../disk-fault.ts";

/** Is a file that was found, and as what it is known again. */
export interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

const MAX_FILES = 100_000;
const WILD = /[*?]/u;

/** Finds files by their paths, in whose last part `*` and `?` may stand. */
export class FilePattern {
  readonly #paths: readonly string[];
  /** False where every file is named, so that each must be there. */
  readonly isOpen: boolean;

  constructor(subject: string, paths: readonly string[]) {
    for (const path of paths) {
      if (WILD.test(dirname(path))) {
        throw new UsageError(`${subject}: path: "*" may only stand in the name of the file, not in ${dirname(path)}`);
      }
    }
    this.#paths = paths;
    this.isOpen = paths.some((path) => WILD.test(path));
  }

  /** Gives the files that are there, those that were changed last at the end. */
  async find(): Promise<readonly FoundFile[]> {
    const found = new Map<string, FoundFile>();
    for (const path of this.#paths) {
      if (WILD.test(path)) for (const name of await this.#names(path)) await add(found, name, true);
      else await add(found, path, this.isOpen);
    }
    const files = [...found.values()];
    // In the order in which they are named, where all of them are.
    return this.isOpen ? files.sort(byAge) : files;
  }

  async #names(path: string): Promise<readonly string[]> {
    const folder = dirname(path);
    const test = matcher(basename(path));
    let names: readonly string[];
    try {
      names = await readdir(folder);
    } catch (error) {
      throw diskFault(folder, "looking for files", error);
    }
    const meant = names.filter((name) => test.test(name));
    if (meant.length > MAX_FILES) {
      throw new UsageError(`hdf5 ${path}: names more than ${MAX_FILES} files; move away what is finished`);
    }
    return meant.map((name) => join(folder, name));
  }
}

async function add(found: Map<string, FoundFile>, path: string, mayBeGone: boolean): Promise<void> {
  try {
    const { size, mtimeMs } = await stat(path);
    found.set(path, { path, size, mtimeMs });
  } catch (error) {
    if (!mayBeGone || codeOf(error) !== "ENOENT") throw diskFault(path, "looking", error);
  }
}

function matcher(glob: string): RegExp {
  const source = glob
    .replaceAll(/[\\^$.+()[\]{}|/]/gu, "\\$&")
    .replaceAll(/\*+/gu, ".*")
    .replaceAll("?", ".");
  // A name that begins with a dot has to be asked for by one that does too.
  return new RegExp(`^${glob.startsWith(".") ? "" : "(?!\\.)"}${source}$`, "su");
}

function byAge(one: FoundFile, other: FoundFile): number {
  return one.mtimeMs - other.mtimeMs || (one.path < other.path ? -1 : 1);
}
