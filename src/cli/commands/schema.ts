import { jsonSchema } from "../../config/block-shape.ts";
import type { Command } from "../command.ts";
import { print } from "../io.ts";

/** Prints the JSON Schema of configurations, for editors. */
export const command: Command = {
  usage: "",
  about:
    "An editor with a language server for YAML then completes names and marks what is wrong.\n" +
    "Put this line at the top of a configuration:\n# yaml-language-server: $schema=./arroyo.schema.json",
  examples: [{ line: "arroyo schema > arroyo.schema.json", does: "write it beside your configuration" }],
  options: {},
  async run(_args, io) {
    await print(io, JSON.stringify(jsonSchema(), undefined, 2));
    return 0;
  },
};
