// In front of `npm test`, `npm run demo` and the like, so that they work in a fresh clone:
// checks the version of Node, installs the locked dependencies where they are missing or others, runs the command.
// It imports nothing but Node, and of its neighbours only what does the same.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main, root, runCommand } from "./run-command.mjs";

const readJson = (...path) => JSON.parse(readFileSync(join(root, ...path), "utf8"));

function checkNode() {
  const needed = readJson("package.json").engines.node.replace(">=", "");
  const [major, minor] = needed.split(".").map(Number);
  const [hasMajor, hasMinor] = process.versions.node.split(".").map(Number);
  if (hasMajor > major || (hasMajor === major && hasMinor >= minor)) return;
  throw new Error(`setup: this is Node ${process.versions.node}; arroyojs needs Node ${needed} or later`);
}

/** Says why the dependencies must be installed, or undefined. Contents decide, not times: a checkout changes those. */
function reasonToInstall() {
  if (!existsSync(join(root, "node_modules", ".package-lock.json"))) return "the dependencies are not installed";
  const wanted = readJson("package-lock.json").packages;
  const installed = readJson("node_modules", ".package-lock.json").packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    // Optional packages are those of other systems; one that is here must be the right one all the same.
    const present = installed[path];
    if (present === undefined ? !entry.optional : present.version !== entry.version) {
      return `${path.replace(/^.*node_modules\//, "")} is not what package-lock.json says`;
    }
  }
  return undefined;
}

async function install(reason) {
  process.stdout.write(`setup: ${reason}; running "npm ci"\n`);
  const npm = process.env.npm_execpath;
  const command = npm === undefined ? ["npm"] : ["node", npm];
  const code = await runCommand([...command, "ci", "--no-audit", "--no-fund"]);
  if (code === 0) return;
  throw new Error(`setup: "npm ci" ended with ${code}; see above, then try again (it needs a registry or a cache)`);
}

/** Programs that run from the sources load kernels that are compiled. The script needs what was just installed. */
async function compileKernels() {
  const script = join(root, "scripts", "kernels.mjs");
  if (!existsSync(script)) return;
  const code = await runCommand(["node", script]);
  if (code !== 0) throw new Error(`setup: the kernels could not be compiled (exit code ${code}); see above`);
}

await main(async () => {
  checkNode();
  const reason = reasonToInstall();
  if (reason !== undefined) await install(reason);
  await compileKernels();
  return runCommand(process.argv.slice(2));
});
