import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Lists the files below a folder whose name ends so; none if there is no such folder. */
export function filesBelow(folder, ending) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

// Each pattern begins at the start of a line or at a keyword, so that examples in doc comments (` * import ...`) do not
// count. A formatted file has no other shapes; `new URL` is how a thread or a child process names its module.
const patterns = [
  {
    kind: "static",
    pattern:
      /^[ \t]*(?:import|export)\s+(?<type>type\s+)?(?:[\w$]+\s*,?\s*)?(?<names>\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?)?\s*from\s*["'](?<from>[^"']+)["']/gm,
  },
  { kind: "static", pattern: /^[ \t]*import\s+["'](?<from>[^"']+)["']/gm },
  { kind: "dynamic", pattern: /^(?![ \t]*(?:\*|\/\/)).*?\bimport\(\s*["'`](?<from>[^"'`]+)["'`]/gm },
  { kind: "dynamic", pattern: /^(?![ \t]*(?:\*|\/\/)).*?\bnew URL\(\s*["'`](?<from>\.[^"'`]+\.[cm]?ts)["'`]/gm },
];

/** Reads the imports of a TypeScript file: where each stands, what it names, and whether it is for types only. */
export function importsOf(file) {
  const text = readFileSync(file, "utf8");
  const found = [];
  for (const { kind, pattern } of patterns) {
    for (const match of text.matchAll(pattern)) {
      const { from, type, names } = match.groups;
      const at = match.index + match[0].lastIndexOf(from);
      found.push({ from, kind: isTypeOnly(type, names) ? "type" : kind, line: text.slice(0, at).split("\n").length });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

function isTypeOnly(type, names) {
  if (type !== undefined) return true;
  if (names === undefined || !names.startsWith("{")) return false;
  const list = names
    .slice(1, -1)
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return list.length > 0 && list.every((name) => name.startsWith("type "));
}
