import { UsageError } from "../errors.ts";
import type { Panel } from "./module-layout.ts";

/** Is the form of what comes in: modules of one size; a frame is one of them. */
export interface Stack {
  readonly modules: number;
  readonly rows: number;
  readonly columns: number;
}

/** The most pixels of an image. */
const MOST_PIXELS = 134_217_728;

/** Says where each pixel of a stack goes in the image. */
export interface ModuleMap {
  readonly rows: number;
  readonly columns: number;
  /** Pixels of the stack that lie in a panel, and the pixels of the image where they go. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  isFor(stack: Stack): boolean;
}

/** Works out where the pixels of a stack go. */
export function moduleMap(subject: string, panels: readonly Panel[], stack: Stack): ModuleMap {
  const parts = panels.map((panel, index) => partOf(subject, panel, index, stack));
  let rows = 0;
  let columns = 0;
  for (const { rows: own, columns: wide, placing } of parts) {
    const [high, across] = [own[1] - own[0], wide[1] - wide[0]];
    const { corner, alongColumns, alongRows } = placing;
    const reach = (axis: 0 | 1): number =>
      corner[axis] + Math.max(0, alongColumns[axis] * across) + Math.max(0, alongRows[axis] * high);
    rows = Math.max(rows, reach(0));
    columns = Math.max(columns, reach(1));
  }
  if (rows * columns > MOST_PIXELS) {
    throw new UsageError(`${subject}: the image would have ${rows} x ${columns} pixels, more than ${MOST_PIXELS}`);
  }
  const pixels = parts.reduce((sum, { rows: [a, b], columns: [c, d] }) => sum + (b - a) * (d - c), 0);
  const from = new Uint32Array(pixels);
  const to = new Uint32Array(pixels);
  let at = 0;
  for (const { first, rows: own, columns: wide, placing } of parts) {
    const { corner, alongColumns, alongRows } = placing;
    for (let row = own[0]; row < own[1]; row += 1) {
      for (let column = wide[0]; column < wide[1]; column += 1, at += 1) {
        const [down, along] = [row - own[0] + 0.5, column - wide[0] + 0.5];
        const y = Math.floor(corner[0] + along * alongColumns[0] + down * alongRows[0]);
        const x = Math.floor(corner[1] + along * alongColumns[1] + down * alongRows[1]);
        from[at] = first + row * stack.columns + column;
        to[at] = y * columns + x;
      }
    }
  }
  const { modules } = stack;
  const isFor = (other: Stack): boolean =>
    other.modules === modules && other.rows === stack.rows && other.columns === stack.columns;
  return { rows, columns, from, to, isFor };
}

function partOf(subject: string, panel: Panel, index: number, stack: Stack) {
  const module = panel.module ?? (stack.modules === 1 ? 0 : index);
  const rows = panel.rows ?? ([0, stack.rows] as const);
  const columns = panel.columns ?? ([0, stack.columns] as const);
  if (module >= stack.modules || rows[1] > stack.rows || columns[1] > stack.columns) {
    throw new UsageError(
      `${subject}: module ${module}, to row ${rows[1]} and column ${columns[1]}, was to be placed; there are ` +
        `${stack.modules} modules of ${stack.rows} x ${stack.columns}; give the geometry of this detector`,
    );
  }
  const placing = panel.place(rows[1] - rows[0], columns[1] - columns[0]);
  return { first: module * stack.rows * stack.columns, rows, columns, placing };
}
