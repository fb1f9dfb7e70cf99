import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a script of Python beside a test, with the real packages of the peers. */
export class Python implements AsyncDisposable {
  readonly #script: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = "";
  #errors = "";

  /** Starts a script by its path in the repository. */
  constructor(script: string, ...args: readonly (string | number)[]) {
    const python = process.env.ARROYO_PEERS_PYTHON;
    if (python === undefined) throw new Error("these tests need their own Python: npm run test:peers");
    this.#script = script;
    this.#child = spawn(python, [script, ...args.map(String)], { cwd: root, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.#ended = once(this.#child, "close");
  }

  /** Gives the script what it reads. */
  input(text: string): void {
    this.#child.stdin?.end(text);
  }

  /** Waits for the script's end, and gives what it printed. */
  async output(): Promise<string> {
    await this.#ended;
    if (this.#child.exitCode !== 0) throw new Error(`${this.#script} ended badly:\n${this.#errors}`);
    return this.#output;
  }

  /** Waits for the script's end, and gives the lines of JSON that it printed. */
  async lines(): Promise<readonly unknown[]> {
    const output = await this.output();
    return output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
