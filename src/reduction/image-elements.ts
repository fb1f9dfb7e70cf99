/** Names the element types of images in files; `i` is signed, `u` is not, `f` is a float. */
export type ElementKind = "i" | "u" | "f";

const CLASSES = {
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

/** Gives elements of bytes in either order, copied; throws an Error where the type is none, or bytes are missing. */
export function elementsOf(
  bytes: Uint8Array,
  kind: ElementKind,
  itemSize: number,
  count: number,
  isLittle: boolean,
): ArrayLike<number | bigint> {
  const Elements = CLASSES[`${kind}${itemSize}` as keyof typeof CLASSES];
  if (Elements === undefined) throw new Error(`elements of type ${kind}${itemSize} are not known`);
  const length = count * itemSize;
  if (bytes.length < length) throw new Error(`${bytes.length} bytes of pixels are there, ${length} are needed`);
  // Not `slice`, which of a Buffer copies nothing.
  const copy = Uint8Array.from(bytes.subarray(0, length));
  if (!isLittle) reverseEach(copy, itemSize);
  return new Elements(copy.buffer, 0, count);
}

/** Gives how many elements a shape has; throws an Error where it is none. */
export function countOf(shape: readonly number[]): number {
  const count = shape.reduce((product, length) => product * length, 1);
  if (shape.length === 0 || !shape.every((length) => Number.isSafeInteger(length) && length > 0) || count > 2 ** 31) {
    throw new Error(`its shape is [${shape.join(", ")}], which is no image`);
  }
  return count;
}

function reverseEach(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
