import type { Codec } from "../../message/codec.ts";
import { type StinsOptions, stinsOptions } from "./stins-options.ts";
import { stinsReader } from "./stins-reader.ts";
import { stinsWriter } from "./stins-writer.ts";

export type { StinsOptions } from "./stins-options.ts";

/** Makes the codec of STINS: JSON headers with one number for all messages, and the bytes of images. */
export function stins(options: StinsOptions = {}): Codec {
  const complete = stinsOptions(options);
  return { name: "stins", withoutStart: "make", reader: stinsReader, writer: () => stinsWriter(complete) };
}

/** Reads and writes STINS, images as they are in memory. */
export const stinsCodec: Codec = stins();
