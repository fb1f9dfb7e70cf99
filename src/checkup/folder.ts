import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { sizeText } from "./amounts.ts";
import type { Report } from "./report.ts";

/** Less is soon full. */
const LITTLE_BYTES = 1024 ** 3;
/** Writing fails at the next moment. */
const NOTHING_BYTES = 16 * 1024 ** 2;

/**
 * Looks whether a folder can be written to, or made, and how much is free there; `wanted` is how many bytes it may come
 * to hold.
 */
export async function checkFolder(report: Report, folder: string, wanted?: number): Promise<void> {
  const there = await nearestFolder(resolve(folder));
  const isThere = there === resolve(folder);
  if (!(await stat(there)).isDirectory()) {
    return report.error(`${there} is a file, and a folder is wanted`, "choose another path");
  }
  try {
    await access(there, constants.W_OK | constants.X_OK);
  } catch {
    return report.error(
      isThere ? "this user may not write there" : `is not there, and this user may not make it in ${there}`,
      "let this user write there, or choose another folder",
    );
  }
  const free = await freeBytes(there);
  const state = isThere ? "can be written to" : "would be made";
  if (free === undefined) return report.ok(state);
  const found = `${state}, ${sizeText(free)} are free`;
  if (free < NOTHING_BYTES) return report.error(`${found}: the disk is full`, "make room, or choose another disk");
  if (wanted !== undefined && wanted !== Number.POSITIVE_INFINITY && free < wanted) {
    return report.warning(`${found}, and up to ${sizeText(wanted)} may come`, "make room, or set a smaller bound");
  }
  if (free < LITTLE_BYTES) return report.warning(found, "make room, or choose another disk");
  report.ok(found);
}

async function nearestFolder(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    const parent = dirname(folder);
    if (parent === folder || !["ENOENT", "ENOTDIR"].includes(String((error as { code?: unknown }).code))) throw error;
    return nearestFolder(parent);
  }
}

async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    // Not every file system tells.
    return undefined;
  }
}
