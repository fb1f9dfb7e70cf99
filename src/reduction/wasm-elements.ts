import type { Elements } from "./elements.ts";

/** The element types in the order in which kernels number them. */
const CLASSES = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
] as const;

const bits = new DataView(new ArrayBuffer(8));

/** Gives the number by which kernels know the type of elements. */
export function typeNumber(elements: Elements): number {
  return CLASSES.findIndex((one) => elements instanceof one);
}

/** Gives a sentinel as kernels compare it: the integer, or the bits of a float64; undefined where no element can equal it. */
export function sentinelBits(elements: Elements, sentinel: number | undefined): bigint | undefined {
  if (sentinel === undefined) return undefined;
  if (elements instanceof Float32Array || elements instanceof Float64Array) {
    bits.setFloat64(0, sentinel);
    return bits.getBigInt64(0);
  }
  if (!Number.isInteger(sentinel)) return undefined;
  const size = 8 * elements.BYTES_PER_ELEMENT;
  const isSigned = elements instanceof Int8Array || elements instanceof Int16Array || elements instanceof Int32Array;
  const [least, most] =
    isSigned || elements instanceof BigInt64Array
      ? [-(2n ** BigInt(size - 1)), 2n ** BigInt(size - 1) - 1n]
      : [0n, 2n ** BigInt(size) - 1n];
  // The largest of 64 bits is no number of JavaScript: the next one stands for it.
  const whole = size === 64 && sentinel === Number(most) ? most : BigInt(sentinel);
  return whole < least || whole > most ? undefined : BigInt.asIntN(64, whole);
}
