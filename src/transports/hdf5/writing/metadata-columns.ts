import type { ElementForm } from "../format/element-form.ts";
import { LAYOUT } from "../format/layout.ts";
import { isPlainText, nameOfKey } from "../format/names.ts";
import { numberAttribute, textAttribute } from "./attributes.ts";
import { Column } from "./column.ts";
import type { Group } from "./group.ts";
import type { TreeFile } from "./tree-file.ts";

/** Is what columns cannot hold of the metadata of one event. */
export interface LeftOver {
  /** Values that their columns cannot hold, or that have none. */
  readonly metadata: Record<string, unknown>;
  /** Columns in which this event has no value, although one stands there. */
  readonly absent: readonly string[];
}

type ColumnForm = "float64" | "bool" | "text" | "int64";

interface MetadataColumn {
  readonly form: ColumnForm;
  readonly column: Column;
}

const MAX_COLUMNS = 512;
const NAN: Uint8Array = new Uint8Array(Float64Array.of(Number.NaN).buffer);
const FILLS: Readonly<Partial<Record<ElementForm, Uint8Array>>> = { float64: NAN };

/** Puts the metadata of events into columns: one for each key with numbers, truth values or texts. */
export class MetadataColumns {
  readonly #tree: TreeFile;
  readonly #group: Group;
  readonly #columns = new Map<string, MetadataColumn>();
  #events = 0;

  constructor(tree: TreeFile, group: Group) {
    this.#tree = tree;
    this.#group = group;
  }

  /** Adds the metadata of the next event; gives what is left over. */
  add(metadata: Readonly<Record<string, unknown>>): LeftOver {
    const left: Record<string, unknown> = {};
    const absent: string[] = [];
    for (const key of Object.keys(metadata)) {
      const value = metadata[key];
      if (value === undefined) continue;
      const column = this.#columns.get(key) ?? this.#make(key, value);
      if (column === undefined || formOf(value) !== column.form) left[key] = value;
    }
    for (const [key, { form, column }] of this.#columns) {
      const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
      if (value !== undefined && formOf(value) === form) column.push(this.#bytesOf(value));
      else {
        column.push();
        // NaN says itself that nothing is there.
        if (form !== "float64" && !Object.hasOwn(left, key)) absent.push(key);
      }
    }
    this.#events += 1;
    return { metadata: left, absent };
  }

  /** Writes the chunks that are full. */
  async writeChunks(): Promise<void> {
    for (const { column } of this.#columns.values()) await column.writeChunks();
  }

  #make(key: string, value: unknown): MetadataColumn | undefined {
    const form = formOf(value);
    const name = nameOfKey(key);
    if (form === undefined || name === undefined || this.#columns.size >= MAX_COLUMNS) return undefined;
    if (this.#group.has(name)) return undefined;
    const fill = FILLS[form];
    const column = new Column(this.#tree.file, {
      form,
      shape: [],
      since: this.#events,
      ...(fill !== undefined && { fill }),
      attributes: [textAttribute(this.#tree, LAYOUT.key, key), numberAttribute(LAYOUT.since, this.#events)],
    });
    this.#group.add(name, column);
    const made = { form, column };
    this.#columns.set(key, made);
    return made;
  }

  #bytesOf(value: unknown): Uint8Array {
    if (typeof value === "string") return this.#tree.texts.add(value);
    if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
    const numbers = typeof value === "bigint" ? BigInt64Array.of(value) : Float64Array.of(value as number);
    return new Uint8Array(numbers.buffer);
  }
}

/** Gives the form in which a value can stand in a column; undefined where it can in none. */
function formOf(value: unknown): ColumnForm | undefined {
  if (typeof value === "number") return Number.isNaN(value) ? undefined : "float64";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return isPlainText(value) ? "text" : undefined;
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? "int64" : undefined;
  return undefined;
}
