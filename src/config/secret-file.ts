import { readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";

/** How much a file for one value may hold. */
const MOST_BYTES = 64 * 1024;

/** Tells whether a path is below a folder; both are real paths, without links. */
export function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Gives the real path of a file or folder, if it exists. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Reads the value that a file holds; the file must lie below the configuration's folder, or in one for secrets. */
export function readSecret(
  path: string,
  folder: string,
  secretsFolders: readonly string[],
): { readonly text: string } | { readonly wrong: string } {
  const allowed = `a file below the configuration's folder or below ${secretsFolders.join(" or ") || "one given with --secrets"}`;
  if (path === "" || path.includes("\0") || /^[a-z][a-z0-9+.-]+:/i.test(path)) {
    return { wrong: `!file needs the path of ${allowed}` };
  }
  const candidates = isAbsolute(path) ? [path] : [folder, ...secretsFolders].map((one) => join(one, path));
  const found = candidates.find((candidate) => realPath(candidate) !== undefined);
  const roots = [folder, ...secretsFolders].map((root) => realPath(root)).filter((root) => root !== undefined);
  // What does not exist and what must not be read look the same: nobody learns what is outside.
  const isOutside = candidates.every((candidate) => !roots.some((root) => isBelow(resolve(candidate), root)));
  const real = found === undefined ? undefined : realPath(found);
  if (real === undefined && !isOutside) return { wrong: `there is no file "${path}"; make it, or write another path` };
  if (real === undefined || !roots.some((root) => isBelow(real, root))) {
    return { wrong: `"${path}" leads elsewhere; take ${allowed}` };
  }
  return contentOf(real, path);
}

function contentOf(real: string, path: string): { readonly text: string } | { readonly wrong: string } {
  try {
    const about = statSync(real);
    if (!about.isFile()) return { wrong: `"${path}" is no file; write the path of a file with the value` };
    if (about.size > MOST_BYTES) return { wrong: `"${path}" has more than ${MOST_BYTES} bytes; a value is smaller` };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(real)).replace(/\r?\n$/, "");
    return text === "" ? { wrong: `"${path}" is empty; write the value into it` } : { text };
  } catch (error) {
    if (error instanceof TypeError) return { wrong: `"${path}" is no text in UTF-8; write the value as text` };
    const { code } = error as NodeJS.ErrnoException;
    return { wrong: `"${path}" cannot be read (${code}); change who may read it` };
  }
}
