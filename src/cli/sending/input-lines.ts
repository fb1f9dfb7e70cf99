import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text, UsageError } from "../../errors.ts";
import type { Io } from "../io.ts";

/** Is a line of a file, with where it stands. */
export interface InputLine {
  readonly line: string;
  readonly name: string;
  readonly number: number;
}

/** Gives the lines of files that are not empty, one file after the other; `-` is standard input. */
export async function* inputLines(
  files: readonly string[],
  { stdin, cwd, signal }: Pick<Io, "stdin" | "cwd" | "signal">,
  command: string,
): AsyncGenerator<InputLine> {
  for (const file of files) {
    const input = file === "-" ? stdin : await opened(resolve(cwd, file), file, command);
    const name = file === "-" ? "standard input" : file;
    const lines = createInterface({ input, crlfDelay: Infinity });
    const stop = (): void => lines.close();
    signal.addEventListener("abort", stop, { once: true });
    let number = 0;
    try {
      for await (const line of lines) {
        number += 1;
        if (signal.aborted) return;
        if (line.trim() !== "") yield { line, name, number };
      }
    } finally {
      signal.removeEventListener("abort", stop);
      lines.close();
      if (file !== "-") input.destroy();
    }
  }
}

async function opened(path: string, shown: string, command: string): Promise<Readable> {
  try {
    return (await open(path)).createReadStream();
  } catch (error) {
    throw new UsageError(`${command}: ${shown}: cannot be read: ${text(error)}; name a file of JSON lines`, {
      cause: error,
    });
  }
}
