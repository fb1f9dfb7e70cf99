import { bytesOf, isNdArray } from "../../../message/ndarray.ts";
import { isPlainText, nameOfKey } from "../format/names.ts";
import type { Group } from "./group.ts";
import type { TreeFile } from "./tree-file.ts";
import { Value } from "./value.ts";

const MAX_VALUES = 1_000;
const MAX_DEPTH = 8;

/**
 * Puts what a person looks for into a group: numbers, truth values, texts, arrays, lists of numbers, and groups of these.
 * What HDF5 has no simple form for is left out; the whole stands beside it as JSON.
 */
export function addValues(tree: TreeFile, group: Group, data: unknown): void {
  let left = MAX_VALUES;
  const add = (into: Group, content: object, depth: number): void => {
    for (const [key, value] of Object.entries(content)) {
      const name = nameOfKey(key);
      if (name === undefined || into.has(name)) continue;
      left -= 1;
      if (left < 0) return;
      if (isRecord(value)) {
        if (depth < MAX_DEPTH) add(into.group(name), value, depth + 1);
        continue;
      }
      const made = plainValue(tree, value);
      if (made !== undefined) into.add(name, made);
    }
  };
  if (isRecord(data)) add(group, data, 0);
}

function plainValue({ file, texts }: TreeFile, value: unknown): Value | undefined {
  if (typeof value === "string") {
    return isPlainText(value) ? new Value(file, "text", [], texts.add(value)) : undefined;
  }
  if (typeof value === "number") return new Value(file, "float64", [], bytes(Float64Array.of(value)));
  if (typeof value === "boolean") return new Value(file, "bool", [], Uint8Array.of(value ? 1 : 0));
  if (typeof value === "bigint") {
    const fits = BigInt.asIntN(64, value) === value;
    return fits ? new Value(file, "int64", [], bytes(BigInt64Array.of(value))) : undefined;
  }
  if (isNdArray(value)) return new Value(file, value.dtype, value.shape, bytesOf(value));
  if (value instanceof Uint8Array) return new Value(file, "uint8", [value.length], value);
  if (!Array.isArray(value) || value.length === 0 || !value.every((one) => typeof one === "number")) return undefined;
  return new Value(file, "float64", [value.length], bytes(Float64Array.from(value as number[])));
}

function isRecord(value: unknown): value is object {
  if (typeof value !== "object" || value === null || isNdArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
