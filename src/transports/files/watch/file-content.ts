import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { readFully } from "../capture/segment-reader.ts";
import type { SeenFile } from "./folder-look.ts";

/** A link or a pipe that took the place of the file must not lead elsewhere, or hang. Not every system has these. */
const SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Reads a file that was seen; undefined where it is not the same any more, before or after. */
export async function contentOf(path: string, { size, mtimeMs }: SeenFile): Promise<Uint8Array | undefined> {
  const handle = await open(path, SAFELY);
  try {
    const isSame = async (): Promise<boolean> => {
      const stats = await handle.stat();
      return stats.isFile() && stats.size === size && stats.mtimeMs === mtimeMs;
    };
    if (!(await isSame())) return undefined;
    const content = new Uint8Array(size);
    const read = await readFully(handle, content, 0, 0);
    return read === size && (await isSame()) ? content : undefined;
  } finally {
    await handle.close();
  }
}
