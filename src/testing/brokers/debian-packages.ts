import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../../errors.ts";
import { cachedFolder } from "./broker-cache.ts";
import { programInPath, runTool } from "./tool.ts";

/** Names a broker's packages and says what else its user can do. */
export interface DebianPackages {
  /** The folder's name in the cache. */
  readonly name: string;
  readonly packages: readonly string[];
  /** What to do where they can't be unpacked. */
  readonly remedy: string;
  /** What is still to be done in the folder before it is used. */
  finish?(root: string): Promise<void>;
}

/**
 * Unpacks packages of the system's own release into the user's cache, without root and without touching the system;
 * gives the folder, which looks like `/`.
 */
export async function unpackedPackages({ name, packages, remedy, finish }: DebianPackages): Promise<string> {
  const release = releaseName();
  try {
    return await cachedFolder(join(release, name), async (folder) => {
      await unpack(packages, folder);
      await finish?.(folder);
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${name}: not here, and it can't be unpacked from the system's packages (${why}); ${remedy}`, {
      cause,
    });
  }
}

/** Names the folder of a tree that has its shared libraries beside those without an architecture. */
export function libraryPath(root: string): string {
  const lib = join(root, "usr", "lib");
  const folders = readdirSync(lib).filter((name) => name.includes("-linux-"));
  return [...folders.map((name) => join(lib, name)), lib].join(":");
}

function releaseName(): string {
  const fields = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const field = (key: string): string => new RegExp(`^${key}="?([^"\n]*)`, "m").exec(fields)?.[1] ?? "";
  return `${field("ID") || process.platform}-${field("VERSION_ID") || "any"}-${process.arch}`;
}

async function unpack(packages: readonly string[], root: string): Promise<void> {
  for (const tool of ["apt-get", "dpkg"]) {
    if ((await programInPath(tool)) === undefined) throw new UsageError(`there is no ${tool} on this system`);
  }
  const state = join(root, "apt");
  const debs = join(state, "debs");
  for (const folder of ["lists/partial", "cache/archives/partial", "debs"]) {
    await mkdir(join(state, folder), { recursive: true });
  }
  // A state of our own, so that nothing of the system's is read for writing or locked.
  const options = [
    `Dir::State::lists=${join(state, "lists")}`,
    `Dir::Cache=${join(state, "cache")}`,
    "Dir::State::status=/var/lib/dpkg/status",
    "Debug::NoLocking=1",
    "APT::Sandbox::User=",
  ].flatMap((option) => ["-o", option]);
  await runTool("apt-get", [...options, "-q", "update"]);
  await runTool("apt-get", [...options, "-q", "download", ...packages], { cwd: debs });
  for (const file of readdirSync(debs)) await runTool("dpkg", ["-x", join(debs, file), root]);
  await rm(state, { recursive: true, force: true });
}
