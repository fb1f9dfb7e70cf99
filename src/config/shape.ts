import { insteadOf, nearest } from "../options/nearest.ts";
import { plainScalar } from "./interpolation.ts";
import type { Stretch } from "./source-file.ts";
import { nameOf, type ScalarValue, type Value } from "./value.ts";

/** Is a JSON Schema, as editors read it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Takes what is wrong with a part of a configuration. */
export type Complain = (stretch: Stretch, message: string) => void;

/** Says what may stand in a place: it reads and checks a value, and describes itself to editors. */
export interface Shape {
  /** What is expected, as it stands in a message: "a whole number from 1 up". */
  readonly wanted: string;
  readonly schema: JsonSchema;
  /** Gives what a program gets; `path` names the place. What is wrong is told, and something is given all the same. */
  read(value: Value, path: string, complain: Complain): unknown;
}

/** Is an entry that a map may have. */
export interface Field {
  readonly shape: Shape;
  /** What it means, for editors. */
  readonly about: string;
  readonly required?: boolean;
}

/** Names the entries that a map may have. */
export type Fields = Readonly<Record<string, Field>>;

/** Makes an entry. */
export function field(shape: Shape, about: string): Field {
  return { shape, about };
}

/** Makes an entry that must be there. */
export function required(shape: Shape, about: string): Field {
  return { shape, about, required: true };
}

const INTERPOLATED: JsonSchema = { type: "string", pattern: "\\$\\{" };

function scalar(
  wanted: string,
  schema: JsonSchema,
  take: (value: ScalarValue) => unknown,
  remedy: (value: ScalarValue) => string,
): Shape {
  return {
    wanted,
    schema: schema["type"] === "string" && schema["enum"] === undefined ? schema : { anyOf: [schema, INTERPOLATED] },
    read(value, path, complain) {
      const taken = value.kind === "scalar" ? (take(value) ?? take(unquoted(value))) : undefined;
      if (taken !== undefined) return taken;
      const instead = value.kind === "scalar" ? remedy(value) : `write ${wanted}`;
      complain(value.at, `${path}: expected ${wanted}, got ${nameOf(value)}; ${instead}`);
      return undefined;
    },
  };
}

/** Inside of [ ] and { } a variable needs quotes: they do not say that text is meant. */
function unquoted(scalar: ScalarValue): ScalarValue {
  const { value, shown } = scalar;
  const isVariable = typeof value === "string" && value !== shown && /^\$\{[^}]*\}$/.test(shown);
  return isVariable ? { ...scalar, value: plainScalar(value) } : scalar;
}

/** Expects a text that is not empty. */
export function text(example: string): Shape {
  return scalar(
    "a text",
    { type: "string", minLength: 1, examples: [example] },
    ({ value, text: raw }) => (raw ?? (typeof value === "string" ? value : "")) || undefined,
    ({ value }) =>
      typeof value === "number" || typeof value === "boolean"
        ? `put it into quotes: "${String(value)}"`
        : `write one, such as ${JSON.stringify(example)}`,
  );
}

/** Expects a text that no message repeats. */
export function secret(example: string): Shape {
  const inner = text(example);
  return {
    wanted: inner.wanted,
    schema: inner.schema,
    read(value, path, complain) {
      const { read } = inner;
      return read(value, path, () =>
        complain(
          value.at,
          `${path}: expected a text, got what is not shown; put it into quotes, or into a file: !file PATH`,
        ),
      );
    },
  };
}

/** Expects a text that stands in the file itself: what is loaded, and what is shown everywhere. */
export function literal(example: string): Shape {
  const inner = text(example);
  return {
    wanted: inner.wanted,
    schema: inner.schema,
    read(value, path, complain) {
      if (value.kind === "scalar" && (value.from !== undefined || value.shown.includes("${"))) {
        const why = "what is loaded, and names that are shown everywhere, come neither from variables nor from files";
        complain(value.at, `${path}: ${why}; write it out`);
        return undefined;
      }
      return inner.read(value, path, complain);
    },
  };
}

/** Expects a whole number, from `least` up, or to `most`. */
export function whole(least: number = Number.MIN_SAFE_INTEGER, most: number = Number.MAX_SAFE_INTEGER): Shape {
  const [isAny, isOpen] = [least === Number.MIN_SAFE_INTEGER, most === Number.MAX_SAFE_INTEGER];
  const range = isAny ? "" : isOpen ? ` from ${least} up` : ` from ${least} to ${most}`;
  return scalar(
    `a whole number${range}`,
    { type: "integer", ...(!isAny && { minimum: least }), ...(!isOpen && { maximum: most }) },
    ({ value }) =>
      Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most ? value : undefined,
    numberRemedy,
  );
}

/** Expects a number above 0. */
export function positive(): Shape {
  return scalar(
    "a number above 0",
    { type: "number", exclusiveMinimum: 0 },
    ({ value }) => (typeof value === "number" && value > 0 && Number.isFinite(value) ? value : undefined),
    numberRemedy,
  );
}

/** Expects any number, or one of a range. */
export function number(least: number = Number.NEGATIVE_INFINITY, most: number = Number.POSITIVE_INFINITY): Shape {
  const isBounded = Number.isFinite(most);
  const range = isBounded ? ` from ${least} to ${most}` : Number.isFinite(least) ? ` from ${least} up` : "";
  return scalar(
    `a number${range}`,
    { type: "number", ...(Number.isFinite(least) && { minimum: least }), ...(isBounded && { maximum: most }) },
    ({ value }) =>
      typeof value === "number" && Number.isFinite(value) && value >= least && value <= most ? value : undefined,
    numberRemedy,
  );
}

/** Expects a number from `least` up, or `.inf`, which is how YAML writes that there is no bound. */
export function unbounded(least: number): Shape {
  return scalar(
    `a number from ${least} up, or .inf`,
    { type: "number", minimum: least },
    ({ value }) => (typeof value === "number" && value >= least ? value : undefined),
    numberRemedy,
  );
}

/** Expects a time: a date with its zone, or milliseconds since 1970 UTC; gives milliseconds. */
export function moment(): Shape {
  return scalar(
    "a time",
    { type: ["string", "number"], examples: ["2026-03-01T02:30:00Z"] },
    ({ value, text: raw }) => {
      if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
      const written = raw ?? value;
      const isDate = typeof written === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(written);
      return isDate && Number.isFinite(Date.parse(written)) ? Date.parse(written) : undefined;
    },
    () => "write a date with its zone, as 2026-03-01T02:30:00Z or 2026-03-01T04:30:00+02:00, or milliseconds",
  );
}

function numberRemedy({ value }: ScalarValue): string {
  const units = typeof value === "string" && /^[\d.]+\s*[a-z]+$/i.test(value);
  if (units) return "write a number without a unit; names that end in Ms count milliseconds, in Bytes bytes";
  if (typeof value === "string" && /^[\d_.]+$/.test(value)) return "write the number without quotes";
  return "write such a number";
}

/** Expects true or false. */
export function flag(): Shape {
  return scalar(
    "true or false",
    { type: "boolean" },
    ({ value }) => (typeof value === "boolean" ? value : undefined),
    ({ value }) => (/^(?:yes|on|true)$/i.test(String(value)) ? "write true" : "write true or false"),
  );
}

/** Expects false. */
export function no(): Shape {
  return scalar(
    "false",
    { const: false },
    ({ value }) => (value === false ? false : undefined),
    () => "write false, or leave it out",
  );
}

/** Expects one of some names. */
export function choice(...names: readonly string[]): Shape {
  const wanted = names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return scalar(
    wanted,
    { type: "string", enum: names },
    // 2.2 without quotes is a number, and the name that is meant all the same.
    ({ value, text: raw, shown, from }) => names.find((name) => name === (raw ?? (from === undefined ? shown : value))),
    ({ value, from }) =>
      from === undefined && typeof value === "string" && nearest(value, names) !== undefined
        ? insteadOf(value, names)
        : "write one of these",
  );
}
