import type { Args } from "./args.ts";
import type { CommandEntry } from "./command-table.ts";
import type { Io } from "./io.ts";

/** Describes an option of the command line: what `parseArgs` needs, and what the help says about it. */
export interface Option {
  readonly type: "boolean" | "string";
  /** What it does, in a phrase that ends without a dot. */
  readonly description: string;
  /** Stands for the value in the help, in capitals: `--format NAME`. */
  readonly value?: string;
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** The only values that there are. */
  readonly choices?: readonly string[];
}

/** Shows how a command is used. */
export interface Example {
  /** The command line, beginning with `arroyo`. */
  readonly line: string;
  /** What it does, in a phrase. */
  readonly does: string;
}

/**
 * Is a command of `arroyo`. A file `commands/NAME.ts` exports it as `command`; its name, aliases and summary stand in
 * `command-table.ts`, so that the list of all commands loads none of them.
 */
export interface Command {
  /** What follows the name: `URL [options]`. */
  readonly usage: string;
  /** Says in the help what the summary leaves out. */
  readonly about?: string;
  readonly examples: readonly Example[];
  /** Its own options; `--help`, `--quiet` and `--debug` are there for every command. */
  readonly options: Readonly<Record<string, Option>>;
  /** How many arguments that are no options there may be; default none. */
  readonly positionals?: { readonly min?: number; readonly max: number };
  /** True when the command ends by itself once `io.signal` aborts; others are left at once, with exit code 130. */
  readonly stopsItself?: boolean;
  /** True when the command goes on when nobody reads its output any more. */
  readonly outlivesOutput?: boolean;
  /**
   * Does the work and gives the exit code. What it throws is printed as `arroyo: MESSAGE`, without a stack; the exit
   * code is 2 for wrong use and configuration, else 1. `commands` are all that there are.
   */
  run(args: Args, io: Io, commands: readonly CommandEntry[]): Promise<number>;
}
