import { constants } from "node:fs";
import { access, lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { DeadLettersError, text } from "../errors.ts";

/** Holds the calls to the file system that a store makes; tests let them fail. */
export interface Disk {
  readonly access: typeof access;
  readonly lstat: typeof lstat;
  readonly mkdir: typeof mkdir;
  readonly open: typeof open;
  readonly readdir: typeof readdir;
  readonly rename: typeof rename;
  readonly unlink: typeof unlink;
}

/** Is the disk of this machine. */
export const REAL_DISK: Disk = { access, lstat, mkdir, open, readdir, rename, unlink };

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "no permission; let this user read and write there, or choose another folder",
  EPERM: "not permitted; let this user read and write there, or choose another folder",
  EROFS: "the file system is read-only; choose another folder",
  ENOSPC: "the disk is full; make room",
  EDQUOT: "the quota is used up; make room",
  EEXIST: "it is no folder; choose another name",
  ENOTDIR: "a part of the path is no folder; choose another name",
  ENOENT: "it is not there any more; do not remove it while a block runs",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  ENFILE: "too many files are open on this machine",
  EIO: "the disk does not work; look at the system's log",
};

/** Says in one error what the disk refused and what to do. */
export function diskError(folder: string, doing: string, error: unknown): DeadLettersError {
  const code = codeOf(error);
  const remedy = code === undefined ? undefined : REMEDIES[code];
  const why = remedy === undefined ? text(error) : `${remedy} (${code})`;
  return new DeadLettersError(`dead letters in ${folder}: ${doing} failed: ${why}`, { cause: error });
}

/** Gives the code of a system error. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Brings the names in a folder to the disk, where the system can. */
export async function syncFolder(disk: Disk, folder: string): Promise<void> {
  if (process.platform === "win32") return; // a folder cannot be opened there
  const handle = await disk.open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems have no sync for folders.
    if (codeOf(error) !== "EINVAL" && codeOf(error) !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}
