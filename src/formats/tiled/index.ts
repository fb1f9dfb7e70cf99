import type { Codec } from "../../message/codec.ts";
import { tiledReader } from "./tiled-reader.ts";
import { tiledWriter } from "./tiled-writer.ts";

/** In an envelope of JSON all is structure, also the numbers of an array. */
const LIMITS = Object.freeze({ maxHeaderBytes: 16 * 1024 * 1024 });

/** Reads and writes what a Tiled server streams about one node: both of its envelopes, written as MessagePack. */
export const tiledCodec: Codec = {
  name: "tiled",
  withoutStart: "make",
  limits: LIMITS,
  reader: tiledReader,
  writer: tiledWriter,
};
