import { UsageError } from "../errors.ts";
import { checkOptions, wrongOption } from "./option-check.ts";

/** Says where a module of a detector lies in the image. One plain object: it can stand in YAML. */
export interface ModulePlace {
  /** Which array of a stack it is; by default its place in the list, in frames of two dimensions 0. */
  readonly module?: number;
  /** Which rows of that array it is: from, inclusive, to, exclusive. By default all. */
  readonly rows?: readonly [number, number];
  /** Which columns. */
  readonly columns?: readonly [number, number];
  /** Where its first row and column lie in the image, after it was turned. */
  readonly at: readonly [number, number];
  /** By how many quarters it is turned against the clock, as numpy's `rot90` does. Default 0. */
  readonly quarters?: number;
  /** Whether its columns are mirrored before. Default false. */
  readonly mirrored?: boolean;
}

/** Is a part of what comes in, and where its pixels go: each to the place of its middle. */
export interface Panel {
  /** Undefined: the only array there is, or the one at its place in the list. */
  readonly module: number | undefined;
  readonly rows: readonly [number, number] | undefined;
  readonly columns: readonly [number, number] | undefined;
  /** Where the corner of its first pixel lies: row, column; and by how far the next pixel is from there. */
  place(rows: number, columns: number): Placing;
}

/** Says where the corner of a panel lies, and how it goes on along its columns and along its rows: row, column. */
export interface Placing {
  readonly corner: readonly [number, number];
  readonly alongColumns: readonly [number, number];
  readonly alongRows: readonly [number, number];
}

/** Checks places that came from outside. */
export function panelsOf(subject: string, modules: unknown): readonly Panel[] {
  if (!Array.isArray(modules) || modules.length === 0)
    throw wrongOption(subject, "modules", "a list of places", modules);
  return modules.map((one: ModulePlace, index) => panelOf(`${subject}: modules[${index}]`, one));
}

function panelOf(subject: string, one: ModulePlace): Panel {
  checkOptions(subject, one, ["at", "module", "rows", "columns", "quarters", "mirrored"]);
  const { at, module, rows, columns, quarters = 0, mirrored = false } = one;
  if (!isPair(at)) throw wrongOption(subject, "at", "[row, column] in whole numbers from 0 up", at);
  for (const [name, range] of Object.entries({ rows, columns })) {
    if (range !== undefined && !(isPair(range) && range[1] > range[0])) {
      throw wrongOption(subject, name, "[from, to], to above from", range);
    }
  }
  if (module !== undefined && !(Number.isSafeInteger(module) && module >= 0)) {
    throw wrongOption(subject, "module", "a whole number from 0 up", module);
  }
  if (!Number.isSafeInteger(quarters)) throw wrongOption(subject, "quarters", "a whole number", quarters);
  if (typeof mirrored !== "boolean") throw wrongOption(subject, "mirrored", "true or false", mirrored);
  const turn = ((quarters % 4) + 4) % 4;
  return { module, rows, columns, place: (high, wide) => placed(at, turn, mirrored, high, wide) };
}

function placed(
  [top, left]: readonly [number, number],
  turn: number,
  mirrored: boolean,
  high: number,
  wide: number,
): Placing {
  // Where the corner of the first pixel goes, and the ways along columns and rows.
  const [corner, alongColumns, alongRows] = (
    [
      [
        [0, 0],
        [0, 1],
        [1, 0],
      ],
      [
        [wide, 0],
        [-1, 0],
        [0, 1],
      ],
      [
        [high, wide],
        [0, -1],
        [-1, 0],
      ],
      [
        [0, high],
        [1, 0],
        [0, -1],
      ],
    ] as const
  )[turn as 0 | 1 | 2 | 3];
  const [down, along] = mirrored ? [alongColumns[0] * wide, alongColumns[1] * wide] : [0, 0];
  const sign = mirrored ? -1 : 1;
  return {
    corner: [top + corner[0] + down, left + corner[1] + along],
    alongColumns: [sign * alongColumns[0], sign * alongColumns[1]],
    alongRows,
  };
}

function isPair(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((one) => Number.isSafeInteger(one) && one >= 0);
}

/** Reads places from a JSON text: `{ "modules": [...] }`. */
export function panelsOfJson(subject: string, text: string): readonly Panel[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${subject}: is no JSON; give { "modules": [...] }`, { cause });
  }
  return panelsOf(subject, (content as { readonly modules?: unknown } | null)?.modules);
}
