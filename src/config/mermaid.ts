import type { Graph, GraphNode } from "./graph.ts";

/** Writes a graph as a flowchart of Mermaid, which many viewers of Markdown draw. */
export function mermaid({ nodes, edges }: Graph): string {
  const lines = ["flowchart LR"];
  for (const node of nodes) lines.push(`  ${node.id}${shapeOf(node)}`);
  for (const { from, to, label } of edges) {
    lines.push(label === "" ? `  ${from} --> ${to}` : `  ${from} -- "${escaped(label)}" --> ${to}`);
  }
  return `${lines.join("\n")}\n`;
}

function shapeOf({ kind, lines }: GraphNode): string {
  const text = `"${lines.map(escaped).join("<br/>")}"`;
  return kind === "block" ? `[${text}]` : `([${text}])`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"#;`]/g, (character) => `#${character.codePointAt(0)};`);
}
