import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a command in the repository with its own tools first on the path, and resolves to its exit code.
 * Signals go on to the command, so that it can drain; a command ended by a signal has the code 128 + signal.
 */
export function runCommand([command, ...args], { env = {}, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const path = `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH}`;
    const child = spawn(command === "node" ? process.execPath : command, args, {
      cwd,
      env: { ...process.env, PATH: path, ...env },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const forward = (signal) => {
      // A terminal gives Ctrl-C to the whole group; giving it again would be the second one, which forces.
      if (signal !== "SIGINT" || !isatty(0)) child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    const settle = (finish) => {
      for (const signal of signals) process.off(signal, forward);
      finish();
    };
    child.once("error", (error) =>
      settle(() => reject(new Error(`${command}: does not start: ${error.message}`, { cause: error }))),
    );
    child.once("exit", (code, signal) => settle(() => resolve(code ?? 128 + constants.signals[signal])));
  });
}

/** Runs a script's main function: what it resolves to is the exit code, what it throws is one line and exit code 1. */
export async function main(body) {
  try {
    process.exitCode = await body();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
