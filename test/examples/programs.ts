import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** What a program did. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const runs = new Map<string, Promise<Ran>>();

/** Runs an example as a user does; the second time it is asked for, gives what it did the first time. */
export function ranExample(path: string): Promise<Ran> {
  const known = runs.get(path);
  if (known !== undefined) return known;
  const ran = execute(path);
  runs.set(path, ran);
  return ran;
}

/** Gives the text of a file of the repository. */
export function fileText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Gives the files of a folder of the repository, with this ending, as paths below the root. */
export function filesBelow(folder: string, ending: string): readonly string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

/** Tells whether a link in a file leads somewhere. */
export function leadsSomewhere(file: string, link: string): boolean {
  return existsSync(join(root, dirname(file), decodeURI(link)));
}

function execute(path: string): Promise<Ran> {
  // What vitest tells its own processes is not what a user's shell has.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_(ENV|OPTIONS))/.test(name)),
  );
  const child = spawn(process.execPath, ["--import", "tsx", path], { cwd: root, env });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, ...output }));
  });
}
