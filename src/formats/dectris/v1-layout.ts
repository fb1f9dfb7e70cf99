import type { Compression } from "../../compression/index.ts";
import { RejectedError } from "../../errors.ts";
import { AsReceived } from "../../message/documents/index.ts";
import { quoted } from "../../message/msgpack/path.ts";
import type { DType, NdArray } from "../../message/ndarray.ts";

/** The arrays of a header, in the order of their parts. */
export const HEADER_ARRAYS = ["flatfield", "pixelmask", "countrate_table"] as const;

/** Fields of content that are parts of a message; others travel in the appendix. */
export const START_PARTS: ReadonlySet<string> = new Set(["header", "config", ...HEADER_ARRAYS, "appendix"]);
export const EVENT_PARTS: ReadonlySet<string> = new Set(["header", "image", "times", "appendix"]);

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** How the payloads that were read are encoded. */
export const ENCODINGS: WeakMap<NdArray<DType>, string> = new WeakMap();

/** Says how an image is encoded. */
export interface Encoding {
  readonly compression: Compression | undefined;
  readonly bigEndian: boolean;
}

/** Reads an encoding: `<`, `lz4<`, `bs16-lz4<`. */
export function readEncoding(text: unknown): Encoding {
  if (text === undefined) throw new RejectedError("image.encoding: missing");
  const [, bits, lz4, order] = /^(?:bs(8|16|32|64)-)?(lz4)?([<>])$/.exec(typeof text === "string" ? text : "") ?? [];
  if (order === undefined || (bits !== undefined && lz4 === undefined)) {
    throw new RejectedError(
      `image.encoding: ${typeof text === "string" ? `${quoted(text)} is not supported` : "expected text"}`,
    );
  }
  const bigEndian = order === ">";
  if (lz4 === undefined) return { compression: undefined, bigEndian };
  if (bits === undefined) return { compression: { name: "lz4", framing: "any" }, bigEndian };
  const elementSize = (Number(bits) / 8) as 1 | 2 | 4 | 8;
  return { compression: { name: "bslz4", elementSize, framing: "framed" }, bigEndian };
}
