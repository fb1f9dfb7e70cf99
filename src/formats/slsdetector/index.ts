import type { Codec } from "../../message/codec.ts";
import { checkOptions, type SlsDetectorOptions } from "./slsdetector-options.ts";
import { slsDetectorReader } from "./slsdetector-reader.ts";
import { slsDetectorWriter } from "./slsdetector-writer.ts";

export type { SlsDetectorOptions } from "./slsdetector-options.ts";

/** Makes the codec of the receivers of SLS detectors: a header in JSON and the image of one port. */
export function slsDetector(options: SlsDetectorOptions = {}): Codec {
  checkOptions(options);
  return {
    name: "slsdetector",
    withoutStart: "make",
    reader: (limits) => slsDetectorReader(limits, options),
    writer: slsDetectorWriter,
  };
}

/** Reads and writes the streams of the receivers of SLS detectors. */
export const slsDetectorCodec: Codec = slsDetector();
