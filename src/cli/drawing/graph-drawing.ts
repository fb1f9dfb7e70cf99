import type { Graph, GraphNode } from "../../config/graph.ts";

const UP = 1;
const DOWN = 2;
const LEFT = 4;
const RIGHT = 8;
/** The character for each set of directions. */
const LINES = " ╵╷│╴┘┐┤╶└┌├─┴┬┼";
const GAP = 3;

/** Is a place of a row: a box, or the line of an arrow that goes past. */
interface Slot {
  readonly node: GraphNode | undefined;
  readonly width: number;
  /** Where arrows come and go. */
  x: number;
}

interface Arrow {
  readonly from: Slot;
  readonly to: Slot;
  readonly label: string;
}

/** Draws a graph with boxes and arrows, from top to bottom; arrows that lead back are written below. */
export function drawGraph(graph: Graph): string {
  const { ranks, back } = ranksOf(graph);
  const rows: Slot[][] = [];
  const slots = new Map<string, Slot>();
  for (const node of graph.nodes) {
    const slot = { node, width: widthOf(node), x: 0 };
    slots.set(node.id, slot);
    const rank = ranks.get(node.id) as number;
    while (rows.length <= rank) rows.push([]);
    rows[rank]?.push(slot);
  }
  const arrows: Arrow[][] = rows.map(() => []);
  for (const edge of graph.edges) {
    if (back.has(edge)) continue;
    const last = ranks.get(edge.to) as number;
    let from = slots.get(edge.from) as Slot;
    for (let rank = (ranks.get(edge.from) as number) + 1; rank <= last; rank += 1) {
      const to = rank === last ? (slots.get(edge.to) as Slot) : { node: undefined, width: 1, x: 0 };
      if (rank < last) rows[rank]?.push(to);
      arrows[rank]?.push({ from, to, label: rank === last ? edge.label : "" });
      from = to;
    }
  }
  place(rows, arrows);
  const canvas = new Canvas();
  let y = 0;
  for (const [rank, row] of rows.entries()) {
    if (rank > 0) y = drawArrows(canvas, arrows[rank] as Arrow[], y);
    const height = Math.max(...row.map(({ node }) => (node === undefined ? 1 : node.lines.length + 2)));
    for (const slot of row) drawSlot(canvas, slot, y, height);
    y += height;
  }
  const names = new Map(graph.nodes.map(({ id, lines }) => [id, lines[0] ?? id]));
  const notes = [...back].map(({ from, to, label }) =>
    `back: ${names.get(from)} → ${names.get(to)}  ${label}`.trimEnd(),
  );
  return [canvas.text(), ...notes].join("\n");
}

/** Gives each box its row: below everything that leads to it; arrows that would close a circle are left out. */
function ranksOf({ nodes, edges }: Graph): { ranks: Map<string, number>; back: Set<Graph["edges"][number]> } {
  const back = new Set<Graph["edges"][number]>();
  const state = new Map<string, "open" | "done">();
  const order: string[] = [];
  const visit = (id: string): void => {
    state.set(id, "open");
    for (const edge of edges) {
      if (edge.from !== id) continue;
      if (state.get(edge.to) === "open") back.add(edge);
      else if (state.get(edge.to) === undefined) visit(edge.to);
    }
    state.set(id, "done");
    order.unshift(id);
  };
  for (const { id, kind } of nodes) if (kind === "source" && state.get(id) === undefined) visit(id);
  for (const { id } of nodes) if (state.get(id) === undefined) visit(id);
  const ranks = new Map(order.map((id) => [id, 0]));
  for (const id of order) {
    for (const edge of edges) {
      if (edge.from !== id || back.has(edge)) continue;
      ranks.set(edge.to, Math.max(ranks.get(edge.to) as number, (ranks.get(id) as number) + 1));
    }
  }
  return { ranks, back };
}

/** Puts each row in the middle; boxes stand in the order of what leads to them. */
function place(rows: readonly Slot[][], arrows: readonly Arrow[][]): void {
  const widths = rows.map((row) => row.reduce((sum, { width }) => sum + width, GAP * (row.length - 1)));
  const widest = Math.max(...widths);
  for (const [rank, row] of rows.entries()) {
    const above = (slot: Slot): number => {
      const from = (arrows[rank] as Arrow[]).filter(({ to }) => to === slot).map((arrow) => arrow.from.x);
      return from.length === 0 ? 0 : from.reduce((sum, x) => sum + x, 0) / from.length;
    };
    row.sort((one, other) => above(one) - above(other));
    let x = (widest - (widths[rank] as number)) / 2;
    for (const slot of row) {
      slot.x = x + (slot.width - 1) / 2;
      x += slot.width + GAP;
    }
  }
}

/** Draws what leads from one row to the next; each box above has a line of its own. Gives the next free row. */
function drawArrows(canvas: Canvas, arrows: readonly Arrow[], top: number): number {
  const sources = [...new Set(arrows.map(({ from }) => from))];
  const bent = sources.filter((from) => arrows.some((arrow) => arrow.from === from && arrow.to.x !== from.x));
  const end = top + bent.length + 1;
  for (const { from, to } of arrows) {
    const track = top + Math.max(0, bent.indexOf(from));
    if (from.x === to.x) canvas.vertical(from.x, top, end);
    else {
      canvas.vertical(from.x, top, track, true);
      canvas.horizontal(from.x, to.x, track);
      canvas.vertical(to.x, track, end, false, true);
    }
    if (to.node !== undefined) canvas.put(to.x, end, "▼");
  }
  for (const to of new Set(arrows.map((arrow) => arrow.to))) {
    const labels = new Set(arrows.filter((arrow) => arrow.to === to && arrow.label !== "").map(({ label }) => label));
    if (labels.size > 0) canvas.write(to.x + 2, end, [...labels].join(", "));
  }
  return end + 1;
}

function drawSlot(canvas: Canvas, { node, width, x }: Slot, y: number, height: number): void {
  if (node === undefined) {
    canvas.vertical(x, y, y + height - 1);
    return;
  }
  const left = x - (width - 1) / 2;
  const [corners, side] = node.kind === "block" ? ["┌┐└┘", "│"] : ["╭╮╰╯", "│"];
  const bar = "─".repeat(width - 2);
  canvas.put(left, y, `${corners[0]}${bar}${corners[1]}`);
  for (let row = 1; row < height - 1; row += 1) {
    const line = node.lines[row - 1] ?? "";
    const blanks = width - 4 - line.length;
    const before = " ".repeat(Math.floor(blanks / 2));
    canvas.put(left, y + row, `${side} ${before}${line}${" ".repeat(blanks - before.length)} ${side}`);
  }
  canvas.put(left, y + height - 1, `${corners[2]}${bar}${corners[3]}`);
}

/** Widths are odd, so that every box has a middle. */
function widthOf({ lines }: GraphNode): number {
  const width = Math.max(...lines.map((line) => line.length)) + 4;
  return width % 2 === 1 ? width : width + 1;
}

/** Holds characters, and lines that know where they lead. */
class Canvas {
  readonly #rows: string[][] = [];
  readonly #lines = new Map<string, number>();

  put(x: number, y: number, text: string): void {
    const row = this.#row(y);
    for (const [index, character] of [...text].entries()) row[x + index] = character;
  }

  /** Writes a text as far as nothing else stands there. */
  write(x: number, y: number, text: string): void {
    const row = this.#row(y);
    const next = row.findIndex((character, index) => index >= x && character !== undefined && character !== " ");
    const room = next === -1 ? text.length : Math.max(0, next - x - 1);
    this.put(x, y, text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…`.slice(0, room) : text);
  }

  vertical(x: number, from: number, to: number, isBentBelow = false, isBentAbove = false): void {
    for (let y = from; y <= to; y += 1) {
      const up = isBentAbove && y === from ? 0 : UP;
      const down = isBentBelow && y === to ? 0 : DOWN;
      this.#join(x, y, up | down);
    }
  }

  horizontal(from: number, to: number, y: number): void {
    const [left, right] = from < to ? [from, to] : [to, from];
    for (let x = left; x <= right; x += 1) this.#join(x, y, (x > left ? LEFT : 0) | (x < right ? RIGHT : 0));
  }

  text(): string {
    return this.#rows
      .map((row) =>
        Array.from(row, (one) => one ?? " ")
          .join("")
          .trimEnd(),
      )
      .join("\n");
  }

  #join(x: number, y: number, directions: number): void {
    const key = `${x} ${y}`;
    const all = (this.#lines.get(key) ?? 0) | directions;
    this.#lines.set(key, all);
    this.put(x, y, LINES[all] as string);
  }

  #row(y: number): string[] {
    while (this.#rows.length <= y) this.#rows.push([]);
    return this.#rows[y] as string[];
  }
}
