import type { ComponentDescription } from "./component-shape.ts";
import { type BlockDescription, type Configuration, type Endpoint, endpointsOf } from "./configuration.ts";

/** Is a box of a graph: a block, or what lies outside of the configuration. */
export interface GraphNode {
  readonly id: string;
  readonly kind: "source" | "block" | "sink";
  readonly lines: readonly string[];
}

/** Is an arrow of a graph. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** Where two blocks meet; empty where a box says it already. */
  readonly label: string;
}

/** Shows how the blocks of a configuration hang together, without any value that comes from outside. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Reads from a configuration which block leads to which: a publisher and a listener that meet at one place. */
export function graphOf({ blocks }: Pick<Configuration, "blocks">): Graph {
  const drawing = new Drawing();
  const ids = new Map(blocks.map((block, index) => [block, `block${index + 1}`] as const));
  for (const [block, id] of ids) drawing.nodes.push({ id, kind: "block", lines: linesOf(block) });
  const met = new Set<ComponentDescription>();
  for (const [to, target] of ids) {
    for (const listener of to.listeners) {
      const found = [...ids].flatMap(([from, source]) => from.publishers.map((publisher) => ({ publisher, source })));
      const partners = found.filter(({ publisher }) => placeBetween(publisher, listener) !== undefined);
      for (const { publisher, source } of partners) {
        met.add(publisher);
        drawing.connect(source, target, placeBetween(publisher, listener) as string);
      }
      if (partners.length === 0) drawing.connect(drawing.outside("source", listener), target);
    }
  }
  for (const [from, id] of ids) {
    for (const publisher of from.publishers) {
      if (!met.has(publisher)) drawing.connect(id, drawing.outside("sink", publisher));
    }
  }
  return drawing;
}

class Drawing implements Graph {
  readonly nodes: GraphNode[] = [];
  readonly edges: GraphEdge[] = [];
  readonly #outside = new Map<string, string>();

  /** Gives the box for what a listener reads from, or a publisher sends to; one for each place. */
  outside(kind: "source" | "sink", part: ComponentDescription): string {
    const ends = endpointsOf(part);
    const places = ends.map(({ address, verb }) => keyOf({ address, verb })).join(" ");
    const key = `${kind} ${part.used.written} ${places}`;
    const known = this.#outside.get(key);
    if (known !== undefined) return known;
    const id = `${kind}${this.#outside.size + 1}`;
    this.#outside.set(key, id);
    const name = part.used.use.kind === "built-in" ? part.used.use.name : part.used.written;
    this.nodes.push({ id, kind, lines: [name, ...new Set(ends.map(({ shown }) => shown))].map(printable) });
    return id;
  }

  connect(from: string, to: string, label = ""): void {
    const isKnown = this.edges.some((edge) => edge.from === from && edge.to === to && edge.label === label);
    if (!isKnown) this.edges.push({ from, to, label: printable(label) });
  }
}

/** Gives the place where a publisher and a listener meet, as it may be shown. */
function placeBetween(publisher: ComponentDescription, listener: ComponentDescription): string | undefined {
  if (publisher.used.use.kind !== "built-in" || listener.used.use.kind !== "built-in") return undefined;
  if (familyOf(publisher.used.use.name) !== familyOf(listener.used.use.name)) return undefined;
  const theirs = endpointsOf(listener);
  return endpointsOf(publisher).find((one) => theirs.some((other) => meet(one, other)))?.shown;
}

/** What two names of one transport begin with: "redis" of "redis-stream". */
function familyOf(name: string): string {
  return name.split("-", 1)[0] as string;
}

/** Tells whether two ends lead to each other: one binds where the other connects, or both name one place. */
export function meet(one: Pick<Endpoint, "verb" | "address">, other: Pick<Endpoint, "verb" | "address">): boolean {
  const isCall = ["bind", "connect"].includes(one.verb);
  return (one.verb !== other.verb) === isCall && keyOf(one) === keyOf(other);
}

/** All names of this machine are one. */
function keyOf({ address }: Pick<Endpoint, "verb" | "address">): string {
  return address
    .replace(
      /^(tcp|wss?|rediss?|amqps?):\/\/(?:\*|0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\])(?=:\d+(?:\/|\s|$))/,
      "$1://here",
    )
    .replace(/^(wss?:\/\/[^/]*)\/$/, "$1");
}

function linesOf({ name, operators }: BlockDescription): readonly string[] {
  const steps = operators.map(({ used, shownBeside }) => {
    const { threads } = shownBeside;
    return threads === undefined ? used.written : `${used.written} (${String(threads)} threads)`;
  });
  return [name, ...steps].map(printable);
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "?");
}
