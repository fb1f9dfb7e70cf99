import { describe } from "../../config/describe.ts";
import { graphOf } from "../../config/graph.ts";
import { mermaid } from "../../config/mermaid.ts";
import type { Command } from "../command.ts";
import { CONFIGURATION_ABOUT, CONFIGURATION_OPTIONS, describeOptions } from "../configuration-options.ts";
import { drawGraph } from "../drawing/graph-drawing.ts";
import { print, written } from "../io.ts";

/** Draws how the blocks of a configuration hang together. */
export const command: Command = {
  usage: "[CONFIG] [options]",
  about: `${CONFIGURATION_ABOUT}\nWhere a publisher and a listener meet at one address, blocks are connected. Nothing is loaded or started.`,
  examples: [
    { line: "arroyo graph", does: "draw ./arroyo.yaml here" },
    { line: "arroyo graph blocks.yaml --mermaid >> README.md", does: "as a Mermaid flowchart" },
  ],
  options: {
    ...CONFIGURATION_OPTIONS,
    mermaid: { type: "boolean", description: "write a Mermaid flowchart" },
    json: { type: "boolean", description: "write boxes and arrows as JSON" },
  },
  positionals: { max: 1 },
  async run(args, io) {
    const graph = graphOf(await describe(args.positionals[0] ?? ".", describeOptions(args, io)));
    if (args.flag("json")) await print(io, JSON.stringify({ nodes: graph.nodes, edges: graph.edges }));
    else if (args.flag("mermaid")) await written(io.stdout, mermaid(graph));
    else await print(io, drawGraph(graph));
    return 0;
  },
};
