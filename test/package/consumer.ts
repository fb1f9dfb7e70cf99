import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** What a command did. */
export interface Ran {
  readonly code: number | null;
  readonly text: string;
}

/** A user's empty project that has installed the packed package and nothing else. */
export class Consumer implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "arroyojs-pack-"));

  /** Packs the package as for publishing (which builds it), and installs the archive. */
  install(): void {
    const folder = join(this.folder, "archive");
    mkdirSync(folder);
    this.#npm(root, "pack", "--pack-destination", folder);
    const archive = join(folder, readdirSync(folder)[0] ?? "");
    this.write("package.json", JSON.stringify({ name: "consumer", private: true, type: "module" }));
    this.#npm(this.folder, "install", archive, "--prefer-offline", "--no-audit", "--no-fund");
  }

  /** Writes a file of the project. */
  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** Runs a command in the project, with the repository's tools at hand. */
  run(command: string, ...args: string[]): Ran {
    return execute(this.folder, command, args);
  }

  #npm(cwd: string, ...args: string[]): void {
    const { code, text } = execute(cwd, "npm", args);
    if (code !== 0) throw new Error(`npm ${args[0]}: ended with ${code}; it said:\n${text}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function execute(cwd: string, command: string, args: readonly string[]): Ran {
  // What npm and vitest tell their children (prefix, loader, mode) is not what a user's shell has.
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle|command)|VITEST|NODE_(ENV|OPTIONS))/.test(name),
  );
  const PATH = `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH}`;
  const env = { ...Object.fromEntries(kept), PATH };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  return { code: status, text: `${stdout}${stderr}${error?.message ?? ""}` };
}
