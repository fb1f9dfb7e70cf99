import type { Codec } from "../../message/codec.ts";
import { type DectrisOptions, type DectrisV1Options, dectrisOptions } from "./dectris-options.ts";
import { v1Reader } from "./v1-reader.ts";
import { v1Writer } from "./v1-writer.ts";
import { v2Reader } from "./v2-reader.ts";
import { v2Writer } from "./v2-writer.ts";

export type { DectrisOptions, DectrisV1Options } from "./dectris-options.ts";

/** Makes the codec of the stream interface of DECTRIS detectors, version 1: JSON and arrays in several parts. */
export function dectrisV1(options: DectrisV1Options = {}): Codec {
  const complete = dectrisOptions("dectrisV1", options, ["appendix"]);
  return {
    name: "dectris-v1",
    withoutStart: "make",
    reader: (limits) => v1Reader(limits, complete),
    writer: () => v1Writer(complete),
  };
}

/** Makes the codec of the stream interface of DECTRIS detectors, version 2: one CBOR map. */
export function dectrisV2(options: DectrisOptions = {}): Codec {
  const complete = dectrisOptions("dectrisV2", options);
  return {
    name: "dectris-v2",
    withoutStart: "make",
    reader: (limits) => v2Reader(limits, complete),
    writer: () => v2Writer(complete),
  };
}

/** Reads and writes stream V1 of DECTRIS detectors. */
export const dectrisV1Codec: Codec = dectrisV1();

/** Reads and writes stream V2 of DECTRIS detectors. */
export const dectrisV2Codec: Codec = dectrisV2();
