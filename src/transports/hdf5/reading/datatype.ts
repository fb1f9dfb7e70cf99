import { RejectedError } from "../../../errors.ts";
import type { DType } from "../../../message/ndarray.ts";
import { ByteReader } from "./byte-reader.ts";

/** Says what the elements of a dataset or an attribute are, as far as it is known here. */
export type StoredType =
  | { readonly kind: "number"; readonly dtype: DType; readonly bigEndian: boolean; readonly bytes: number }
  | { readonly kind: "fixed-text"; readonly bytes: number }
  | { readonly kind: "text"; readonly bytes: number }
  | { readonly kind: "other"; readonly name: string; readonly bytes: number };

const CLASSES = [
  ...["an integer", "a float", "a time", "a text", "a bit field", "opaque", "a compound", "a reference"],
  ...["an enumeration", "of variable length", "an array"],
];

/** The description of an integer type takes so many bytes. */
const INTEGER_BYTES = 12;
const TRUTH = /^FALSE\0+TRUE\0/u;
const FLOATS: Readonly<Record<number, DType>> = { 2: "float16", 4: "float32", 8: "float64" };

/** Reads a datatype message. */
export function readType(body: Uint8Array): StoredType {
  const reader = new ByteReader(body);
  const [first, bits0, bits1] = [reader.u8(), reader.u8(), reader.u8()];
  const kind = first & 0x0f;
  reader.skip(1);
  const bytes = reader.u32();
  const bigEndian = (bits0 & 1) === 1;
  const other: StoredType = { kind: "other", name: CLASSES[kind] ?? `of class ${kind}`, bytes };
  if (bytes === 0) throw new RejectedError("hdf5: a type of 0 bytes cannot be");
  if (kind === 0) {
    const dtype = [1, 2, 4, 8].includes(bytes) ? `${(bits0 & 8) === 0 ? "u" : ""}int${bytes * 8}` : undefined;
    return dtype === undefined ? other : { kind: "number", dtype: dtype as DType, bigEndian, bytes };
  }
  if (kind === 1) {
    const dtype = FLOATS[bytes];
    return dtype === undefined || (bits0 & 0x40) !== 0 ? other : { kind: "number", dtype, bigEndian, bytes };
  }
  if (kind === 3) return { kind: "fixed-text", bytes };
  if (kind === 8) return enumeration(reader, bits0 + bits1 * 256, bytes);
  if (kind === 9 && (bits0 & 0x0f) === 1 && bytes === 16) return { kind: "text", bytes };
  return other;
}

/** Truth values are an enumeration of two names; of any other the numbers are taken. */
function enumeration(reader: ByteReader, members: number, bytes: number): StoredType {
  const base = readType(reader.bytes(Math.min(INTEGER_BYTES, reader.left)));
  if (base.kind !== "number" || base.bytes !== bytes) return { kind: "other", name: "an enumeration", bytes };
  const isTruth = members === 2 && bytes === 1 && TRUTH.test(reader.bytes(reader.left).toString("latin1"));
  return isTruth ? { ...base, dtype: "bool" } : base;
}
