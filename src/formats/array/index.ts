import type { Codec } from "../../message/codec.ts";
import { arrayReader } from "./array-reader.ts";
import { arrayWriter } from "./array-writer.ts";

/** Reads and writes `array-1.0`: a header in JSON and the bytes of an array. */
export const arrayCodec: Codec = {
  name: "array-1.0",
  withoutStart: "make",
  reader: arrayReader,
  writer: arrayWriter,
};
