import type { Codec } from "../../message/codec.ts";
import { checkOptions, type KaraboBridgeOptions } from "./karabo-options.ts";
import { karaboReader } from "./karabo-reader.ts";
import { karaboWriter } from "./karabo-writer.ts";

export type { KaraboBridgeOptions } from "./karabo-options.ts";

/** Two thousand maps and arrays, with two parts for each. */
const LIMITS = Object.freeze({ maxFrames: 4096 });

/** Makes the codec of the Karabo bridge: trains, in both versions of its protocol. */
export function karaboBridge(options: KaraboBridgeOptions = {}): Codec {
  checkOptions(options);
  const written = { source: "arroyojs", property: "image.data", version: undefined, ...options };
  return {
    name: "karabo-bridge",
    withoutStart: "make",
    limits: LIMITS,
    reader: (limits) => karaboReader(limits, options),
    writer: () => karaboWriter(written),
  };
}

/** Reads and writes the trains of the Karabo bridge. */
export const karaboBridgeCodec: Codec = karaboBridge();
