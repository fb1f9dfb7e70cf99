import type { Stretch } from "./source-file.ts";

/** Is a part of a configuration, with its place. */
export type Value = MapValue | ListValue | ScalarValue;

/** Holds entries under names. */
export interface MapValue {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
  readonly at: Stretch;
}

/** Is an entry of a map: where its name stands, and what it holds. */
export interface Entry {
  readonly key: Stretch;
  readonly value: Value;
}

/** Holds values in order. */
export interface ListValue {
  readonly kind: "list";
  readonly items: readonly Value[];
  readonly at: Stretch;
}

/** Holds a text, a number, true, false or null. */
export interface ScalarValue {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** What a place that wants text takes, where the value was put in from outside without quotes. */
  readonly text?: string;
  /** What may be shown: what stands in the file. */
  readonly shown: string;
  /** Where it comes from, unless it stands in the file itself. */
  readonly from?: "environment" | "file";
  readonly at: Stretch;
}

/** Gives a short name of what a value is, without giving away what came from outside. */
export function nameOf(value: Value): string {
  if (value.kind === "map") return "a map";
  if (value.kind === "list") return "a list";
  if (value.from !== undefined) return `${short(value.shown)}, whose value is not shown`;
  if (value.value === null) return "nothing";
  if (typeof value.value === "string") return `the text ${JSON.stringify(short(value.value))}`;
  return String(value.value);
}

/** Gives what a program would see. */
export function plainOf(value: Value): unknown {
  if (value.kind === "scalar") return value.value;
  if (value.kind === "list") return value.items.map(plainOf);
  return Object.fromEntries([...value.entries].map(([name, entry]) => [name, plainOf(entry.value)]));
}

/** Gives what may be shown of a value: as `plainOf`, with `${NAME}` and `!file path` as they stand in the file. */
export function shownOf(value: Value): unknown {
  if (value.kind === "scalar") return value.from === undefined ? value.value : value.shown;
  if (value.kind === "list") return value.items.map(shownOf);
  return Object.fromEntries([...value.entries].map(([name, entry]) => [name, shownOf(entry.value)]));
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
