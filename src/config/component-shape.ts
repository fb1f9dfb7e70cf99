import { nearest } from "../options/nearest.ts";
import { fromAncestor } from "./ancestor.ts";
import { codecShape } from "./codec-shape.ts";
import { anyMap, objectSchema, readFields } from "./map-shape.ts";
import { type BuiltIn, LISTENERS, OPERATORS, PUBLISHERS } from "./registry.ts";
import {
  type Complain,
  choice,
  type Fields,
  field,
  flag,
  type JsonSchema,
  literal,
  required,
  type Shape,
  whole,
} from "./shape.ts";
import type { Used } from "./use.ts";
import { USE_PATTERN, useOf } from "./used.ts";
import { type MapValue, nameOf, shownOf, type Value } from "./value.ts";

/** Is what a part of a block is for. */
export type Role = "listener" | "publisher" | "operator";

/** Describes a listener, operator or publisher as it stands in a configuration. */
export interface ComponentDescription {
  readonly role: Role;
  readonly used: Used;
  /** The options as they stand in the file, without what comes from outside. */
  readonly shown: Readonly<Record<string, unknown>>;
  /** What stands beside `use` and `options`: bounds of a publisher, threads of an operator. */
  readonly beside: Readonly<Record<string, unknown>>;
  /** The same, as it stands in the file. */
  readonly shownBeside: Readonly<Record<string, unknown>>;
}

const PLACE: Fields = {
  required: field(flag(), "False: never delays or fails anything else; default true"),
  overflow: field(choice("block", "drop-oldest", "drop-newest", "latest"), "What happens to what does not fit"),
  maxMessages: field(whole(1), "How many messages may wait for this publisher; default 1000"),
  maxBytes: field(whole(1), "How many bytes they may have; default 64 MB"),
};

interface RoleFacts {
  readonly builtIns: Readonly<Record<string, BuiltIn<unknown>>>;
  readonly beside: Fields;
  readonly example: string;
}

/** What there is for each role. */
export const ROLES: Readonly<Record<Role, RoleFacts>> = {
  listener: { builtIns: LISTENERS, beside: {}, example: "zmq" },
  publisher: { builtIns: PUBLISHERS, beside: PLACE, example: "zmq" },
  operator: {
    builtIns: OPERATORS,
    beside: { threads: field(whole(1), "In how many threads it works, each with an instance of its own") },
    example: "./azimuthal.ts#AzimuthalIntegration",
  },
};

/** Expects a list of listeners or of publishers. */
export function componentListShape(role: "listener" | "publisher"): Shape {
  const item = componentShape(role);
  return {
    wanted: `a list of ${role}s`,
    schema: { type: "array", items: item.schema },
    read(value, path, complain) {
      if (value.kind === "list") return value.items.map((one, index) => item.read(one, `${path}[${index}]`, complain));
      const remedy = `write "- use: ${ROLES[role].example}" with a dash, indented below ${role}s:`;
      complain(value.at, `${path}: expected a list, got ${nameOf(value)}; ${remedy}`);
      return [];
    },
  };
}

/** Expects an operator, or a list of which each takes what the one before brings. */
export const operatorShape: Shape = {
  wanted: "an operator",
  schema: operatorSchema(),
  read(value, path, complain) {
    const item = componentShape("operator");
    if (value.kind !== "list") {
      const one = item.read(value, path, complain);
      return one === undefined ? [] : [one];
    }
    return value.items
      .map((one, index) => item.read(one, `${path}[${index}]`, complain))
      .filter((one) => one !== undefined);
  },
};

function operatorSchema(): JsonSchema {
  const { schema } = componentShape("operator");
  return { anyOf: [schema, { type: "array", items: schema }] };
}

const PLACES: Readonly<Record<Role, string>> = {
  listener: "listeners",
  publisher: "publishers",
  operator: "operator",
};

function componentShape(role: Role): Shape {
  return {
    wanted: `a ${role}`,
    schema: schemaOf(role),
    read: (value, path, complain) => componentOf(role, value, path, complain),
  };
}

function componentOf(role: Role, value: Value, path: string, complain: Complain): ComponentDescription | undefined {
  const { builtIns, beside, example } = ROLES[role];
  if (value.kind === "list" || (value.kind === "scalar" && typeof value.value !== "string")) {
    complain(value.at, `${path}: expected ${article(role)}, got ${nameOf(value)}; write use: ${example}`);
    return undefined;
  }
  const name = literal(example);
  const optionsOf = (builtIn: string): Fields | undefined =>
    Object.hasOwn(builtIns, builtIn) ? builtIns[builtIn]?.options : undefined;
  const bare = { role, beside: {}, shown: {}, shownBeside: {} };
  if (value.kind === "scalar") {
    return checked({ ...bare, used: useOf(value, path, name, complain, undefined, optionsOf) }, complain);
  }
  const map = value.entries.has("class") ? fromAncestor(value, path, role, complain) : value;
  if (map === undefined) return undefined;
  const fields: Fields = {
    use: required(name, `What it is: ${Object.keys(builtIns).join(", ")}, ./file.ts#Name or package#Name`),
    options: field(unread, "What it is made with"),
    ...beside,
  };
  const read = readFields(map, fields, path, complain, (key) => belongs(key, map, optionsOf));
  const use = map.entries.get("use");
  if (use === undefined || read["use"] === undefined) return undefined;
  // "kwargs" was complained of; what stands below is read all the same.
  const options = (map.entries.get("options") ?? map.entries.get("kwargs"))?.value;
  const used = useOf(use.value, `${path}.use`, name, complain, options, optionsOf, path);
  const { use: _, ...others } = read;
  const { use: __, options: ___, ...shownBeside } = shownMap(map);
  const facts = { role, beside: others, shown: shownMap(options), shownBeside };
  return checked({ ...facts, used: withCodec(role, used, options, complain) }, complain);
}

const unread: Shape = { wanted: "a map", schema: {}, read: () => undefined };

function checked(
  facts: Omit<ComponentDescription, "used"> & { readonly used: Used | undefined },
  complain: Complain,
): ComponentDescription | undefined {
  const { used, role, beside } = facts;
  if (used === undefined) return undefined;
  const { use, at, path } = used;
  const names = Object.keys(ROLES[role].builtIns);
  if (use.kind === "built-in") {
    if (!names.includes(use.name)) {
      const near = nearest(use.name, names);
      const all = `there are ${names.join(", ")}, and yours: ./file.ts#Name or package#Name`;
      const other = (Object.keys(ROLES) as Role[]).find((one) => Object.hasOwn(ROLES[one].builtIns, use.name));
      const elsewhere = other === undefined ? undefined : `it is ${article(other)}: write it under ${PLACES[other]}:`;
      const remedy = elsewhere ?? (near === undefined ? all : `did you mean "${near}"?`);
      complain(at, `${path}: there is no ${role} "${use.name}"; ${remedy}`);
      return undefined;
    }
    if (beside["threads"] !== undefined && ROLES[role].builtIns[use.name]?.threads === undefined) {
      complain(at, `${path}: "${use.name}" works in no threads; leave threads out, or take an operator of your own`);
      return undefined;
    }
  }
  return { ...facts, used };
}

/** Reads the codec of a listener or publisher that is not built in, which has a name as it has for the others. */
function withCodec(
  role: Role,
  used: Used | undefined,
  options: Value | undefined,
  complain: Complain,
): Used | undefined {
  if (used === undefined || role === "operator" || used.use.kind === "built-in" || options?.kind !== "map") return used;
  const codec = options.entries.get("codec");
  if (codec === undefined) return used;
  const read = codecShape.read(codec.value, `${used.path}.options.codec`, complain);
  return { ...used, options: { ...used.options, codec: read } };
}

/** Says where an entry belongs that stands beside `use` and should stand elsewhere. */
function belongs(key: string, map: MapValue, optionsOf: (name: string) => Fields | undefined): string | undefined {
  if (key === "kwargs" || key === "args") return "beside use: it is options:";
  const use = map.entries.get("use")?.value;
  const name = use?.kind === "scalar" ? String(use.value) : "";
  const options = optionsOf(name);
  if (options !== undefined && Object.hasOwn(options, key)) return `it is an option; write it below options:`;
  return undefined;
}

function shownMap(options: Value | undefined): Readonly<Record<string, unknown>> {
  return options?.kind === "map" ? (shownOf(options) as Record<string, unknown>) : {};
}

function article(role: Role): string {
  return role === "operator" ? "an operator" : `a ${role}`;
}

function schemaOf(role: Role): JsonSchema {
  const { builtIns, beside } = ROLES[role];
  const besides = (objectSchema(beside)["properties"] ?? {}) as JsonSchema;
  const one = (use: JsonSchema, options: JsonSchema, about: string): JsonSchema => ({
    type: "object",
    additionalProperties: false,
    required: ["use"],
    description: about,
    properties: { use, options, ...besides },
  });
  const own = { type: "string", pattern: USE_PATTERN };
  const names = Object.keys(builtIns);
  return {
    anyOf: [
      ...Object.entries(builtIns).map(([name, { options, about }]) =>
        one({ const: name }, objectSchema(options), about),
      ),
      one(own, anyMap.schema, "A class or function of yours, or of a package"),
      { type: "string", enum: names },
      own,
      {
        type: "object",
        required: ["class"],
        description: "As the Python package arroyopy writes it",
        properties: { class: { type: "string" }, args: { type: "array" }, kwargs: { type: "object" }, ...besides },
      },
    ],
  };
}
