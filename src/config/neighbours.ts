import { readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** How many names of a folder are looked at. */
const MOST = 500;

/** Gives the files of code beside a path, as a `use:` names them; none where there is no such folder. */
export function neighbours(path: string, folder: string): readonly string[] {
  const beside = dirname(path);
  try {
    const entries = readdirSync(beside, { withFileTypes: true }).slice(0, MOST);
    const files = entries.filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name));
    return files.map(({ name }) => `./${relative(folder, join(beside, name)).split(sep).join("/")}`);
  } catch {
    return [];
  }
}
