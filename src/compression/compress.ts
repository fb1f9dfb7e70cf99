import { encodeBslz4 } from "./bslz4.ts";
import { encodeBszstd } from "./bszstd.ts";
import { kernels } from "./chosen-kernels.ts";
import type { Compression } from "./compression.ts";
import type { Kernels } from "./kernels.ts";
import { encodeLz4 } from "./lz4.ts";

/** Compresses bytes; `either` and `any`, which are for readers, become `framed`. */
export function compress(compression: Compression, raw: Uint8Array, using: Kernels = kernels()): Uint8Array {
  if (compression.name === "bszstd") return encodeBszstd(raw, compression.elementSize, using);
  if (compression.name === "bslz4") {
    return encodeBslz4(raw, compression.elementSize, compression.framing !== "headerless", using);
  }
  return encodeLz4(raw, compression.framing === "any" ? "framed" : compression.framing, using);
}
