import { basename } from "node:path";
import { UsageError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { bashScript, type Described, fishScript, zshScript } from "../completion-scripts.ts";
import { written } from "../io.ts";

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** Prints a script that makes a shell complete commands and options. */
export const command: Command = {
  usage: "[bash|zsh|fish]",
  about: "Without a name the script is for the shell in SHELL.",
  examples: [
    { line: 'eval "$(arroyo completion bash)"', does: "now, and in ~/.bashrc for always" },
    { line: "arroyo completion zsh > ~/.zfunc/_arroyo", does: "a folder of your fpath" },
    { line: "arroyo completion fish > ~/.config/fish/completions/arroyo.fish", does: "for fish" },
  ],
  options: {},
  positionals: { max: 1 },
  async run(args, io, commands) {
    const shell = args.positionals[0] ?? basename(io.env["SHELL"] ?? "bash");
    if (!Object.hasOwn(SHELLS, shell)) {
      throw new UsageError(
        `completion: there is no script for "${shell}"; there are: ${Object.keys(SHELLS).join(", ")}`,
      );
    }
    const described: Described[] = await Promise.all(
      commands.map(async ({ name, aliases = [], summary, load }) => {
        const { options } = (await load()).command;
        return { name, aliases, summary, options };
      }),
    );
    await written(io.stdout, SHELLS[shell as keyof typeof SHELLS](described));
    return 0;
  },
};
