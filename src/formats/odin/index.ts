import type { Codec } from "../../message/codec.ts";
import { type OdinOptions, odinOptions } from "./odin-options.ts";
import { odinReader } from "./odin-reader.ts";
import { odinWriter } from "./odin-writer.ts";

export type { OdinOptions } from "./odin-options.ts";

/** Makes the codec of the live view of odin-data: a header in JSON and an image. */
export function odin(options: OdinOptions = {}): Codec {
  const complete = odinOptions(options);
  return { name: "odin", withoutStart: "make", reader: odinReader, writer: () => odinWriter(complete) };
}

/** Reads and writes the live view of odin-data, images as they are in memory. */
export const odinCodec: Codec = odin();
