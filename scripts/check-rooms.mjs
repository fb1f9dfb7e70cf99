// Fails where a file of src or examples imports what the design does not allow (`rooms.mjs` is the table).
// Usage: node scripts/check-rooms.mjs [folder of a repository]
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { filesBelow, importsOf } from "./imports.mjs";
import { isMeant, leaves, roomOf, rowOf } from "./rooms.mjs";
import { main, root as repository } from "./run-command.mjs";

const root = resolve(process.argv[2] ?? repository);
const src = join(root, "src");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const subpaths = Object.keys(manifest.exports ?? {}).map((subpath) => manifest.name + subpath.slice(1));
const dependencies = Object.keys(manifest.dependencies ?? {});
const peers = Object.keys(manifest.peerDependencies ?? {});

const slashed = (path) => path.split(sep).join("/");
const packageOf = (from) => from.split("/", from.startsWith("@") ? 2 : 1).join("/");
const isBuiltin = (from) => from.startsWith("node:") || builtinModules.includes(from);
const isOwn = (from) => from === manifest.name || from.startsWith(`${manifest.name}/`);

/** Judges an import between two files of src: what is wrong with it, or undefined. */
function judgeNeighbour(path, target, kind) {
  const room = roomOf(path);
  const other = roomOf(target);
  if (room === other) return undefined;
  const row = rowOf(path);
  if (row === undefined) return `there is no room "${room}" in the table; give it a row in scripts/rooms.mjs`;
  const { rooms, types = [], dynamic = [] } = row;
  // A leaf imports no other leaves but those that its row names, or they would be a cycle.
  const allowed = leaves.includes(room) ? rooms : [...leaves, ...rooms];
  const named = (entries) => entries.some((entry) => isMeant(entry, other));
  if (named(allowed)) return undefined;
  if (named(types)) return kind === "type" ? undefined : `of ${other} it may import types only (import type)`;
  if (named(dynamic)) return kind === "static" ? `it may load ${other} by import() only` : undefined;
  const list = [
    ...allowed,
    ...types.map((entry) => `types of ${entry}`),
    ...dynamic.map((entry) => `import() of ${entry}`),
  ];
  return `${room} may not import ${other}; it may import ${list.join(", ") || "nothing"}`;
}

/** Judges an import of a package from src. */
function judgePackage(from, kind) {
  if (isBuiltin(from)) return undefined;
  if (isOwn(from)) return "src imports itself by relative paths, never by the package's name";
  const name = packageOf(from);
  if (dependencies.includes(name)) return undefined;
  if (!peers.includes(name))
    return `"${name}" is no dependency in package.json; src may import ${dependencies.join(", ")}`;
  if (kind === "static") return `"${name}" is an optional peer; load it by import() when it is first used`;
  return undefined;
}

function judgeSource(file, { from, kind }) {
  if (!from.startsWith(".")) return judgePackage(from, kind);
  const target = relative(src, join(dirname(file), from));
  if (target.startsWith("..")) return "src imports nothing from outside of src";
  return judgeNeighbour(slashed(relative(src, file)), slashed(target), kind);
}

/** Judges an import of an example, which is a user's program: public subpaths, and what lies beside it. */
function judgeExample(file, { from }) {
  if (from.startsWith(".")) {
    const inside = !relative(join(root, "examples"), join(dirname(file), from)).startsWith("..");
    return inside ? undefined : `an example imports the package by its name: ${subpaths.join(", ")}`;
  }
  if (!isOwn(from) || subpaths.includes(from)) return undefined;
  return `"${from}" is no public subpath; there are ${subpaths.join(", ")}`;
}

function findings(folder, judge) {
  const files = filesBelow(join(root, folder), ".ts");
  return files.flatMap((file) =>
    importsOf(file).flatMap((one) => {
      const wrong = judge(file, one);
      return wrong === undefined
        ? []
        : [`${slashed(relative(root, file))}:${one.line}: imports "${one.from}": ${wrong}`];
    }),
  );
}

await main(async () => {
  if (!existsSync(src)) throw new Error(`rooms: ${src} does not exist; give the folder of a repository`);
  const wrong = [...findings("src", judgeSource), ...findings("examples", judgeExample)];
  for (const line of wrong) process.stderr.write(`${line}\n`);
  if (wrong.length === 0) process.stdout.write("every import is allowed\n");
  else process.stderr.write(`rooms: ${wrong.length} not allowed; the table is scripts/rooms.mjs\n`);
  return wrong.length === 0 ? 0 : 1;
});
