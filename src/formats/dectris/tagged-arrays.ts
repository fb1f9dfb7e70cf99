import { type Compression, isElementSize } from "../../compression/index.ts";
import { RejectedError } from "../../errors.ts";
import { checkedShape, compressedArray, type ElementType, turnedRound } from "../../message/documents/index.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { type DType, elements, itemSize, lazyArray, type NdArray } from "../../message/ndarray.ts";
import { toCOrder } from "./c-order.ts";
import type { Tagged } from "./cbor-decoder.ts";
import { COLUMN_MAJOR, COMPRESSED, isTypedTag, ROW_MAJOR, typeOfTag } from "./typed-tags.ts";

/** Is a byte string that is compressed, until it is known what it holds. */
class CompressedBytes {
  readonly compression: Compression;
  readonly bytes: Uint8Array;

  constructor(compression: Compression, bytes: Uint8Array) {
    this.compression = compression;
    this.bytes = bytes;
  }
}

/** Is elements of a known type, until their shape is known. */
class TypedBytes {
  readonly type: ElementType;
  readonly contents: Uint8Array | CompressedBytes;

  constructor(type: ElementType, contents: Uint8Array | CompressedBytes) {
    this.type = type;
    this.contents = contents;
  }
}

const items = new WeakMap<NdArray<DType>, Uint8Array>();

/** Gives the CBOR from which an array was read, compressed as it came; undefined for every other array. */
export function itemOf(array: NdArray<DType>): Uint8Array | undefined {
  return items.get(array);
}

/** Makes arrays of tagged values, and texts of dates; of tags that are not known the inner value stays. */
export function tagged(found: Tagged, maxBytes: number): unknown {
  const { tag, value, outer, listed, place } = found;
  if (tag === ROW_MAJOR || tag === COLUMN_MAJOR) return shaped(found, maxBytes);
  if (isTypedTag(tag)) {
    const typed = new TypedBytes(typeOf(tag, place), contentsOf(value, place));
    return listed === ROW_MAJOR || listed === COLUMN_MAJOR ? typed : arrayOf(typed, undefined, found, maxBytes);
  }
  if (tag !== COMPRESSED) return value;
  const compressed = compressedOf(value, place);
  if (isTypedTag(outer)) return compressed;
  return arrayOf(new TypedBytes({ dtype: "uint8", bigEndian: false }, compressed), undefined, found, maxBytes);
}

function shaped(found: Tagged, maxBytes: number): NdArray<DType> {
  const { value, place } = found;
  const [shape, typed] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : [];
  if (!(typed instanceof TypedBytes)) throw new RejectedError(`${place}: expected dimensions and a typed array`);
  return arrayOf(typed, checkedShape(shape, `${place}.dimensions`), found, maxBytes);
}

function arrayOf(
  { type, contents }: TypedBytes,
  shape: readonly number[] | undefined,
  { tag, item, place }: Tagged,
  maxBytes: number,
): NdArray<DType> {
  const order = tag === COLUMN_MAJOR && shape !== undefined ? { ordered: inCOrder(shape, itemSize(type.dtype)) } : {};
  const array =
    contents instanceof CompressedBytes
      ? compressedArray(
          { type, compression: contents.compression, maxBytes, ...order, ...(shape !== undefined && { shape }) },
          contents.bytes,
          place,
        )
      : plainArray(type, shape, contents, place, order.ordered);
  items.set(array, item);
  return array;
}

function plainArray(
  { dtype, bigEndian }: ElementType,
  known: readonly number[] | undefined,
  bytes: Uint8Array,
  place: string,
  ordered: ((elements: Uint8Array) => Uint8Array) | undefined,
): NdArray<DType> {
  const size = itemSize(dtype);
  if (bytes.length % size !== 0) {
    throw new RejectedError(`${place}: ${bytes.length} bytes are no whole number of elements of ${dtype}`);
  }
  const shape = known ?? [bytes.length / size];
  const takes = elements(shape) * size;
  if (takes !== bytes.length) {
    throw new RejectedError(
      `${place}.dimensions: [${shape.join(", ")}] of ${dtype} takes ${takes} bytes, the data has ${bytes.length}`,
    );
  }
  if (!bigEndian && ordered === undefined) return lazyArray(dtype, shape, bytes);
  return lazyArray(dtype, shape, bytes, (raw) => {
    const right = bigEndian ? turnedRound(raw, size) : raw;
    return ordered === undefined ? right : ordered(right);
  });
}

function inCOrder(shape: readonly number[], size: number): (elements: Uint8Array) => Uint8Array {
  return (bytes) => toCOrder(bytes, shape, size);
}

function typeOf(tag: number, place: string): ElementType {
  const type = typeOfTag(tag);
  if (type === undefined) throw new RejectedError(`${place}: elements of tag ${tag} are not supported`);
  return type;
}

function contentsOf(value: unknown, place: string): Uint8Array | CompressedBytes {
  if (value instanceof Uint8Array || value instanceof CompressedBytes) return value;
  throw new RejectedError(`${place}: expected bytes under the tag of a typed array`);
}

function compressedOf(value: unknown, place: string): CompressedBytes {
  const [algorithm, size, bytes] = Array.isArray(value) && value.length === 3 ? (value as unknown[]) : [];
  if (typeof algorithm !== "string" || !(bytes instanceof Uint8Array)) {
    throw new RejectedError(`${place}: expected the name of a compression, an element size and bytes`);
  }
  if (algorithm === "lz4") return new CompressedBytes({ name: "lz4", framing: "framed" }, bytes);
  if (algorithm !== "bslz4" && algorithm !== "bszstd") {
    throw new RejectedError(`${place}: the compression ${quoted(algorithm)} is not supported`);
  }
  if (!isElementSize(size)) throw new RejectedError(`${place}: expected an element size of 1, 2, 4 or 8`);
  return new CompressedBytes({ name: algorithm, elementSize: size, framing: "framed" } as Compression, bytes);
}
