import type { Codec } from "../../message/codec.ts";
import { arroyoxpsReader } from "./arroyoxps-reader.ts";
import { arroyoxpsWriter } from "./arroyoxps-writer.ts";

/** Reads and writes what the LabVIEW side of ArroyoXPS sends: JSON, and each frame as a message of its own. */
export const arroyoxpsCodec: Codec = {
  name: "arroyoxps",
  withoutStart: "make",
  reader: arroyoxpsReader,
  writer: arroyoxpsWriter,
};
