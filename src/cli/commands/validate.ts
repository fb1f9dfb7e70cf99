import { build } from "../../config/build.ts";
import { describe } from "../../config/describe.ts";
import { ConfigurationError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { CONFIGURATION_ABOUT, CONFIGURATION_OPTIONS, describeOptions } from "../configuration-options.ts";
import { print } from "../io.ts";

/** Checks a configuration and lists everything that is wrong with it. */
export const command: Command = {
  usage: "[CONFIG] [options]",
  about:
    `${CONFIGURATION_ABOUT}\nLoads the code that it names and makes every part, but opens nothing. ` +
    "Exit codes: 0 nothing is wrong, 2 something is.",
  examples: [
    { line: "arroyo validate", does: "check ./arroyo.yaml" },
    { line: "arroyo validate blocks.yaml --no-load", does: "without running any code of yours" },
    { line: "arroyo validate blocks.yaml --json", does: "the problems as JSON, with line and column" },
  ],
  options: {
    ...CONFIGURATION_OPTIONS,
    "no-load": { type: "boolean", description: "look only at the text and at which files there are" },
    json: { type: "boolean", description: "write { valid, blocks, problems } as JSON" },
  },
  positionals: { max: 1 },
  async run(args, io) {
    const isJson = args.flag("json");
    try {
      const configuration = await describe(args.positionals[0] ?? ".", describeOptions(args, io));
      if (!args.flag("no-load")) await build(configuration);
      const names = configuration.blocks.map(({ name }) => name);
      if (isJson) await print(io, JSON.stringify({ valid: true, blocks: names, problems: [] }));
      else if (!args.flag("quiet")) await print(io, `${configuration.source.name}: good, ${counted(names)}`);
      return 0;
    } catch (error) {
      if (!isJson || !(error instanceof ConfigurationError)) throw error;
      await print(io, JSON.stringify({ valid: false, blocks: [], problems: error.problems }));
      return 2;
    }
  },
};

function counted(names: readonly string[]): string {
  return `${names.length} ${names.length === 1 ? "block" : "blocks"}: ${names.join(", ")}`;
}
