import { RejectedError } from "../../errors.ts";
import { AsReceived, type Document } from "../../message/documents/index.ts";
import { type DType, itemSize, type NdArray } from "../../message/ndarray.ts";

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** The schemas as they stood before what was received, by its payload. */
export const SCHEMAS: WeakMap<object, Uint8Array> = new WeakMap();

const ORDERS: Readonly<Record<string, string>> = { little: "<", big: ">", not_applicable: "|" };
const KINDS: Readonly<Record<string, string>> = { bool: "b", float: "f", int: "i", uint: "u" };

/** Gives the element type of a schema as numpy writes it: `<u2`. */
export function typeIn(schema: Document): string {
  const { data_type: type } = schema;
  if (!isDocument(type)) throw new RejectedError("schema.data_type: expected a map");
  const { endianness, kind, itemsize } = type;
  const order = typeof endianness === "string" && Object.hasOwn(ORDERS, endianness) ? ORDERS[endianness] : undefined;
  if (order === undefined) {
    throw new RejectedError("schema.data_type.endianness: expected little, big or not_applicable");
  }
  if (typeof kind !== "string" || kind.length !== 1) {
    throw new RejectedError("schema.data_type.kind: expected the letter of a kind");
  }
  if (!Number.isSafeInteger(itemsize)) throw new RejectedError("schema.data_type.itemsize: expected a whole number");
  return `${order}${kind}${String(itemsize)}`;
}

/** Gives the schema of arrays of an element type, which are written little-endian. */
export function schemaOf({ dtype }: NdArray<DType>): Document {
  const itemsize = itemSize(dtype);
  const kind = KINDS[dtype.replace(/\d+$/, "")];
  const endianness = itemsize === 1 ? "not_applicable" : "little";
  return { type: "array-schema", version: 1, data_type: { endianness, kind, itemsize, dt_units: null } };
}

/** Tells whether a value is a map of names and values. */
export function isDocument(value: unknown): value is Document {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
