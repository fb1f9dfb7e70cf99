import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a program beside a test: a script of Python with the real packages of the peers, or one of ours. */
export class Program implements AsyncDisposable {
  readonly #script: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = "";
  #errors = "";

  /** Starts a script of Python by its path in the repository. */
  static python(script: string, ...args: readonly (string | number)[]): Program {
    const python = process.env.ARROYO_PEERS_PYTHON;
    if (python === undefined) throw new Error("these tests need their own Python: npm run test:peers");
    return new Program(python, [], script, args);
  }

  /** Starts one of our programs by its path in the repository. */
  static node(script: string, ...args: readonly (string | number)[]): Program {
    return new Program(process.execPath, ["--import", "tsx"], script, args);
  }

  private constructor(command: string, flags: string[], script: string, args: readonly (string | number)[]) {
    this.#script = script;
    this.#child = spawn(command, [...flags, script, ...args.map(String)], { cwd: root, stdio: "pipe" });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.#ended = once(this.#child, "close");
  }

  /** What the program wrote on standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Gives the program what it reads. */
  input(text: string): void {
    this.#child.stdin?.end(text);
  }

  /** Waits for the program's end, and gives what it printed. */
  async output(): Promise<string> {
    await this.#ended;
    if (this.#child.exitCode !== 0) throw new Error(`${this.#script} ended badly:\n${this.#errors}`);
    return this.#output;
  }

  /** Waits for the program's end, and gives the lines of JSON that it printed. */
  async lines(): Promise<readonly unknown[]> {
    const output = await this.output();
    return output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  }

  /** Waits for the first line that the program prints, and gives its JSON. */
  async firstLine(): Promise<unknown> {
    let ended = false;
    void this.#ended.then(() => {
      ended = true;
    });
    while (!this.#output.includes("\n")) {
      if (ended) throw new Error(`${this.#script} ended before it said anything:\n${this.#errors}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return JSON.parse(this.#output.slice(0, this.#output.indexOf("\n"))) as unknown;
  }

  /** Sends SIGTERM, and gives what the program printed until it ended by itself. */
  async stop(): Promise<string> {
    this.#child.kill("SIGTERM");
    return await this.output();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
