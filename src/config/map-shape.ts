import { insteadOf, nearest } from "../options/nearest.ts";
import type { Complain, Fields, JsonSchema, Shape } from "./shape.ts";
import { type MapValue, nameOf, plainOf } from "./value.ts";

/** Expects a list of such values. */
export function list(item: Shape, example: string): Shape {
  return {
    wanted: "a list",
    schema: { type: "array", items: item.schema },
    read(value, path, complain) {
      if (value.kind === "list") return value.items.map((one, index) => item.read(one, `${path}[${index}]`, complain));
      complain(value.at, `${path}: expected a list, got ${nameOf(value)}; write ${example}`);
      return [];
    },
  };
}

/** Expects a list of two such values. */
export function pair(item: Shape, example: string): Shape {
  const inner = list(item, example);
  return {
    wanted: `a list of two, such as ${example}`,
    schema: { type: "array", items: item.schema, minItems: 2, maxItems: 2 },
    read(value, path, complain) {
      const read = inner.read(value, path, complain);
      if (value.kind !== "list" || value.items.length === 2) return read;
      complain(value.at, `${path}: expected two values, got ${value.items.length}; write ${example}`);
      return undefined;
    },
  };
}

/** Expects one of several: which one is known by what a value is, a map, a list or neither. */
export function either(shapes: { readonly map?: Shape; readonly list?: Shape; readonly scalar?: Shape }): Shape {
  const all = Object.values(shapes);
  const wanted = all.map((shape) => shape.wanted).join(", or ");
  return {
    wanted,
    schema: { anyOf: all.map((shape) => shape.schema) },
    read(value, path, complain) {
      const shape = shapes[value.kind];
      if (shape !== undefined) {
        return shape.read(value, path, (at, message) =>
          complain(
            at,
            message.replace(`${path}: expected ${shape.wanted},`, () => `${path}: expected ${wanted},`),
          ),
        );
      }
      complain(value.at, `${path}: expected ${wanted}, got ${nameOf(value)}; write one of these`);
      return undefined;
    },
  };
}

/** Expects one of several that are neither maps nor lists: the first that takes it. */
export function anyOf(...shapes: readonly Shape[]): Shape {
  const wanted = shapes.map((shape) => shape.wanted).join(", or ");
  return {
    wanted,
    schema: { anyOf: shapes.map((shape) => shape.schema) },
    read(value, path, complain) {
      for (const shape of shapes) {
        let isGood = true;
        const read = shape.read(value, path, () => {
          isGood = false;
        });
        if (isGood) return read;
      }
      complain(value.at, `${path}: expected ${wanted}, got ${nameOf(value)}; write one of these`);
      return undefined;
    },
  };
}

/** Expects a map with exactly one of these entries. */
export function exactlyOne(fields: Fields): Shape {
  const inner = object(fields);
  const names = Object.keys(fields).map((name) => `{ ${name} }`);
  return {
    wanted: names.join(" or "),
    schema: { ...inner.schema, minProperties: 1, maxProperties: 1 },
    read(value, path, complain) {
      const read = inner.read(value, path, complain);
      if (value.kind !== "map" || value.entries.size === 1) return read;
      complain(value.at, `${path}: expected one entry, got ${value.entries.size}; write ${names.join(" or ")}`);
      return undefined;
    },
  };
}

/** Expects one such value, or a list of them. */
export function oneOrMore(item: Shape): Shape {
  return {
    wanted: `${item.wanted}, or a list`,
    schema: { anyOf: [item.schema, { type: "array", items: item.schema }] },
    read(value, path, complain) {
      if (value.kind !== "list") return item.read(value, path, complain);
      return value.items.map((one, index) => item.read(one, `${path}[${index}]`, complain));
    },
  };
}

/** Takes anything, as it is. */
export const anything: Shape = { wanted: "anything", schema: {}, read: plainOf };

/** Takes a map of anything, as it is. */
export const anyMap: Shape = {
  wanted: "a map",
  schema: { type: "object" },
  read(value, path, complain) {
    if (value.kind === "map") return plainOf(value);
    complain(
      value.at,
      `${path}: expected a map, got ${nameOf(value)}; write NAME: VALUE, indented, in lines of their own`,
    );
    return {};
  },
};

/** Expects a map of such values under names of any kind. */
export function record(item: Shape): Shape {
  return {
    wanted: "a map",
    schema: { type: "object", additionalProperties: item.schema },
    read(value, path, complain) {
      if (value.kind !== "map") return anyMap.read(value, path, complain);
      const entries = [...value.entries];
      return Object.fromEntries(
        entries.map(([name, one]) => [name, item.read(one.value, `${path}.${name}`, complain)]),
      );
    },
  };
}

/** Expects a map with these entries and no others. `elsewhere` says where an entry belongs that is not among them. */
export function object(fields: Fields, elsewhere?: (name: string) => string | undefined): Shape {
  const names = Object.keys(fields);
  return {
    wanted: "a map",
    schema: objectSchema(fields),
    read(value, path, complain) {
      if (value.kind === "map") return readFields(value, fields, path, complain, elsewhere);
      complain(value.at, `${path}: expected a map, got ${nameOf(value)}; write NAME: VALUE with ${names.join(", ")}`);
      return {};
    },
  };
}

/** Reads the entries of a map that are known, and complains of the others and of those that are missing. */
export function readFields(
  value: MapValue,
  fields: Fields,
  path: string,
  complain: Complain,
  elsewhere?: (name: string) => string | undefined,
): Record<string, unknown> {
  const names = Object.keys(fields);
  const read: Record<string, unknown> = {};
  const before = path === "" ? "" : `${path}: `;
  const meant = new Set<string | undefined>();
  for (const [name, entry] of value.entries) {
    const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (known === undefined) {
      const remedy = elsewhere?.(name) ?? insteadOf(name, names);
      meant.add(nearest(name, names));
      complain(entry.key, `${before}there is no "${name}" here; ${remedy}`);
      continue;
    }
    const result = known.shape.read(entry.value, path === "" ? name : `${path}.${name}`, complain);
    if (result !== undefined) read[name] = result;
  }
  for (const [name, { required: isRequired, shape }] of Object.entries(fields)) {
    if (isRequired !== true || value.entries.has(name) || meant.has(name)) continue;
    complain(value.at, `${before}"${name}" is missing; write ${name}: and ${shape.wanted}`);
  }
  return read;
}

/** Describes a map to editors. */
export function objectSchema(fields: Fields): JsonSchema {
  const entries = Object.entries(fields);
  const needed = entries.filter(([, one]) => one.required === true).map(([name]) => name);
  return {
    type: "object",
    additionalProperties: false,
    ...(needed.length > 0 && { required: needed }),
    properties: Object.fromEntries(
      entries.map(([name, { shape, about }]) => [name, { ...shape.schema, description: about }]),
    ),
  };
}
