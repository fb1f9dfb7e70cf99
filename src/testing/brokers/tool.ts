import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { UsageError } from "../../errors.ts";

const KEPT_CHARACTERS = 4_000;

/** Says where and how a tool runs. */
export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a tool to its end and gives what it wrote; throws with the last of it where it fails. */
export function runTool(command: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const { cwd, env } = options;
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-KEPT_CHARACTERS);
      });
    }
    child.once("error", (cause) => reject(new UsageError(`${command}: does not start: ${cause.message}`, { cause })));
    child.once("close", (code, signal) => {
      if (code === 0) resolve(said);
      else reject(new UsageError(`${command} ${args[0] ?? ""}: ended with ${code ?? signal}: ${said.trim()}`));
    });
  });
}

/** Finds a program in the folders of PATH. */
export async function programInPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    if (folder === "") continue;
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
