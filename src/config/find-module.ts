import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { nearest } from "../options/nearest.ts";
import { neighbours } from "./neighbours.ts";
import { isBelow, realPath } from "./secret-file.ts";
import type { Use } from "./use.ts";

type Found = { readonly file: string } | { readonly wrong: string };

/** The conditions of `exports` that hold for import() in Node.js. */
const CONDITIONS: ReadonlySet<string> = new Set(["node", "import", "module-sync", "default"]);

/** Finds the file of a `use:`; `folder` is the real path of the configuration's. Nothing of it is run. */
export function findModule(use: Exclude<Use, { kind: "built-in" }>, folder: string): Found {
  return use.kind === "file" ? findFile(use.path, folder) : findPackage(use.specifier, folder);
}

function findFile(path: string, folder: string): Found {
  const elsewhere = {
    wrong: `"${path}" leads out of the configuration's folder; move the file there, or make it a package`,
  };
  const asked = resolve(folder, path);
  if (!isBelow(asked, folder)) return elsewhere;
  const real = realPath(asked);
  if (real === undefined) {
    const near = nearest(path, neighbours(asked, folder));
    const remedy = near === undefined ? "make it, or write another path" : `did you mean "${near}"?`;
    return { wrong: `there is no file "${path}"; ${remedy}` };
  }
  if (!isBelow(real, folder)) return elsewhere;
  return isFile(real) ? { file: real } : { wrong: `"${path}" is no file; write the path of a file of code` };
}

function findPackage(specifier: string, folder: string): Found {
  const parts = specifier.split("/");
  const size = specifier.startsWith("@") ? 2 : 1;
  const name = parts.slice(0, size).join("/");
  const inside = ["." as string, ...parts.slice(size)].join("/");
  const home = folderOf(name, folder);
  if (home === undefined) return { wrong: `the package "${name}" is not installed here; run: npm install ${name}` };
  let manifest: Readonly<Record<string, unknown>>;
  try {
    manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as Readonly<Record<string, unknown>>;
  } catch {
    return { wrong: `the package.json of "${name}" cannot be read; install it anew: npm install ${name}` };
  }
  const target = targetOf(manifest, inside, home);
  const missing = { wrong: `the package "${name}" has no "${inside}"; write what its documentation names` };
  if (target === undefined) return missing;
  const real = realPath(resolve(home, target));
  return real !== undefined && isBelow(real, home) && isFile(real) ? { file: real } : missing;
}

/** Gives the real folder of a package as Node finds it: in the nearest node_modules upwards. */
function folderOf(name: string, folder: string): string | undefined {
  for (let place = folder; ; place = dirname(place)) {
    const found = realPath(join(place, "node_modules", name));
    if (found !== undefined) return found;
    if (dirname(place) === place) return undefined;
  }
}

function targetOf(manifest: Readonly<Record<string, unknown>>, inside: string, home: string): string | undefined {
  const { exports, main } = manifest;
  if (exports !== undefined && exports !== null) return exported(exports, inside);
  if (inside === ".") return typeof main === "string" ? fileOf(main, home) : "./index.js";
  return fileOf(inside, home);
}

/** As in CommonJS, the ending may be left out where there is no exports map. */
function fileOf(path: string, home: string): string {
  const candidates = [path, `${path}.js`, `${path}.mjs`, `${path}.cjs`, `${path}/index.js`];
  return candidates.find((candidate) => isFile(join(home, candidate))) ?? path;
}

function exported(exports: unknown, inside: string): string | undefined {
  const isMap = typeof exports === "object" && exports !== null && !Array.isArray(exports);
  const paths = isMap && Object.keys(exports).some((key) => key.startsWith("."));
  if (!paths) return inside === "." ? chosen(exports, "") : undefined;
  const map = exports as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(map, inside)) return chosen(map[inside], "");
  // The most exact pattern: the longest text before its star.
  const patterns = Object.keys(map)
    .filter((key) => key.split("*").length === 2)
    .sort((one, other) => other.indexOf("*") - one.indexOf("*"));
  for (const pattern of patterns) {
    const [before = "", after = ""] = pattern.split("*");
    if (inside.length < before.length + after.length || !inside.startsWith(before) || !inside.endsWith(after)) continue;
    return chosen(map[pattern], inside.slice(before.length, inside.length - after.length));
  }
  return undefined;
}

function chosen(target: unknown, star: string): string | undefined {
  if (typeof target === "string") return target.startsWith("./") ? target.replaceAll("*", () => star) : undefined;
  if (Array.isArray(target)) {
    for (const one of target) {
      const found = chosen(one, star);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (typeof target !== "object" || target === null) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    if (!CONDITIONS.has(condition)) continue;
    const found = chosen(inner, star);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
