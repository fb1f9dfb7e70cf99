import type { Compression } from "../../compression/index.ts";
import { RejectedError } from "../../errors.ts";
import { AsReceived } from "../../message/documents/index.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { type DType, itemSize, type NdArray } from "../../message/ndarray.ts";

/** Element types by the names that this format has for them. */
export const TYPES: Readonly<Record<string, DType>> = {
  uint8: "uint8",
  uint16: "uint16",
  uint32: "uint32",
  uint64: "uint64",
  float: "float32",
};

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** How the payloads that were read are compressed, as their headers say it. */
export const COMPRESSIONS: WeakMap<NdArray<DType>, string> = new WeakMap();

/** Reads the name of a compression, in any case; undefined for none. */
export function compressionOf(name: unknown, dtype: DType): Compression | undefined {
  const known = typeof name === "string" ? name.toLowerCase() : undefined;
  if (known === "none") return undefined;
  if (known === "lz4") return { name: "lz4", framing: "any" };
  if (known === "bslz4") return { name: "bslz4", elementSize: itemSize(dtype) as 1 | 2 | 4 | 8, framing: "framed" };
  throw new RejectedError(
    `header.compression: ${typeof name === "string" ? `${quoted(name)} is not supported` : "expected text"}`,
  );
}
