import { decompress } from "../../compression/index.ts";
import { RejectedError } from "../../errors.ts";
import { claimedArray, compressedArray, named, turnedRound, typeCode } from "../../message/documents/index.ts";
import { utf8 } from "../../message/json/json-text.ts";
import { type DType, elements, itemSize, type NdArray, viewBytes } from "../../message/ndarray.ts";
import type { Channel } from "./channel.ts";
import { compressionFor, decompressText } from "./compressed.ts";

/** Says what the parts of arrays were, for whoever writes them again. */
export const SENT: WeakMap<NdArray<DType>, { readonly part: Uint8Array; readonly channel: Channel }> = new WeakMap();

/** Reads the value of a channel: a text, a number, or an array. */
export function readValue(channel: Channel, part: Uint8Array, maxBytes: number, place: string): unknown {
  const { type, shape, compression } = channel;
  if (type === "string") return named(place, () => utf8(decompressText(compression, part, maxBytes)));
  if (shape === undefined) return readSingle(type, channel, part, place);
  const array = readArray(type, shape, channel, part, maxBytes, place);
  SENT.set(array, { part, channel });
  return array;
}

function readArray(
  dtype: DType,
  shape: readonly number[],
  { compression, bigEndian }: Channel,
  part: Uint8Array,
  maxBytes: number,
  place: string,
): NdArray<DType> {
  const size = itemSize(dtype);
  const swapped = bigEndian && size > 1;
  if (compression === "none") {
    return claimedArray(swapped ? typeCode(dtype).replace("<", ">") : dtype, shape, part, place);
  }
  const takes = elements(shape) * size;
  const used = named(place, () => compressionFor(compression, part, takes, dtype));
  return compressedArray({ type: { dtype, bigEndian: swapped }, shape, compression: used, maxBytes }, part, place);
}

function readSingle(dtype: DType, { compression, bigEndian }: Channel, part: Uint8Array, place: string): unknown {
  const size = itemSize(dtype);
  const raw = named(place, () => {
    if (compression === "none") return part;
    return decompress(compressionFor(compression, part, size, dtype), part, size);
  });
  if (raw.length !== size) throw new RejectedError(`${place}: expected ${size} bytes, got ${raw.length}`);
  const [value] = viewBytes(dtype, bigEndian && size > 1 ? turnedRound(raw, size) : raw) as Iterable<number | bigint>;
  return dtype === "bool" ? value !== 0 : exact(value as number | bigint);
}

/** Reads a timestamp: seconds and nanoseconds. */
export function readTimestamp(part: Uint8Array, bigEndian: boolean, place: string): readonly (number | bigint)[] {
  if (part.length !== 16) throw new RejectedError(`${place}: expected 16 bytes, got ${part.length}`);
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  return [0, 8].map((at) => exact(view.getBigInt64(at, !bigEndian)));
}

function exact(value: number | bigint): number | bigint {
  if (typeof value === "number") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
