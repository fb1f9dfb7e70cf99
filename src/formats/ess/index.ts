import type { Codec } from "../../message/codec.ts";
import { type EssOptions, essOptions } from "./ess-options.ts";
import { essReader } from "./ess-reader.ts";
import { essWriter } from "./ess-writer.ts";

export type { EssOptions } from "./ess-options.ts";

/** Makes the codec of the FlatBuffers that travel over Kafka at the European Spallation Source. */
export function ess(options: EssOptions = {}): Codec {
  const complete = essOptions(options);
  return {
    name: "ess",
    withoutStart: "make",
    reader: (limits) => essReader(limits, complete),
    writer: () => essWriter(complete),
  };
}

/** Reads and writes ev44, f144, ad00, da00, pl72, 6s4t and x5f2; other schemas pass as they are. */
export const essCodec: Codec = ess();
