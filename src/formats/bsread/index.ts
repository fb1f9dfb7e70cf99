import type { Codec } from "../../message/codec.ts";
import { type BsreadOptions, checkOptions } from "./bsread-options.ts";
import { bsreadReader } from "./bsread-reader.ts";
import { bsreadWriter } from "./bsread-writer.ts";

export type { BsreadOptions } from "./bsread-options.ts";

/** Two thousand channels, with two parts for each. */
const LIMITS = Object.freeze({ maxFrames: 4096 });

/** Makes the codec of bsread: the channels of a pulse. */
export function bsread(options: BsreadOptions = {}): Codec {
  checkOptions(options);
  const { channel = "image", compression = "none", now = Date.now } = options;
  return {
    name: "bsread",
    withoutStart: "make",
    limits: LIMITS,
    reader: (limits) => bsreadReader(limits, options),
    writer: () => bsreadWriter({ channel, compression, now }),
  };
}

/** Reads and writes bsread. */
export const bsreadCodec: Codec = bsread();
