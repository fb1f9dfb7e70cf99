import { UsageError } from "../../../errors.ts";

/** Tells whether a path below the folder, with "/" between its parts, is meant. */
export type PathTest = (path: string) => boolean;

/**
 * Makes a test of glob patterns: `*` and `?` stay within a part of a path, a part `**` stands for any number of parts,
 * `[abc]` and `{tif,cbf}` are choices. One without "/" is compared with the file's name alone. A name that begins with a
 * dot has to be asked for by a pattern that does too; `!` in front leaves out what earlier patterns took in.
 */
export function pathTest(patterns: readonly string[]): PathTest {
  const tests = patterns.map((pattern) => {
    const isOut = pattern.startsWith("!");
    const glob = isOut ? pattern.slice(1) : pattern;
    return {
      isOut,
      isName: !glob.includes("/") && glob !== "**",
      matches: matcher(glob.replace(/^\.?\//, ""), pattern),
    };
  });
  return (path) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    let isMeant = false;
    for (const { isOut, isName, matches } of tests) {
      if (isMeant === isOut && matches.test(isName ? name : path)) isMeant = !isOut;
    }
    return isMeant;
  };
}

function matcher(glob: string, pattern: string): RegExp {
  if (glob === "")
    throw new UsageError(`FilesListener: patterns: "${pattern}" names nothing; write for example "*.tif"`);
  const parts = glob.split("/");
  let source = "";
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === "**") source += isLast ? "(?!\\.)[^/]+(?:/(?!\\.)[^/]+)*" : "(?:(?!\\.)[^/]+/)*";
    else source += (part.startsWith(".") ? "" : "(?!\\.)") + partSource(part, pattern) + (isLast ? "" : "/");
  }
  return new RegExp(`^${source}$`, "su");
}

function partSource(part: string, pattern: string): string {
  let source = "";
  let braces = 0;
  const fault = (): UsageError =>
    new UsageError(`FilesListener: patterns: "${pattern}" has a bracket without its other half; write it in pairs`);
  for (let at = 0; at < part.length; at += 1) {
    const character = part[at] as string;
    if (character === "*") {
      // Several are no more than one, and would be slow.
      if (part[at - 1] !== "*") source += "[^/]*";
    } else if (character === "?") source += "[^/]";
    else if (character === "{") {
      braces += 1;
      source += "(?:";
    } else if (character === "}") {
      braces -= 1;
      if (braces < 0) throw fault();
      source += ")";
    } else if (character === "," && braces > 0) source += "|";
    else if (character === "[") {
      const end = part.indexOf("]", at + 2);
      if (end < 0) throw fault();
      const choice = part
        .slice(at + 1, end)
        .replace(/^!/, "^")
        .replaceAll(/[\\\][]/gu, "\\$&");
      source += `[${choice.replaceAll("&&", "&").replaceAll("--", "-")}]`;
      at = end;
    } else source += character.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
  }
  if (braces > 0) throw fault();
  return source;
}
