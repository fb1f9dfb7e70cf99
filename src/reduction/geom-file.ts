import { UsageError } from "../errors.ts";
import type { Panel, Placing } from "./module-layout.ts";

/** A panel as its lines say it; what stands before the first panel holds for all that follow. */
type Entries = ReadonlyMap<string, string>;

/** Where each panel's origin is: what a name like `p0/` may not be called, for it stands for regions or groups. */
const NO_PANEL = /^(bad|rigid_group|group)/;

/**
 * Reads the text of a CrystFEL geometry file: which part of the data each panel is (`min_fs` to `max_ss`, and its number
 * in a stack, from `dim0` or another dimension without `%`, `fs`, `ss`), and where it lies (`corner_x`, `corner_y`, `fs`,
 * `ss`). Directions are taken to the nearest quarter, corners to whole pixels. Of the image, x goes along columns and y
 * along rows; its first row is that of the least y. Bad regions and groups are left out.
 */
export function panelsOfGeom(subject: string, text: string): readonly Panel[] {
  const defaults = new Map<string, string>();
  const panels = new Map<string, Map<string, string>>();
  for (const line of text.split(/\r?\n/)) {
    const [key = "", ...rest] = (line.split(";", 1)[0] as string).split("=");
    const name = key.trim();
    if (rest.length === 0 || name === "") continue;
    const slash = name.indexOf("/");
    const owner = slash < 0 ? "" : name.slice(0, slash);
    if (NO_PANEL.test(name)) continue;
    let entries = owner === "" ? defaults : panels.get(owner);
    if (entries === undefined) {
      entries = new Map(defaults);
      panels.set(owner, entries);
    }
    entries.set(name.slice(slash + 1), rest.join("=").trim());
  }
  if (panels.size === 0) throw new UsageError(`${subject}: names no panel; give a CrystFEL geometry file, or JSON`);
  return shifted([...panels].map(([name, entries]) => panelOf(`${subject}: ${name}`, entries)));
}

interface Lying extends Omit<Panel, "place"> {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
  readonly placing: Placing;
}

function panelOf(subject: string, entries: Entries): Lying {
  const bound = (name: string): number => {
    const value = numberOf(subject, entries, name);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw new UsageError(`${subject}/${name}: expected a whole number from 0 up, got ${value}`);
  };
  const columns = [bound("min_fs"), bound("max_fs") + 1] as const;
  const rows = [bound("min_ss"), bound("max_ss") + 1] as const;
  if (columns[1] <= columns[0] || rows[1] <= rows[0]) {
    throw new UsageError(`${subject}: max_fs or max_ss is below min_fs or min_ss; give the first and the last pixel`);
  }
  const [x, y] = [numberOf(subject, entries, "corner_x"), numberOf(subject, entries, "corner_y")];
  return {
    module: moduleOf(subject, entries),
    rows,
    columns,
    placing: {
      corner: [Math.round(y), Math.round(x)],
      alongColumns: directionOf(subject, entries, "fs"),
      alongRows: directionOf(subject, entries, "ss"),
    },
  };
}

/** The number in a stack is that of the first dimension that has one. */
function moduleOf(subject: string, entries: Entries): number | undefined {
  for (let dimension = 0; dimension < 8; dimension += 1) {
    const value = entries.get(`dim${dimension}`);
    if (value === undefined || value === "%" || value === "fs" || value === "ss") continue;
    if (/^\d+$/.test(value)) return Number(value);
    throw new UsageError(`${subject}/dim${dimension}: expected %, ss, fs or a number, got ${value}`);
  }
  return undefined;
}

/** Gives a direction like `+0.99x -0.01y`, to the nearest quarter, as row and column. */
function directionOf(subject: string, entries: Entries, name: string): readonly [number, number] {
  const text = (entries.get(name) ?? "").replaceAll(/\s/g, "");
  let [x, y] = [0, 0];
  const isGood = /^([+-]?(\d+\.?\d*|\.\d+)?(e[+-]?\d+)?[xyz])+$/i.test(text) && text.length < 200;
  for (const [, sign, digits, axis] of text.matchAll(/([+-]?)((?:\d+\.?\d*|\.\d+)?(?:e[+-]?\d+)?)([xyz])/gi)) {
    const part = (digits === "" ? 1 : Number(digits)) * (sign === "-" ? -1 : 1);
    if (axis?.toLowerCase() === "x") x += part;
    if (axis?.toLowerCase() === "y") y += part;
  }
  if (!isGood || (x === 0 && y === 0)) {
    throw new UsageError(`${subject}/${name}: expected a direction like +1.0x -0.01y, got ${text || "nothing"}`);
  }
  return Math.abs(x) >= Math.abs(y) ? [0, Math.sign(x)] : [Math.sign(y), 0];
}

function numberOf(subject: string, entries: Entries, name: string): number {
  const text = entries.get(name);
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new UsageError(`${subject}/${name}: expected a number, got ${text ?? "nothing"}`);
}

/** Moves all panels so that the image begins with the first of them. */
function shifted(lying: readonly Lying[]): readonly Panel[] {
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number];
  for (const { rows, columns, placing } of lying) {
    const { corner, alongColumns, alongRows } = placing;
    const [high, wide] = [rows[1] - rows[0], columns[1] - columns[0]];
    for (const axis of [0, 1] as const) {
      const across = Math.min(0, alongColumns[axis] * wide) + Math.min(0, alongRows[axis] * high);
      least[axis] = Math.min(least[axis], corner[axis] + across);
    }
  }
  return lying.map(({ placing, ...rest }) => {
    const corner = [placing.corner[0] - least[0], placing.corner[1] - least[1]] as const;
    return { ...rest, place: () => ({ ...placing, corner }) };
  });
}
