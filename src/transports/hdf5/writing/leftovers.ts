import { opendir } from "node:fs/promises";
import { join } from "node:path";

/** Ends the names of files that are not finished. */
export const UNFINISHED = ".part";

const NAME = /\.[0-9a-f]{12}\.part$/u;
const MAX_ENTRIES = 100_000;
const MAX_FOUND = 100;

/** Gives the name under which a file is written until it is finished; `life` tells one process from another. */
export function unfinishedPath(path: string, life: string): string {
  return `${path}.${life}${UNFINISHED}`;
}

/** Finds files that were not finished, in a folder and in folders so deep below it; at most some of them. */
export async function leftoversIn(folder: string, depth: number): Promise<readonly string[]> {
  const found: string[] = [];
  let entries = 0;
  const look = async (place: string, below: number): Promise<void> => {
    let open: Awaited<ReturnType<typeof opendir>>;
    try {
      open = await opendir(place);
    } catch {
      // What is not there, or must not be looked at, has none; writing there says what is wrong.
      return;
    }
    for await (const entry of open) {
      entries += 1;
      if (entries > MAX_ENTRIES || found.length >= MAX_FOUND) return;
      if (entry.isDirectory() && below > 0) await look(join(place, entry.name), below - 1);
      else if (entry.isFile() && NAME.test(entry.name)) found.push(join(place, entry.name));
    }
  };
  await look(folder, depth);
  return found.sort();
}
