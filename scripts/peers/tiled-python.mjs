// Prints the path of a Python that has a real Tiled server; makes its environment where it is missing, beside that of the
// other peers.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run-command.mjs";

const python = process.env.ARROYO_PEERS_PYTHON;
if (python === undefined) throw new Error("peers: the environments are made by npm run test:peers");
const requirements = join(root, "scripts", "peers", "requirements-tiled.txt");
const id = createHash("sha256")
  .update(`${python}\n${readFileSync(requirements, "utf8")}`)
  .digest("hex");
const folder = join(root, "node_modules", ".cache", "arroyojs-peers", `tiled-${id.slice(0, 12)}`);
const own = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
// Written last: an environment that was broken off half-way is made again.
const complete = join(folder, "complete");
if (!existsSync(complete)) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run(python, "-m", "venv", folder);
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"];
  run(own, ...pip, "--only-binary", ":all:", "-r", requirements);
  writeFileSync(complete, "");
}
process.stdout.write(`${own}\n`);

function run(command, ...args) {
  execFileSync(command, args, { stdio: ["ignore", 2, 2] });
}
