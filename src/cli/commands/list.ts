import type { ComponentDescription } from "../../config/component-shape.ts";
import { type BlockDescription, endpointsOf } from "../../config/configuration.ts";
import { describe } from "../../config/describe.ts";
import type { Command } from "../command.ts";
import { CONFIGURATION_ABOUT, CONFIGURATION_OPTIONS, describeOptions } from "../configuration-options.ts";
import { print } from "../io.ts";

/** Lists the blocks of a configuration. */
export const command: Command = {
  usage: "[CONFIG] [options]",
  about: `${CONFIGURATION_ABOUT}\nWhat comes from variables and files is shown by name only. Nothing is loaded or started.`,
  examples: [
    { line: "arroyo list", does: "the blocks of ./arroyo.yaml" },
    { line: "arroyo list blocks.yaml --json", does: "for a program" },
  ],
  options: { ...CONFIGURATION_OPTIONS, json: { type: "boolean", description: "write the blocks as JSON" } },
  positionals: { max: 1 },
  async run(args, io) {
    const { blocks } = await describe(args.positionals[0] ?? ".", describeOptions(args, io));
    if (args.flag("json")) await print(io, JSON.stringify(blocks.map(listed)));
    else await print(io, blocks.map(textOf).join("\n"));
    return 0;
  },
};

function textOf(block: BlockDescription): string {
  const { name, description, listeners, operators, publishers } = block;
  const lines = [description === undefined ? name : `${name}: ${description}`];
  for (const part of listeners) lines.push(`  from  ${placeOf(part)}`);
  for (const part of operators) lines.push(`  by    ${placeOf(part)}`);
  for (const part of publishers) lines.push(`  to    ${placeOf(part)}`);
  return lines.join("\n");
}

function placeOf(part: ComponentDescription): string {
  const { written, use } = part.used;
  const name = use.kind === "built-in" ? use.name : written;
  const { threads, required } = part.shownBeside;
  const notes = [
    ...endpointsOf(part).map(({ verb, shown }) => (verb === "memory" ? shown : `${verb} ${shown}`)),
    ...(threads === undefined ? [] : [`${String(threads)} threads`]),
    ...(required === false ? ["not required"] : []),
  ];
  return [name, notes.join(", ")].join(" ").trimEnd();
}

function listed({ name, description, listeners, operators, publishers }: BlockDescription): object {
  const part = ({ used, shown, shownBeside }: ComponentDescription): object => ({
    use: used.written,
    options: shown,
    ...shownBeside,
  });
  return {
    name,
    ...(description !== undefined && { description }),
    listeners: listeners.map(part),
    operators: operators.map(part),
    publishers: publishers.map(part),
  };
}
