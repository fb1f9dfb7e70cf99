import type { DType, NdArray } from "../../message/ndarray.ts";
import { type Merge, reduced } from "./grid.ts";
import { colour, type Depth, shade } from "./palette.ts";
import { type Scale, type ScaleName, scaleOf } from "./scale.ts";

/** Says how large and in which colours an image is drawn. */
export interface ImageOptions {
  readonly rows: number;
  readonly columns: number;
  readonly depth: Depth;
  readonly scale: ScaleName;
  readonly merge: Merge;
}

/** Holds the lines of a drawn array, and what to say about it. */
export interface Drawn {
  readonly lines: readonly string[];
  readonly caption: string;
}

const RESET = "\u001b[0m";

/**
 * Draws an array of two dimensions with half blocks: each letter is two pixels, one above the other, so that pixels are
 * square. Without colours, letters of different darkness.
 */
export function drawImage(array: NdArray<DType>, options: ImageOptions): Drawn {
  const { depth, merge } = options;
  const [height, length] = [array.shape.at(-2) ?? 1, array.shape.at(-1) ?? 1];
  // Letters are about twice as high as wide, so that two pixels of a letter are squares.
  const zoom = Math.min(1, (options.rows * 2) / height, options.columns / length);
  const pixelRows = Math.max(1, Math.round(height * zoom));
  const pixelColumns = Math.max(1, Math.round(length * zoom));
  const grid = reduced(array, depth === "none" ? Math.ceil(pixelRows / 2) : pixelRows, pixelColumns, merge);
  const scale = scaleOf(grid.values, options.scale);
  const lines: string[] = [];
  const at = (row: number, column: number): number => grid.values[row * grid.columns + column] ?? Number.NaN;
  for (let row = 0; row < grid.rows; row += depth === "none" ? 1 : 2) {
    lines.push(depth === "none" ? shaded(at, row, grid.columns, scale) : blocks(at, row, grid, scale, depth));
  }
  const note = grid.note === undefined ? "" : `, ${grid.note}`;
  return { lines, caption: `${figure(scale.low)} … ${figure(scale.high)} (${options.scale}, ${merge}${note})` };
}

function blocks(
  at: (row: number, column: number) => number,
  row: number,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  scale: Scale,
  depth: "truecolour" | "256",
): string {
  let line = "";
  let before = "";
  for (let column = 0; column < columns; column += 1) {
    const upper = colour(scale.of(at(row, column)), depth);
    const style = row + 1 < rows ? `38;${upper};48;${colour(scale.of(at(row + 1, column)), depth)}` : `38;${upper}`;
    line += style === before ? "▀" : `\u001b[${style}m▀`;
    before = style;
  }
  return line + RESET;
}

function shaded(at: (row: number, column: number) => number, row: number, columns: number, scale: Scale): string {
  return Array.from({ length: columns }, (_, column) => shade(scale.of(at(row, column)))).join("");
}

/** Writes a value of an axis. */
export function figure(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "-";
}
