import { anyMap, readFields } from "./map-shape.ts";
import { type Complain, type Fields, field, type Shape } from "./shape.ts";
import type { Stretch } from "./source-file.ts";
import { parseUse, type Used } from "./use.ts";
import type { MapValue, Value } from "./value.ts";

/** What a `use:` looks like that names a file or a package, for editors. */
export const USE_PATTERN = "^(\\.{1,2}/.+\\.[cm]?[jt]s(#.+)?|@?[A-Za-z0-9][^#:]*#.+|@[^/]+/.+)$";

/** Reads a `use:`, alone or as `{ use, options }`; undefined where it cannot be read. */
export function usedOf(
  value: Value,
  path: string,
  name: Shape,
  optionsOf: (builtIn: string) => Fields | undefined,
  complain: Complain,
): Used | undefined {
  if (value.kind !== "map") return useOf(value, path, name, complain, undefined, optionsOf);
  const fields: Fields = { use: { shape: name, about: "", required: true }, options: field(anyMap, "") };
  // Options are read below, where it is known whose they are.
  const known = readFields(value, { ...fields, options: field(unread, "") }, path, complain);
  const use = value.entries.get("use");
  if (known["use"] === undefined || use === undefined) return undefined;
  return useOf(use.value, `${path}.use`, name, complain, value.entries.get("options")?.value, optionsOf, path);
}

const unread: Shape = { wanted: "a map", schema: {}, read: () => undefined };

/** Reads the text of a `use:` and the options beside it. */
export function useOf(
  value: Value,
  path: string,
  name: Shape,
  complain: Complain,
  options: Value | undefined,
  optionsOf: (builtIn: string) => Fields | undefined,
  place: string = path,
): Used | undefined {
  const written = name.read(value, path, complain);
  if (typeof written !== "string") return undefined;
  const use = parseUse(written);
  if ("wrong" in use) {
    complain(value.at, `${path}: ${use.wrong}`);
    return undefined;
  }
  const fields = use.kind === "built-in" ? optionsOf(use.name) : undefined;
  const inside = `${place}.options`;
  const isMap = options?.kind === "map";
  if (options !== undefined && !isMap) {
    anyMap.read(options, inside, complain);
    return undefined;
  }
  const empty: MapValue = { kind: "map", entries: new Map(), at: value.at };
  const map = isMap ? options : empty;
  const read =
    fields === undefined
      ? (anyMap.read(map, inside, complain) as Record<string, unknown>)
      : readFields(map, fields, inside, complain);
  const optionsAt = new Map<string, Stretch>([...map.entries].map(([key, entry]) => [key, entry.value.at]));
  return { use, written, path: place, at: value.at, options: options === undefined ? undefined : read, optionsAt };
}
