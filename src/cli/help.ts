import type { Command, Example, Option } from "./command.ts";
import type { CommandEntry } from "./command-table.ts";
import { SHARED } from "./parse.ts";

const EXAMPLES: readonly Example[] = [
  { line: "arroyo look tcp://127.0.0.1:5555", does: "see what a detector sends" },
  { line: "arroyo run blocks.yaml", does: "run the blocks of a file" },
  { line: "arroyo help look", does: "all about a command" },
];

/** Lists the commands. */
export function mainHelp(table: readonly CommandEntry[]): string {
  const rows = table.map(({ name, aliases = [], summary }) => [[name, ...aliases].join(", "), summary] as const);
  return [
    "arroyo connects the streams of a scientific facility to the code that works on them.",
    "",
    "usage: arroyo COMMAND [options]",
    "",
    ...columns(rows),
    "",
    "options:",
    ...columns([
      ["-h, --help", "print this; after a command: all about it"],
      ["-V, --version", "print the version"],
      ["--debug", "print the stack of an error"],
    ]),
    "",
    ...examples(EXAMPLES),
    "",
  ].join("\n");
}

/** Says all about a command. */
export function commandHelp({ name, aliases = [], summary }: CommandEntry, command: Command): string {
  const options = Object.entries({ ...command.options, ...SHARED });
  const rows = options.map(([key, option]) => [flag(key, option), option.description] as const);
  return [
    `arroyo ${name}: ${summary}.`,
    "",
    `usage: arroyo ${name} ${command.usage}`,
    ...(aliases.length > 0 ? [`also:  ${aliases.map((alias) => `arroyo ${alias}`).join(", ")}`] : []),
    ...(command.about === undefined ? [] : ["", command.about]),
    "",
    "options:",
    ...columns(rows),
    "",
    ...examples(command.examples),
    "",
  ].join("\n");
}

function flag(key: string, { type, short, value = "VALUE" }: Option): string {
  return `${short === undefined ? "    " : `-${short}, `}--${key}${type === "string" ? ` ${value}` : ""}`;
}

function examples(list: readonly Example[]): string[] {
  return ["examples:", ...columns(list.map(({ line, does }) => [line, does] as const))];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`);
}
