import { UsageError } from "../../errors.ts";
import { arrayOf, markedForm } from "../../message/documents/index.ts";
import type { Payload } from "../../message/message.ts";
import { type DType, isNdArray, type NdArray } from "../../message/ndarray.ts";

/**
 * Gives a value as JSON can hold it: arrays are nested lists, as Python has them, and a mark is the payload. JSON keeps
 * no element type.
 */
export function withLists(value: unknown, payload: Payload, path: string): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (isNdArray(value)) return listsOf(value, path);
  if (markedForm(value) !== undefined) return listsOf(arrayOf(payload), path);
  if (Array.isArray(value)) return value.map((item, index) => withLists(item, payload, `${path}[${index}]`));
  const entries = Object.entries(value).map(
    ([key, item]) => [key, withLists(item, payload, `${path}.${key}`)] as const,
  );
  // By entries, not by assignment: what is no name for a key is refused by the writer, who names it.
  return Object.fromEntries(entries);
}

function listsOf({ dtype, shape, data }: NdArray<DType>, path: string): unknown {
  if (dtype === "float16") {
    throw new UsageError(`${path}: an array of float16 has no form in JSON; configure msgpack, or convert to float32`);
  }
  let at = 0;
  const lists = (axis: number): unknown => {
    if (axis === shape.length) {
      const element = data[at++] as number | bigint;
      return dtype === "bool" ? element !== 0 : element;
    }
    return Array.from({ length: shape[axis] as number }, () => lists(axis + 1));
  };
  return lists(0);
}
