import { type BlockDescription, endpointsOf } from "../../config/configuration.ts";
import { graphOf } from "../../config/graph.ts";

/** Says what feeds a block within the same process. */
export interface Feeding {
  /** The names of the blocks whose results it gets. */
  readonly from: readonly string[];
  /** Whether its sources end by themselves when those blocks have ended. */
  readonly ends: boolean;
}

/** Reads from a configuration which blocks feed which. */
export function feedingOf(blocks: readonly BlockDescription[]): ReadonlyMap<string, Feeding> {
  const { edges } = graphOf({ blocks });
  // A graph names its blocks by their places.
  const nameOf = new Map<string, string>(blocks.map(({ name }, index) => [`block${index + 1}`, name] as const));
  const published = new Set(blocks.flatMap(({ publishers }) => publishers.flatMap(memoryOf)));
  return new Map(
    blocks.map((block, index) => {
      const into = edges.filter(({ to }) => to === `block${index + 1}`);
      const from = into.map((edge) => nameOf.get(edge.from)).filter((name) => name !== undefined);
      const ends = block.listeners.every((listener) => memoryOf(listener).some((channel) => published.has(channel)));
      return [block.name, { from: [...new Set(from)].filter((name) => name !== block.name), ends }] as const;
    }),
  );
}

function memoryOf(part: Parameters<typeof endpointsOf>[0]): readonly string[] {
  return endpointsOf(part)
    .filter(({ verb }) => verb === "memory")
    .map(({ address }) => address);
}
