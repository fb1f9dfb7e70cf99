import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { Keeper } from "../../src/testing/brokers/keeper.ts";
import { Captured } from "./test-io.ts";

/** There is nothing to delete. */
const NO_FOLDER = "";
const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

/**
 * Runs `arroyo` as a process of its own without a terminal; it is ended by its id at the end of the test, also of one
 * that failed or took too long, and when the process of the tests is gone.
 */
export class Program implements AsyncDisposable {
  readonly out: Captured = new Captured();
  readonly err: Captured = new Captured();
  /** Its exit code, or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;

  constructor(args: readonly string[], { cwd, env = {} }: { readonly cwd: string; readonly env?: object }) {
    this.#child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), BIN, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.pipe(this.out);
    this.#child.stderr?.pipe(this.err);
    const keeper = new Keeper(NO_FOLDER);
    keeper.watch([this.#child.pid ?? 0].filter(Boolean));
    this.ended = once(this.#child, "close").then(([code, signal]) => {
      keeper.watch([]);
      keeper.end();
      return code ?? signal;
    });
    // A test that took too long waits for ever where it stood, and disposes of nothing.
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The lines of its log. */
  get records(): readonly Record<string, unknown>[] {
    return this.out.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}
