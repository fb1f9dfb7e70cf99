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
  const [least, most] = rangeOf(elements);
  // The largest of 64 bits is no number of JavaScript: the next one stands for it.
  const whole = elements.BYTES_PER_ELEMENT === 8 && sentinel === Number(most) ? most : BigInt(sentinel);
  return whole < least || whole > most ? undefined : BigInt.asIntN(64, whole);
}

/** Gives the least element above a threshold, as kernels compare it; undefined where no element can be. */
export function leastBits(elements: Elements, threshold: number): bigint | undefined {
  if (elements instanceof Float32Array || elements instanceof Float64Array) {
    const above = elements instanceof Float32Array ? nextFloat(threshold) : nextDouble(threshold);
    if (!Number.isFinite(above)) return undefined;
    bits.setFloat64(0, above);
    return bits.getBigInt64(0);
  }
  const [least, most] = rangeOf(elements);
  if (threshold < Number(least)) return BigInt.asIntN(64, least);
  if (!Number.isFinite(threshold)) return undefined;
  const above = BigInt(Math.floor(threshold)) + 1n;
  return above > most ? undefined : BigInt.asIntN(64, above < least ? least : above);
}

function rangeOf(elements: Elements): readonly [bigint, bigint] {
  const size = BigInt(8 * elements.BYTES_PER_ELEMENT);
  const isSigned = elements instanceof Int8Array || elements instanceof Int16Array || elements instanceof Int32Array;
  return isSigned || elements instanceof BigInt64Array
    ? [-(2n ** (size - 1n)), 2n ** (size - 1n) - 1n]
    : [0n, 2n ** size - 1n];
}

/** Gives the least number of 64 bits above another one. */
function nextDouble(number: number): number {
  if (number === Number.NEGATIVE_INFINITY) return -Number.MAX_VALUE;
  if (number === 0) return Number.MIN_VALUE;
  bits.setFloat64(0, number);
  bits.setBigInt64(0, bits.getBigInt64(0) + (number > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}

/** Gives the least number of 32 bits above another one. */
function nextFloat(number: number): number {
  const rounded = Math.fround(number);
  if (rounded > number) return rounded;
  if (rounded === Number.NEGATIVE_INFINITY) return -3.4028234663852886e38;
  if (rounded === 0) return 2 ** -149;
  bits.setFloat32(0, rounded);
  bits.setInt32(0, bits.getInt32(0) + (rounded > 0 ? 1 : -1));
  return bits.getFloat32(0);
}
