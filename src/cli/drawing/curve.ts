import type { DType } from "../../message/ndarray.ts";
import { NdArray } from "../../message/ndarray.ts";
import { reduced } from "./grid.ts";
import { type Drawn, figure } from "./image.ts";
import { type ScaleName, scaleOf } from "./scale.ts";

/** Says how large a curve is drawn. */
export interface CurveOptions {
  readonly rows: number;
  readonly columns: number;
  readonly scale: ScaleName;
}

/** The bits of a Braille letter, by row and column of its dots. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const LABEL = 10;

/** Draws an array of one dimension as a line of Braille dots, eight to a letter, with its values at the left. */
export function drawCurve(array: NdArray<DType>, options: CurveOptions): Drawn {
  const rows = Math.max(1, options.rows - 1);
  const columns = Math.max(1, options.columns - LABEL - 1);
  const grid = reduced(array, 1, columns * 2, "mean");
  const scale = scaleOf(grid.values, options.scale, true);
  const height = rows * 4;
  const cells = new Uint8Array(rows * columns);
  // Few values are spread over the whole width.
  const stretch = (columns * 2) / Math.max(1, grid.columns);
  let before: number | undefined;
  for (let x = 0; x < columns * 2; x += 1) {
    const value = grid.values[Math.min(grid.columns - 1, Math.floor(x / stretch))] ?? Number.NaN;
    if (Number.isNaN(value)) {
      before = undefined;
      continue;
    }
    const y = height - 1 - Math.round(scale.of(value) * (height - 1));
    // From the last one's height, so that steep places are no gaps.
    const from = before ?? y;
    for (let dot = Math.min(from, y); dot <= Math.max(from, y); dot += 1) {
      const cell = Math.floor(dot / 4) * columns + Math.floor(x / 2);
      cells[cell] = (cells[cell] as number) | ((DOTS[dot % 4] as readonly number[])[x % 2] as number);
    }
    before = y;
  }
  const lines = Array.from({ length: rows }, (_, row) => {
    const label = row === 0 ? figure(scale.high) : row === rows - 1 ? figure(scale.low) : "";
    const letters = [...cells.subarray(row * columns, (row + 1) * columns)];
    return `${label.slice(0, LABEL).padStart(LABEL)}│${letters.map((bits) => String.fromCharCode(0x2800 + bits)).join("")}`;
  });
  const last = String(Math.max(0, (array.shape.at(-1) ?? 1) - 1));
  lines.push(`${" ".repeat(LABEL)}└0${last.padStart(columns - 1, "─")}`);
  return { lines, caption: `${figure(scale.low)} … ${figure(scale.high)} (${options.scale})` };
}

/** Draws plain numbers as a curve. */
export function drawNumbers(values: readonly number[], options: CurveOptions): Drawn {
  return drawCurve(new NdArray(Float64Array.from(values)), options);
}
