import { restoredArray, type Stored, storedAs } from "../../message/documents/compressed-array.ts";
import type { Payload } from "../../message/message.ts";
import { bytesOf, type DType, encodedBytes, isNdArray, lazyArray } from "../../message/ndarray.ts";

/** Describes an array whose bytes travel beside it. */
export interface ArrayForm {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** How the bytes are compressed; the other thread decompresses them when it needs them. */
  readonly stored?: Stored;
}

/** Is bytes, and what array they are of. */
export interface Described {
  readonly bytes: Uint8Array;
  readonly array: ArrayForm | undefined;
}

/** Takes a payload apart; nothing is copied, and what is compressed stays so. */
export function described(payload: Payload): Described {
  if (!isNdArray(payload)) return { bytes: payload, array: undefined };
  const { dtype, shape } = payload;
  const stored = storedAs(payload);
  const encoded = stored === undefined ? undefined : encodedBytes(payload);
  if (stored !== undefined && encoded !== undefined) return { bytes: encoded, array: { dtype, shape, stored } };
  return { bytes: bytesOf(payload), array: { dtype, shape } };
}

/** Puts a payload together again; nothing is copied. */
export function payloadOf(bytes: Uint8Array, array: ArrayForm | undefined): Payload {
  if (array === undefined) return bytes;
  const { dtype, shape, stored } = array;
  return stored === undefined ? lazyArray(dtype, shape, bytes) : restoredArray(dtype, shape, bytes, stored);
}
