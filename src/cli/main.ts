import { readFile } from "node:fs/promises";
import { PromiseError, text, UsageError } from "../errors.ts";
import { nearest } from "../options/nearest.ts";
import type { Command } from "./command.ts";
import { COMMANDS, type CommandEntry } from "./command-table.ts";
import { commandHelp, mainHelp } from "./help.ts";
import { type Io, print, written } from "./io.ts";
import { parse } from "./parse.ts";

/** What `arroyo` says to its shell. */
export const EXIT = { done: 0, failed: 1, usage: 2, left: 3, forced: 130 } as const;

/** Does what a command line asks for and gives the exit code; `argv` begins after the program's name. */
export async function main(
  argv: readonly string[],
  io: Io,
  table: readonly CommandEntry[] = COMMANDS,
): Promise<number> {
  const isDebugged = argv.includes("--debug");
  try {
    return await dispatch(argv, io, table);
  } catch (error) {
    await written(io.stderr, `arroyo: ${text(error)}\n`);
    if (isDebugged && error instanceof Error) await written(io.stderr, `${causes(error)}\n`);
    return exitCodeOf(error);
  }
}

async function dispatch(argv: readonly string[], io: Io, table: readonly CommandEntry[]): Promise<number> {
  const [name, ...rest] = argv.filter((word, place) => !(word === "--debug" && place === 0));
  if (name === undefined) {
    await written(io.stderr, mainHelp(table));
    return EXIT.usage;
  }
  if (name === "--version" || name === "-V") {
    await print(io, await version());
    return EXIT.done;
  }
  if (name === "--help" || name === "-h") {
    await written(io.stdout, mainHelp(table));
    return EXIT.done;
  }
  if (name === "help") {
    const asked = rest[0];
    if (asked === undefined) await written(io.stdout, mainHelp(table));
    else await help(entryOf(asked, table), io);
    return EXIT.done;
  }
  const entry = entryOf(name, table);
  const { command } = await entry.load();
  const args = parse(entry.name, command, rest);
  if (args === "help") {
    await help(entry, io);
    return EXIT.done;
  }
  return await untilLeft(command, command.run(args, io, table), io);
}

async function help(entry: CommandEntry, io: Io): Promise<void> {
  const { command } = await entry.load();
  await written(io.stdout, commandHelp(entry, command));
}

function entryOf(name: string, table: readonly CommandEntry[]): CommandEntry {
  const found = table.find((entry) => entry.name === name || entry.aliases?.includes(name));
  if (found !== undefined) return found;
  const names = table.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]);
  const what = name.startsWith("-") ? `there is no option "${name}" before a command` : `there is no command "${name}"`;
  const meant = nearest(name, names);
  throw new UsageError(`${what}; ${meant === undefined ? "see arroyo --help" : `did you mean "${meant}"?`}`);
}

/** Leaves a command that does not end by itself when a signal comes, or when nobody reads what it prints. */
async function untilLeft(command: Command, work: Promise<number>, io: Io): Promise<number> {
  const undo: (() => void)[] = [];
  const after = (signal: AbortSignal, code: number): Promise<number> =>
    new Promise((resolve) => {
      const leave = (): void => resolve(code);
      if (signal.aborted) leave();
      signal.addEventListener("abort", leave, { once: true });
      undo.push(() => signal.removeEventListener("abort", leave));
    });
  const ends = [work, after(command.stopsItself === true ? io.forced : io.signal, EXIT.forced)];
  if (command.outlivesOutput !== true) ends.push(after(io.outputClosed, EXIT.done));
  try {
    return await Promise.race(ends);
  } finally {
    for (const one of undo) one();
    // What fails after it was left has nobody to tell.
    work.catch(() => undefined);
  }
}

function exitCodeOf(error: unknown): number {
  return error instanceof UsageError || error instanceof PromiseError ? EXIT.usage : EXIT.failed;
}

function causes(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by: ${causes(error.cause)}` : stack;
}

async function version(): Promise<string> {
  const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(manifest) as { version?: unknown }).version);
}
