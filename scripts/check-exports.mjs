// Fails where the exports map, the folders of src, what was built and the paths of tsconfig.json are not the same diagram.
// Usage: node scripts/check-exports.mjs [folder of a repository]
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { main, root as repository } from "./run-command.mjs";

const root = resolve(process.argv[2] ?? repository);

/** The folders of src that are subpaths: folder → the subpath's prefix. One with a star means each folder in it. */
const places = {
  "": ".",
  testing: "./testing",
  reduction: "./reduction",
  "transports/*": "./*",
  "transports/websocket/client": "./websocket/client",
  "formats/*": "./formats/*",
};

/** Reads which subpaths the folders ask for: subpath → folder below src. */
function subpathsOfFolders() {
  const found = new Map();
  const add = (subpath, folder) => {
    if (!existsSync(join(root, "src", folder, "index.ts"))) return;
    if (found.has(subpath))
      throw new Error(`exports: src/${found.get(subpath)} and src/${folder} are both "${subpath}"`);
    found.set(subpath, folder);
  };
  for (const [place, subpath] of Object.entries(places)) {
    if (!place.endsWith("/*")) {
      add(subpath, place);
      continue;
    }
    const parent = join(root, "src", place.slice(0, -2));
    for (const name of existsSync(parent) ? readdirSync(parent).sort() : []) {
      add(subpath.replace("*", name), place.replace("*", name));
    }
  }
  return found;
}

function differences() {
  const { name, exports = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const folders = subpathsOfFolders();
  const wrong = [];
  for (const [subpath, folder] of folders) {
    const base = ["./dist", folder, "index"].filter((part) => part !== "").join("/");
    const expected = { types: `${base}.d.ts`, default: `${base}.js` };
    if (JSON.stringify(exports[subpath]) !== JSON.stringify(expected)) {
      wrong.push(`package.json: exports["${subpath}"] must be ${JSON.stringify(expected)}, for there is src/${folder}`);
      continue;
    }
    for (const file of Object.values(expected)) {
      if (!existsSync(join(root, file))) wrong.push(`${file}: exported, but was not built; run "npm run build"`);
    }
  }
  for (const subpath of Object.keys(exports)) {
    if (subpath === "./package.json" || folders.has(subpath)) continue;
    wrong.push(`package.json: exports["${subpath}"] has no folder with an index.ts; add the folder or drop the entry`);
  }
  return { count: folders.size, wrong: [...wrong, ...unmappedPaths(name, folders)] };
}

/** Checks that inside the repository each subpath leads to its source, as it does for a user to what was built. */
function unmappedPaths(name, folders) {
  const file = join(root, "tsconfig.json");
  const text = readFileSync(file, "utf8").replace(/^\s*\/\/.*$/gm, "");
  const paths = JSON.parse(text).compilerOptions?.paths ?? {};
  const wrong = [];
  for (const [subpath, folder] of folders) {
    const full = name + subpath.slice(1);
    const star = full.replace(/[^/]+$/, "*");
    const entry = paths[full]?.[0] ?? paths[star]?.[0].replace("*", full.slice(star.length - 1));
    const expected = `./${["src", folder, "index.ts"].filter((part) => part !== "").join("/")}`;
    if (entry !== expected)
      wrong.push(`tsconfig.json: paths must lead ${full} to ${expected}, not to ${entry ?? "nothing"}`);
  }
  return wrong;
}

await main(async () => {
  const { count, wrong } = differences();
  for (const line of wrong) process.stderr.write(`${line}\n`);
  if (wrong.length === 0) process.stdout.write(`${count} subpaths, each with its folder, its build and its path\n`);
  else process.stderr.write(`exports: ${wrong.length} differences\n`);
  return wrong.length === 0 ? 0 : 1;
});
