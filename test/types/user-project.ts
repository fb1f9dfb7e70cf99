import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Is one error of the compiler. */
export interface Complaint {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** A user's project that sees the package as installed ones do: by its declarations. */
export class UserProject implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "arroyojs-types-"));

  constructor() {
    const options = ["--declaration", "--emitDeclarationOnly", "--noEmitOnError", "false", "--sourceMap", "false"];
    const outDir = join(this.folder, "package");
    this.#tsc(root, "-p", "tsconfig.build.json", ...options, "--inlineSources", "false", "--outDir", outDir);
    this.write("package.json", JSON.stringify({ type: "module" }));
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"), "junction");
  }

  /** Copies a file or folder of the repository. */
  copy(path: string): void {
    cpSync(join(root, path), join(this.folder, path), { recursive: true });
  }

  /** Writes a file. */
  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** Compiles files with the compiler's options of a strict user, changed as given, and gives what it complains of. */
  compile(files: readonly string[], changed: Readonly<Record<string, unknown>> = {}): readonly Complaint[] {
    const paths = {
      arroyojs: ["./package/index.d.ts"],
      "arroyojs/testing": ["./package/testing/index.d.ts"],
      "arroyojs/formats/*": ["./package/formats/*/index.d.ts"],
      "arroyojs/*": ["./package/transports/*/index.d.ts"],
    };
    const compilerOptions = { ...STRICT, paths, ...changed };
    this.write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
    return complaints(this.#tsc(this.folder, "-p", "tsconfig.json", "--pretty", "false"));
  }

  #tsc(cwd: string, ...args: string[]): string {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout, stderr, error } = spawnSync(process.execPath, [tsc, ...args], { cwd, encoding: "utf8" });
    if (error !== undefined) throw error;
    return stdout + stderr;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  noErrorTruncation: true,
  skipLibCheck: false,
  module: "NodeNext",
  target: "ES2023",
  lib: ["ES2023", "ESNext.Disposable"],
  types: ["node"],
};

/** Reads the compiler's text: an error begins with file, line and column; the lines below it are indented. */
function complaints(text: string): readonly Complaint[] {
  const found: { file: string; line: number; message: string }[] = [];
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const head = /^(.+?)\((\d+),\d+\): error (.*)$/.exec(line);
    const last = found.at(-1);
    if (head !== null) found.push({ file: head[1] as string, line: Number(head[2]), message: head[3] as string });
    else if (last !== undefined && line.startsWith(" ")) last.message += `\n${line}`;
    else found.push({ file: "", line: 0, message: line });
  }
  return found;
}
