import { UsageError } from "../../errors.ts";
import { pathOf } from "../msgpack/path.ts";
import { isRefusedKey } from "../msgpack/refused-keys.ts";
import { remedyFor } from "../msgpack/remedy.ts";

const MAX_DEPTH = 64;

/**
 * Writes a value as JSON without marks: integers of any size as digits, and what JSON has no form for as Python has it
 * (`NaN`, `Infinity`). Bytes and arrays have no such form and are refused; `name` names the value in errors.
 */
export function exactJson(value: unknown, name: string): Uint8Array {
  return Buffer.from(written(value, [name]) ?? "null");
}

type Path = readonly (string | number)[];

/** Gives the text of a value; undefined for what is left out. */
function written(value: unknown, path: Path): string | undefined {
  switch (typeof value) {
    case "undefined":
      return undefined;
    case "string":
      return JSON.stringify(value);
    case "number":
      return number(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
      return value === null ? "null" : container(value, path);
    default:
      throw new UsageError(`${placeOf(path)}: ${remedyFor(value)}`);
  }
}

/** Gives the text of a number; without a point an integer beyond 2^53 would come back as a BigInt. */
function number(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return Number.isInteger(value) && !Number.isSafeInteger(value) && !text.includes("e") ? `${text}.0` : text;
}

function container(value: object, path: Path): string {
  if (path.length > MAX_DEPTH) {
    throw new UsageError(
      `${placeOf(path)}: nested more than ${MAX_DEPTH} deep; does it contain itself? make it flatter`,
    );
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, index) => written(item, [...path, index]) ?? "null").join(",")}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new UsageError(`${placeOf(path)}: ${remedyFor(value)}`);
  const fields: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    if (isRefusedKey(key)) {
      throw new UsageError(`${placeOf([...path, key])}: a key of this name is refused; use another name`);
    }
    const text = written(item, [...path, key]);
    if (text !== undefined) fields.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${fields.join(",")}}`;
}

/** Names a place: the name of the whole, and the keys and indices that lead there. */
function placeOf([name, ...steps]: Path): string {
  return pathOf(steps, String(name));
}
