import { parseArgs } from "node:util";
import { UsageError } from "../errors.ts";
import { insteadOf, nearest } from "../options/nearest.ts";
import { Args } from "./args.ts";
import type { Command, Option } from "./command.ts";

/** The options of every command. */
export const SHARED: Readonly<Record<string, Option>> = {
  quiet: { type: "boolean", short: "q", description: "say nothing but results and errors" },
  debug: { type: "boolean", description: "print the stack of an error" },
  help: { type: "boolean", short: "h", description: "print this" },
};

/** Reads the command line of a command; refuses what it does not know. */
export function parse(name: string, command: Command, words: readonly string[]): Args | "help" {
  const options = { ...command.options, ...SHARED };
  const config = Object.fromEntries(
    Object.entries(options).map(([key, { type, short, multiple }]) => [
      key,
      { type, ...(short !== undefined && { short }), ...(multiple !== undefined && { multiple }) },
    ]),
  );
  const { values, positionals, tokens } = parseArgs({
    args: [...words],
    options: config,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  if (values["help"] === true) return "help";
  for (const token of tokens) if (token.kind === "option") checkOption(name, options, token);
  const { min = 0, max } = command.positionals ?? { max: 0 };
  const usage = `usage: arroyo ${name} ${command.usage}`;
  if (positionals.length < min) throw new UsageError(`${name}: ${command.usage.split(" ")[0]} is missing; ${usage}`);
  const extra = positionals[max];
  if (extra !== undefined) throw new UsageError(`${name}: "${extra}" is one argument too many; ${usage}`);
  return new Args(values, positionals);
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function checkOption(command: string, options: Readonly<Record<string, Option>>, token: OptionToken): void {
  const { rawName, value } = token;
  const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
  if (option === undefined) {
    const names = Object.keys(options).map((key) => `--${key}`);
    const meant = nearest(rawName, names);
    const remedy = meant === undefined ? `see arroyo ${command} --help` : `did you mean "${meant}"?`;
    throw new UsageError(`${command}: there is no option "${rawName}"; ${remedy}`);
  }
  if (option.type === "boolean") {
    if (value !== undefined) throw new UsageError(`${command}: ${rawName} takes no value; leave out "=${value}"`);
    return;
  }
  const wanted = `${rawName} ${option.value ?? "VALUE"}`;
  if (value === undefined) throw new UsageError(`${command}: ${rawName} needs a value; write ${wanted}`);
  if (token.inlineValue !== true && value.startsWith("-") && value !== "-" && Number.isNaN(Number(value))) {
    throw new UsageError(`${command}: ${rawName} needs a value and "${value}" is an option; write ${wanted}`);
  }
  if (option.choices === undefined || option.choices.includes(value)) return;
  throw new UsageError(`${command}: ${rawName}: there is no "${value}"; ${insteadOf(value, option.choices)}`);
}
