import type { ElementType } from "../../message/documents/index.ts";
import { type DType, itemSize } from "../../message/ndarray.ts";

/** Tags of arrays: of several dimensions, the last or the first of which runs fastest. */
export const ROW_MAJOR = 40;
export const COLUMN_MAJOR = 1040;
/** The tag of compressed bytes. */
export const COMPRESSED = 56_500;

const TYPES: Readonly<Record<number, DType>> = {
  64: "uint8",
  65: "uint16",
  66: "uint32",
  67: "uint64",
  68: "uint8",
  69: "uint16",
  70: "uint32",
  71: "uint64",
  72: "int8",
  73: "int16",
  74: "int32",
  75: "int64",
  77: "int16",
  78: "int32",
  79: "int64",
  80: "float16",
  81: "float32",
  82: "float64",
  84: "float16",
  85: "float32",
  86: "float64",
};

/** Tells whether a tag says that bytes are elements of some type. */
export function isTypedTag(tag: number | undefined): boolean {
  return tag !== undefined && tag >= 64 && tag <= 87;
}

/** Gives the type of elements that a tag names; undefined for those that have no number here. */
export function typeOfTag(tag: number): ElementType | undefined {
  const dtype = TYPES[tag];
  if (dtype === undefined) return undefined;
  // The third bit says little-endian; single bytes have no order.
  return { dtype, bigEndian: (tag & 4) === 0 && itemSize(dtype) > 1 };
}

/** Gives the tag of little-endian elements; a bool is written as a byte. */
export function tagOfType(dtype: DType): number {
  if (dtype === "bool" || dtype === "uint8") return 64;
  if (dtype === "int8") return 72;
  const [tag] = Object.entries(TYPES).find(([tag, name]) => name === dtype && (Number(tag) & 4) !== 0) as [
    string,
    DType,
  ];
  return Number(tag);
}
