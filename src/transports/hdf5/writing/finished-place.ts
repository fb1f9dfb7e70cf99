import { link, open, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, diskFault } from "../disk-fault.ts";
import { numbered } from "./path-pattern.ts";

const MAX_NUMBER = 1_000_000;

/** Tells whether there is anything at a path. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw diskFault(path, "looking", error);
  }
}

/**
 * Gives a finished file its name, and gives the name: that of the run, or where another file has it one with a number.
 * `replaces` says that a file of that name is an earlier one of the same run.
 */
export async function giveName(
  unfinished: string,
  path: string,
  replaces: (path: string) => Promise<boolean>,
): Promise<string> {
  try {
    return await named(unfinished, path, replaces);
  } catch (error) {
    throw diskFault(path, "giving the finished file its name", error);
  }
}

async function named(unfinished: string, path: string, replaces: (path: string) => Promise<boolean>): Promise<string> {
  for (let number = 1; number <= MAX_NUMBER; number += 1) {
    const name = numbered(path, number);
    if (await moved(unfinished, name)) return name;
    if (await replaces(name)) {
      await rename(unfinished, name);
      return name;
    }
  }
  throw new Error(`there are ${MAX_NUMBER} files of this name already; choose another path`);
}

/** False where there is a file of that name; also one that another process makes at the same time is seen. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST") return false;
    if (code === "ENOENT" || code === "ENOSPC" || code === "EIO") throw error;
    // Some file systems have no links.
    if (await isThere(to)) return false;
    await rename(from, to);
    return true;
  }
  // A second name that stays does no harm.
  await unlink(from).catch(() => undefined);
  return true;
}

/** Brings to the disk that a file has its name. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(dirname(path), "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Not every system brings folders to the disk by themselves.
    if (!["EINVAL", "ENOTSUP", "EPERM", "EISDIR", "EACCES"].includes(codeOf(error) ?? "")) {
      throw diskFault(path, "bringing the folder to the disk", error);
    }
  }
}
