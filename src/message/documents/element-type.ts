import { RejectedError } from "../../errors.ts";
import { quoted } from "../msgpack/path.ts";
import { type DType, isDType, itemSize } from "../ndarray.ts";

/** Says how the elements of an array lie in its bytes. */
export interface ElementType {
  readonly dtype: DType;
  /** True when the bytes of each element are in big-endian order. */
  readonly bigEndian: boolean;
}

const CODES: Readonly<Record<string, DType>> = {
  b1: "bool",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

/** Reads the name of an element type as numpy gives it: `uint16`, or the code `<u2`, where `>` is big-endian. */
export function elementType(name: unknown, place: string): ElementType {
  if (isDType(name)) return { dtype: name, bigEndian: false };
  if (name === undefined || name === null) throw new RejectedError(`${place}: missing`);
  if (typeof name !== "string") throw new RejectedError(`${place}: expected the name of an element type`);
  const order = name.charAt(0);
  const code = name.slice(1);
  if ("<>|=".includes(order) && order !== "" && Object.hasOwn(CODES, code)) {
    const dtype = CODES[code] as DType;
    return { dtype, bigEndian: order === ">" && itemSize(dtype) > 1 };
  }
  throw new RejectedError(`${place}: ${quoted(name)} is not supported`);
}

/** Gives the code of an element type as numpy writes it, little-endian. */
export function typeCode(dtype: DType): string {
  const [code] = Object.entries(CODES).find(([, name]) => name === dtype) as [string, DType];
  return `${itemSize(dtype) === 1 ? "|" : "<"}${code}`;
}
