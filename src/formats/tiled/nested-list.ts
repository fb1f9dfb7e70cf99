import { RejectedError } from "../../errors.ts";
import { checkedShape, type ElementType } from "../../message/documents/index.ts";
import { type DType, elements, itemSize, lazyArray, type NdArray } from "../../message/ndarray.ts";

/** Makes an array of the lists in lists in which JSON has it; each must be as long as the shape says. */
export function arrayOfLists({ dtype }: ElementType, shape: unknown, lists: unknown, place: string): NdArray<DType> {
  const lengths = checkedShape(shape, "shape");
  const flat: unknown[] = [];
  flatten(lists, lengths, 0, place, flat);
  if (dtype === "float16") throw new RejectedError(`${place}: float16 has no form in JSON; ask for msgpack`);
  const bytes = new Uint8Array(elements(lengths) * itemSize(dtype));
  const array = lazyArray(dtype, lengths, bytes);
  const { data } = array;
  for (let index = 0; index < flat.length; index += 1) {
    const element = elementOf(flat[index], dtype);
    data[index] = element as never;
    // What the type cannot hold would become another number.
    if (element === undefined || !isSame(data[index], element, dtype)) {
      throw new RejectedError(`${place}: element ${index} is no ${dtype}`);
    }
  }
  return array;
}

function flatten(value: unknown, lengths: readonly number[], level: number, place: string, into: unknown[]): void {
  if (level === lengths.length) {
    into.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== lengths[level]) {
    const got = Array.isArray(value) ? `${value.length}` : "no list";
    throw new RejectedError(`${place}: expected ${lengths[level]} elements in each list of level ${level}, got ${got}`);
  }
  for (const item of value as unknown[]) flatten(item, lengths, level + 1, place, into);
}

/** Gives an element as its typed array takes it; undefined where it is none. */
function elementOf(value: unknown, dtype: DType): number | bigint | undefined {
  if (dtype === "bool") return value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : undefined;
  if (dtype === "int64" || dtype === "uint64") {
    if (typeof value === "bigint") return value;
    return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
  }
  // JSON has no NaN: the server writes null.
  if (value === null && dtype.startsWith("float")) return Number.NaN;
  return typeof value === "number" ? value : undefined;
}

function isSame(stored: unknown, element: number | bigint, dtype: DType): boolean {
  return dtype.startsWith("float") || stored === element;
}
