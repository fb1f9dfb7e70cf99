import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

/** Reads process ids, a line each time they change; at the end of its input it ends those and deletes the folder. */
const SCRIPT = `trap '' INT TERM HUP
pids=
while IFS= read -r line; do pids=$line; done
for pid in $pids; do kill -9 "-$pid" 2>/dev/null || kill -9 "$pid" 2>/dev/null; done
rm -rf -- "$1"`;

/**
 * Ends processes and deletes a folder when this process is gone, however it went: it waits at a pipe whose other end
 * the system closes with us.
 */
export class Keeper {
  readonly #process: ChildProcess;
  readonly #input: Socket;

  constructor(folder: string) {
    // A group of its own: what a terminal sends to ours must not end it.
    this.#process = spawn("/bin/sh", ["-c", SCRIPT, "keeper", folder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#input = this.#process.stdin as Socket;
    this.#input.on("error", () => undefined);
    this.#process.on("error", () => undefined);
    this.#process.unref();
    this.#input.unref();
  }

  /** Says which processes run; each leads a group. */
  watch(pids: readonly number[]): void {
    this.#input.write(`${pids.join(" ")}\n`);
  }

  /** Has the work done now; the folder is deleted soon after. */
  end(): void {
    this.#input.end();
  }
}
