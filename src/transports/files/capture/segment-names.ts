import { basename, dirname, extname, join } from "node:path";
import type { Disk } from "../disk.ts";

/** More segments than this are no capture of ours. */
const MAX_SEGMENTS = 1_000_000;

/** Is a file of a capture. */
export interface SegmentFile {
  readonly path: string;
  /** Counts from 1. */
  readonly number: number;
}

/** Gives the path of a segment: the first is named as the capture, the others have their number before the ending. */
export function segmentPath(path: string, number: number): string {
  if (number === 1) return path;
  const ending = extname(path);
  const stem = basename(path, ending);
  return join(dirname(path), `${stem}.${String(number).padStart(6, "0")}${ending}`);
}

/** Finds the segments of a capture, in order; none where it is not there. */
export async function segmentsOf(disk: Disk, path: string): Promise<SegmentFile[]> {
  const ending = extname(path);
  const stem = basename(path, ending);
  let names: string[];
  try {
    names = await disk.readdir(dirname(path));
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return [];
    throw error;
  }
  const found: SegmentFile[] = [];
  for (const name of names) {
    const number = numberOf(name, stem, ending);
    if (number !== undefined) found.push({ path: join(dirname(path), name), number });
  }
  return found.sort((a, b) => a.number - b.number);
}

function numberOf(name: string, stem: string, ending: string): number | undefined {
  if (name === stem + ending) return 1;
  if (!name.startsWith(`${stem}.`) || !name.endsWith(ending)) return undefined;
  const digits = name.slice(stem.length + 1, name.length - ending.length);
  if (!/^\d{6,7}$/.test(digits)) return undefined;
  const number = Number(digits);
  return number > 1 && number <= MAX_SEGMENTS && String(number).padStart(6, "0") === digits ? number : undefined;
}
