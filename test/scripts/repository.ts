import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Makes a small repository in a temporary folder, on which a script of this one is tried. */
export class Repository implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "arroyojs-scripts-"));

  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
  }

  /** Runs a script on it: its exit code, and what it wrote. */
  run(script: string): { code: number | null; text: string } {
    const path = fileURLToPath(new URL(`../../scripts/${script}`, import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [path, this.folder], { encoding: "utf8" });
    return { code: status, text: stdout + stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
