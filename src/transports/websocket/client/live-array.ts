import { LiveFormatError } from "./messages.ts";

/** Maps each element type to the typed array that holds its elements; float16 comes as its bits. */
export interface LiveArrays {
  bool: Uint8Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
}

/** Names an element type, as numpy does. */
export type LiveDType = keyof LiveArrays;

/** Holds an array with its element type and its shape, slowest axis first. */
export type LiveArray = {
  readonly [T in LiveDType]: { readonly dtype: T; readonly shape: readonly number[]; readonly data: LiveArrays[T] };
}[LiveDType];

const CLASSES = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const;

const MOST_AXES = 16;

/** Tells a payload that is an array from one that is bytes. */
export function isArray(payload: Uint8Array | LiveArray): payload is LiveArray {
  return !(payload instanceof Uint8Array);
}

/** Makes an array over little-endian bytes: a view of them, or of a copy where they are misaligned. */
export function liveArray(dtype: unknown, shape: unknown, bytes: Uint8Array): LiveArray {
  if (typeof dtype !== "string" || !Object.hasOwn(CLASSES, dtype)) {
    throw new LiveFormatError(`array: no such element type: ${String(dtype).slice(0, 40)}`);
  }
  if (!Array.isArray(shape) || shape.length > MOST_AXES || !shape.every(isLength)) {
    throw new LiveFormatError("array: the shape is not a list of lengths");
  }
  const array = CLASSES[dtype as LiveDType];
  const size = array.BYTES_PER_ELEMENT;
  const count = (shape as number[]).reduce((product, length) => product * length, 1);
  if (count * size !== bytes.byteLength) {
    throw new LiveFormatError(`array: ${dtype} [${shape.join(", ")}] does not fill its ${bytes.byteLength} bytes`);
  }
  const { buffer, byteOffset } = byteOffsetOf(bytes, size);
  const data = new array(buffer as ArrayBuffer, byteOffset, count);
  return { dtype, shape, data } as unknown as LiveArray;
}

function byteOffsetOf(bytes: Uint8Array, size: number): { buffer: ArrayBufferLike; byteOffset: number } {
  if (bytes.byteOffset % size === 0) return { buffer: bytes.buffer, byteOffset: bytes.byteOffset };
  return { buffer: new Uint8Array(bytes).buffer, byteOffset: 0 };
}

function isLength(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
