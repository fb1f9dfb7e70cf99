// Compiles the kernels in AssemblyScript: each `kernels.as.ts` below src becomes `kernels.wasm` beside it, which is not
// committed. What is up to date is left alone: contents decide, not times, because a checkout changes those.
// Usage: node scripts/kernels.mjs; `npm run build` and every run of the tests do it by themselves.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { filesBelow } from "./imports.mjs";
import { main, root, runCommand } from "./run-command.mjs";

const entry = "kernels.as.ts";
const binary = "kernels.wasm";
const flags = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--enable",
  "simd",
  "--enable",
  "bulk-memory",
  "--use",
  "abort=",
];
/** The custom section that says from what a binary was made. */
const section = "arroyojs.sources";

const foldersOfKernels = () => filesBelow(join(root, "src"), entry).map((file) => dirname(file));

/** Gives the digest of all that decides what a folder's binary is. */
function digestOf(folder) {
  const hash = createHash("sha256").update(JSON.stringify([compilerVersion(), flags]));
  for (const name of readdirSync(folder)
    .filter((name) => name.endsWith(".as.ts"))
    .sort()) {
    hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}

function compilerVersion() {
  return JSON.parse(readFileSync(join(root, "node_modules/assemblyscript/package.json"), "utf8")).version;
}

/** Makes a custom section of WebAssembly: 0, its length, the length of its name, its name, its contents. */
function customSection(contents) {
  const body = Buffer.concat([Buffer.from([section.length]), Buffer.from(section + contents)]);
  return Buffer.concat([Buffer.from([0, body.length]), body]);
}

async function compile(folder) {
  const stamp = customSection(digestOf(folder));
  const target = join(folder, binary);
  if (existsSync(target) && readFileSync(target).subarray(-stamp.length).equals(stamp)) return;
  // Two runs at once must not see half of a file.
  const made = `${target}.${process.pid}.tmp`;
  try {
    const code = await runCommand(["asc", join(relative(root, folder), entry), "-o", relative(root, made), ...flags]);
    if (code !== 0) throw new Error(`kernels: asc ended with ${code} for ${relative(root, join(folder, entry))}`);
    writeFileSync(made, Buffer.concat([readFileSync(made), stamp]));
    renameSync(made, target);
  } finally {
    rmSync(made, { force: true });
  }
}

/** Compiles what is missing or older than its sources. */
export async function compileKernels() {
  for (const folder of foldersOfKernels()) await compile(folder);
}

/** Puts the binaries beside the compiled modules that load them. */
export function copyKernels(dist) {
  for (const folder of foldersOfKernels()) {
    const target = join(dist, relative(join(root, "src"), folder));
    mkdirSync(target, { recursive: true });
    copyFileSync(join(folder, binary), join(target, binary));
  }
}

/** The name under which vitest runs it before all tests. */
export const setup = compileKernels;

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(compileKernels);
