import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { root, runCommand } from "../run-command.mjs";

const requirements = join(root, "scripts", "peers", "requirements.txt");
const built = join(root, "scripts", "peers", "requirements-built.txt");
/** What arroyopy 0.2.2 asks for. */
const VERSIONS = ["3.12", "3.11"];
const CANDIDATES = [...VERSIONS.map((version) => `python${version}`), "python3", "python"];
const PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])";

/**
 * Gives the Python of a private environment with the packages of requirements.txt; makes it where it is missing. It
 * lives below node_modules, so that nothing outside of the repository is touched and git does not see it.
 */
export async function pythonWithPeers() {
  const { command, version } = await findPython();
  const packages = readFileSync(requirements, "utf8");
  const compiled = readFileSync(built, "utf8");
  const kind = `${version} ${process.platform} ${process.arch}`;
  const id = createHash("sha256").update(`${kind}\n${packages}${compiled}`).digest("hex");
  const folder = join(root, "node_modules", ".cache", "arroyojs-peers", id.slice(0, 12));
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  // Written last: an environment that was broken off half-way is made again.
  const complete = join(folder, "complete");
  if (existsSync(complete)) return python;

  const count = namesIn(packages).length;
  process.stdout.write(`peers: making an environment of Python ${version} with ${count} packages in ${folder}\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await must([command, "-m", "venv", folder], "see above");
  const pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"];
  const whole = [...pip, "--only-binary", ":all:", "-r", requirements];
  await must(whole, "it needs a package index or a cache; see above, then try again");
  const missing = [];
  for (const name of namesIn(compiled)) {
    if ((await runCommand([...pip, "--no-deps", name])) !== 0) missing.push(name);
  }
  writeFileSync(complete, missing.join("\n"));
  return python;
}

/** Names the packages that could not be compiled for the environment of a Python. */
export function missingPeers(python) {
  return namesIn(readFileSync(join(dirname(dirname(python)), "complete"), "utf8"));
}

function namesIn(requirements) {
  return requirements.split("\n").filter((line) => /^\w/.test(line));
}

async function findPython() {
  const own = process.env.ARROYO_PYTHON;
  const found = [];
  for (const command of own === undefined ? CANDIDATES : [own]) {
    const version = await versionOf(command);
    if (VERSIONS.includes(version)) return { command, version };
    if (version !== undefined) found.push(`${command} is ${version}`);
  }
  const seen =
    found.length > 0 ? found.join(", ") : `${own ?? "none"} does not run, or lacks the modules venv and ensurepip`;
  throw new Error(
    `peers: no Python ${VERSIONS.join(" or ")}, which arroyopy needs (${seen}); install one with its venv module, or name one in ARROYO_PYTHON`,
  );
}

/** Gives the version of a Python that can make environments. */
async function versionOf(command) {
  try {
    const { stdout } = await promisify(execFile)(command, ["-c", PROBE]);
    return stdout.trim();
  } catch {
    return undefined;
  }
}

async function must(command, remedy) {
  const code = await runCommand(command);
  if (code !== 0) throw new Error(`peers: "${command.slice(0, 4).join(" ")} ..." ended with ${code}; ${remedy}`);
}
