import { UsageError } from "../errors.ts";

/** Maps each element type to the typed array that holds its elements. */
export interface Arrays {
  bool: Uint8Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  float32: Float32Array;
  float64: Float64Array;
  /** The bits of each number. */
  float16: Uint16Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
}

/** Names an element type, as numpy does. */
export type DType = keyof Arrays;

/** Names an element type whose elements are plain numbers. */
export type NumberType = Exclude<DType, "float16" | "int64" | "uint64">;

type ArrayClass<T extends DType> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): Arrays[T];
};

const CLASSES: { readonly [T in DType]: ArrayClass<T> } = {
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
};

const NOT_PLAIN: ReadonlySet<DType> = new Set<DType>(["float16", "int64", "uint64"]);

/** Holds an array of numbers with its element type and its shape in C order, slowest axis first. */
export interface NdArray<T extends DType = NumberType> {
  readonly dtype: T;
  readonly shape: readonly number[];
  readonly data: Arrays[T];
  readonly byteLength: number;
  /** Narrows the element type. */
  is<U extends DType>(dtype: U): this is NdArray<U>;
}

/**
 * Makes arrays. The element type is that of the class of the typed array, and one dimension is taken when no shape is
 * given. `dtype` is needed only for the two types that share a class with another: `bool` and `float16`.
 */
export interface NdArrayConstructor {
  new (data: Uint8Array, shape?: readonly number[]): NdArray<"uint8">;
  new (data: Uint16Array, shape?: readonly number[]): NdArray<"uint16">;
  new (data: Uint32Array, shape?: readonly number[]): NdArray<"uint32">;
  new (data: Int8Array, shape?: readonly number[]): NdArray<"int8">;
  new (data: Int16Array, shape?: readonly number[]): NdArray<"int16">;
  new (data: Int32Array, shape?: readonly number[]): NdArray<"int32">;
  new (data: Float32Array, shape?: readonly number[]): NdArray<"float32">;
  new (data: Float64Array, shape?: readonly number[]): NdArray<"float64">;
  new (data: BigInt64Array, shape?: readonly number[]): NdArray<"int64">;
  new (data: BigUint64Array, shape?: readonly number[]): NdArray<"uint64">;
  new <T extends DType = NumberType>(data: Arrays[T], shape?: readonly number[], dtype?: T): NdArray<T>;
  readonly prototype: NdArray<DType>;
}

export const NdArray: NdArrayConstructor = class NdArray<T extends DType> {
  readonly dtype: T;
  readonly shape: readonly number[];
  readonly data: Arrays[T];

  constructor(data: Arrays[T], shape: readonly number[] = [data.length], dtype: T = typeOf(data) as T) {
    if (elements(shape) !== data.length) {
      throw new UsageError(
        `NdArray: the shape [${shape.join(", ")}] has ${elements(shape)} elements, the data has ${data.length}`,
      );
    }
    if (!(data instanceof (CLASSES[dtype] as unknown as new () => object))) {
      throw new UsageError(`NdArray: expected data for ${dtype}, got ${(data as object).constructor.name}`);
    }
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  get byteLength(): number {
    return elements(this.shape) * itemSize(this.dtype);
  }

  is<U extends DType>(dtype: U): this is NdArray<U> {
    return (this.dtype as DType) === dtype;
  }
} as NdArrayConstructor;

/** Tells whether anything is an array of this package, decoded or not. */
export function isNdArray(value: unknown): value is NdArray<DType> {
  return value instanceof NdArray;
}

/** Tells whether a text names an element type. */
export function isDType(name: unknown): name is DType {
  return typeof name === "string" && Object.hasOwn(CLASSES, name);
}

/** Tells whether the elements of this type are plain numbers. */
export function isNumberType(dtype: DType): dtype is NumberType {
  return !NOT_PLAIN.has(dtype);
}

/** Gives the bytes of one element. */
export function itemSize(dtype: DType): number {
  return CLASSES[dtype].BYTES_PER_ELEMENT;
}

/** Gives the number of elements of a shape. */
export function elements(shape: readonly number[]): number {
  let product = 1;
  for (const length of shape) product *= length;
  return product;
}

/** Makes the typed array over bytes: a view, or a copy when the bytes are misaligned for it. */
export function viewBytes<T extends DType>(dtype: T, bytes: Uint8Array): Arrays[T] {
  const array = CLASSES[dtype];
  const size = array.BYTES_PER_ELEMENT;
  const count = bytes.byteLength / size;
  if (bytes.byteOffset % size === 0) return new array(bytes.buffer, bytes.byteOffset, count);
  // Not bytes.slice(): that of a Buffer is a view.
  return new array(new Uint8Array(bytes).buffer, 0, count);
}

/** Gives the bytes of an array without copying them. */
export function bytesOf(array: NdArray<DType>): Uint8Array {
  if (array instanceof LazyArray) return array.bytes;
  const { buffer, byteOffset, byteLength } = array.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * Makes an array whose typed array is made at the first touch: over bytes as they are, or over what `open` gives when
 * the bytes are compressed. A forwarded frame is never decoded.
 */
export function lazyArray<T extends DType>(
  dtype: T,
  shape: readonly number[],
  bytes: Uint8Array,
  open?: (bytes: Uint8Array) => Uint8Array,
): NdArray<T> {
  return new LazyArray(dtype, shape, bytes, open) as unknown as NdArray<T>;
}

/** Gives the bytes as received, also when they are compressed; undefined for an array made in this process. */
export function encodedBytes(array: NdArray<DType>): Uint8Array | undefined {
  return array instanceof LazyArray ? array.encoded : undefined;
}

/** Gives the array, or a copy, compressed as it came, where its bytes keep a much larger buffer alive. */
export function unpinned<T extends DType>(array: NdArray<T>): NdArray<T> {
  if (array instanceof LazyArray) return array.unpinned() as unknown as NdArray<T>;
  const { data, shape, dtype } = array;
  return pins(data) ? new NdArray<T>(data.slice() as Arrays[T], shape, dtype) : array;
}

/**
 * Tells whether a view must not be kept: it keeps a buffer of more than twice its size alive, or is of memory shared
 * with another thread, which is lent and used again.
 */
export function pins(view: ArrayBufferView): boolean {
  return view.byteLength * 2 < view.buffer.byteLength || view.buffer instanceof SharedArrayBuffer;
}

/** Tells whether a payload lies in memory that is shared, which is lent and used again once its message is settled. */
export function isLent(payload: Uint8Array | NdArray<DType>): boolean {
  const view = isNdArray(payload) ? (encodedBytes(payload) ?? payload.data) : payload;
  return view.buffer instanceof SharedArrayBuffer;
}

/**
 * Stands in for an NdArray. It is not built by NdArray's constructor, whose fields would hide the getters; its
 * prototype is put below NdArray's, so that `instanceof` and the methods are those of any other array.
 */
class LazyArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly encoded: Uint8Array;
  readonly #open: ((bytes: Uint8Array) => Uint8Array) | undefined;
  #data: Arrays[DType] | undefined;

  constructor(dtype: DType, shape: readonly number[], bytes: Uint8Array, open?: (bytes: Uint8Array) => Uint8Array) {
    this.dtype = dtype;
    this.shape = shape;
    this.encoded = bytes;
    this.#open = open;
  }

  get bytes(): Uint8Array {
    if (this.#open === undefined) return this.encoded;
    const { buffer, byteOffset, byteLength } = this.data;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  get data(): Arrays[DType] {
    this.#data ??= viewBytes(this.dtype, this.#open === undefined ? this.encoded : this.#open(this.encoded));
    return this.#data;
  }

  unpinned(): LazyArray {
    if (!pins(this.encoded)) return this;
    return new LazyArray(this.dtype, this.shape, new Uint8Array(this.encoded), this.#open);
  }
}
Object.setPrototypeOf(LazyArray.prototype, NdArray.prototype);

function typeOf(data: Arrays[DType]): DType {
  for (const [dtype, array] of Object.entries(CLASSES)) {
    if (dtype !== "bool" && data instanceof (array as unknown as new () => object)) return dtype as DType;
  }
  throw new UsageError(`NdArray: expected a typed array of numbers, got ${describe(data)}`);
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? value.constructor.name : String(value);
}
