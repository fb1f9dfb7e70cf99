import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Is a program whose lines of output are waited for. */
export class Speaking implements Disposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #name: string;
  #errors = "";

  constructor(command: string, ...args: readonly string[]) {
    this.#name = args[0] as string;
    this.#child = spawn(command, args, { cwd: root, stdio: "pipe" });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#lines = createInterface(this.#child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
  }

  /** Tells it a line. */
  tell(text: string): void {
    this.#child.stdin?.write(`${text}\n`);
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`${this.#name} ended before its time:\n${this.#errors}`);
    return value;
  }

  stop(): void {
    this.#child.kill("SIGTERM");
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
