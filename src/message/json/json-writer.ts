import { types } from "node:util";
import { UsageError } from "../../errors.ts";
import { pathOf } from "../msgpack/path.ts";
import { isRefusedKey } from "../msgpack/refused-keys.ts";
import { remedyFor } from "../msgpack/remedy.ts";
import { isNdArray } from "../ndarray.ts";
import { toBase64 } from "./base64.ts";
import { toJsonArray } from "./json-array.ts";
import { tagOf } from "./json-tags.ts";

const MAX_DEPTH = 64;

/** Gives what JSON.stringify writes for a value, with an object in place of what JSON has no form for. */
export function toJson(value: unknown, name: string): unknown {
  return written(value, [name]);
}

function written(value: unknown, path: (string | number)[]): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return value;
    case "number":
      return isPlain(value) ? value : { $float: Object.is(value, -0) ? "-0" : String(value) };
    case "bigint":
      return { $bigint: String(value) };
    case "object":
      return value === null ? null : object(value, path);
    default:
      throw refusal(path, remedyFor(value));
  }
}

/** Tells whether a number is itself after JSON.parse; an integer beyond 2^53 would come back as a BigInt. */
function isPlain(number: number): boolean {
  return Number.isInteger(number) ? Number.isSafeInteger(number) && !Object.is(number, -0) : Number.isFinite(number);
}

function object(value: object, path: (string | number)[]): unknown {
  if (types.isUint8Array(value)) return { $bytes: toBase64(value, pathOf(path)) };
  if (isNdArray(value)) return { $array: toJsonArray(value, pathOf(path)) };
  if (path.length > MAX_DEPTH) {
    throw refusal(path, `nested more than ${MAX_DEPTH} deep; does it contain itself? make it flatter`);
  }
  if (Array.isArray(value)) return Array.from(value, (item, index) => written(item, [...path, index]) ?? null);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refusal(path, remedyFor(value));
  return record(value as Readonly<Record<string, unknown>>, path);
}

function record(value: Readonly<Record<string, unknown>>, path: (string | number)[]): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  for (const key of keys) {
    if (isRefusedKey(key)) throw refusal([...path, key], "a key of this name is refused; use another name");
    copy[key] = written(value[key], [...path, key]);
  }
  const tag = tagOf(keys);
  return tag === undefined ? copy : { [`$${tag}`]: copy[tag] };
}

function refusal(path: readonly (string | number)[], problem: string): UsageError {
  return new UsageError(`${pathOf(path)}: ${problem}`);
}
