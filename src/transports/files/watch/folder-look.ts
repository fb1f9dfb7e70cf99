import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../../../errors.ts";
import { codeOf } from "../disk.ts";

/** Folders within folders deeper than this are not looked into. */
const MAX_DEPTH = 64;

/** Is a file as a look found it. */
export interface SeenFile {
  /** Below the folder, with "/" between its parts. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  /** Names the file whatever its path is. */
  readonly identity: string;
}

/** Finds all files of a folder. Links are not followed, and what is no file is not seen. */
export async function lookAt(
  folder: string,
  isRecursive: boolean,
  maxFiles: number,
  signal: AbortSignal,
): Promise<Map<string, SeenFile>> {
  const found = new Map<string, SeenFile>();
  const look = async (below: string, depth: number): Promise<void> => {
    for await (const entry of await opendir(join(folder, below))) {
      if (signal.aborted) return;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        if (isRecursive && depth < MAX_DEPTH) await unlessGone(look(path, depth + 1));
        continue;
      }
      const file = await unlessGone(seen(folder, path));
      if (file === undefined) continue;
      if (found.size >= maxFiles) {
        throw new UsageError(
          `FilesListener: ${folder}: has more than ${maxFiles} files; raise maxFiles, or move away what is finished`,
        );
      }
      found.set(path, file);
    }
  };
  await look("", 0);
  return found;
}

async function seen(folder: string, path: string): Promise<SeenFile | undefined> {
  const stats = await lstat(join(folder, path));
  if (!stats.isFile()) return undefined;
  const { size, mtimeMs, ctimeMs, dev, ino } = stats;
  return { path, size, mtimeMs, ctimeMs, identity: `${dev}:${ino}` };
}

/** What goes away while it is looked at, or must not be looked at, is not there. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM", "ENOTDIR"].includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}
