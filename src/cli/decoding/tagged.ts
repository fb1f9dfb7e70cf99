import { createHash } from "node:crypto";
import { bytesOf, type DType, type NdArray } from "../../message/ndarray.ts";

/** Describes an array: what it is, and enough of its contents to tell it from others. */
export interface DescribedArray {
  readonly dtype: DType;
  /** In C order, slowest axis first. */
  readonly shape: readonly number[];
  /** Of the decompressed bytes in C order, little-endian. */
  readonly sha256: string;
  /** The first 8 elements, flat. */
  readonly first: readonly unknown[];
  /** All of its bytes as base64, where they are asked for. */
  readonly data?: string;
}

const FIRST = 8;

/** Gives a value as JSON can hold it: large integers, numbers that are not finite, and bytes become objects of one key. */
export function tagged(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : { $bigint: String(value) };
  }
  if (typeof value === "number") return Number.isFinite(value) ? value : { $float: String(value) };
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return { $bytes: base64(value) };
  if (Array.isArray(value)) return value.map(tagged);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tagged(item)]));
}

/** Describes an array; reads all of it, so that damage shows which is found only then. */
export function describedArray(array: NdArray<DType>, withData: boolean): DescribedArray {
  const { dtype, shape } = array;
  const bytes = bytesOf(array);
  const first = Array.from(array.data.subarray(0, FIRST) as Iterable<number | bigint>, (element) =>
    tagged(elementOf(dtype, element)),
  );
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { dtype, shape, sha256, first, ...(withData && { data: base64(bytes) }) };
}

function elementOf(dtype: DType, element: number | bigint): unknown {
  if (dtype === "bool") return element !== 0;
  return dtype === "float16" ? numberOfHalf(element as number) : element;
}

/** Gives the number that the bits of a float16 stand for. */
function numberOfHalf(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
