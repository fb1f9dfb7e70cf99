import { countOf, type ElementKind, elementsOf } from "./image-elements.ts";
import type { FileImage } from "./map-file.ts";

/** Headers come in blocks of 512 bytes; a few are usual. */
const MOST_HEADER = 1_048_576;
const TYPES: Readonly<Record<string, readonly [ElementKind, number]>> = {
  signedbyte: ["i", 1],
  unsignedbyte: ["u", 1],
  signedshort: ["i", 2],
  unsignedshort: ["u", 2],
  signedinteger: ["i", 4],
  unsignedinteger: ["u", 4],
  signedlong: ["i", 4],
  unsignedlong: ["u", 4],
  signed64: ["i", 8],
  unsigned64: ["u", 8],
  float: ["f", 4],
  floatvalue: ["f", 4],
  real: ["f", 4],
  double: ["f", 8],
  doublevalue: ["f", 8],
};

/** Reads the first image of an EDF file, as pyFAI and fabio write masks and darks. */
export function edfImage(bytes: Uint8Array): FileImage {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (all[0] !== 0x7b) throw new Error("it is no .edf file: it does not begin with {");
  const end = all.subarray(0, MOST_HEADER).indexOf("}\n");
  if (end < 0) throw new Error("its header does not end");
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of all.toString("latin1", 1, end).matchAll(/([^=;{}]+)=([^;]*);/g)) {
    fields.set(name.trim().toLowerCase(), value.trim());
  }
  const compression = fields.get("compression") ?? "None";
  if (compression.toLowerCase() !== "none") throw new Error(`it is compressed (${compression}); save it as it is`);
  const named = fields.get("datatype") ?? "";
  const type = TYPES[named.toLowerCase()];
  if (type === undefined) throw new Error(`its DataType is ${named === "" ? "missing" : named}, which is not known`);
  const shape = [Number(fields.get("dim_2")), Number(fields.get("dim_1"))];
  const isLittle = (fields.get("byteorder") ?? "LowByteFirst").toLowerCase() === "lowbytefirst";
  return { shape, data: elementsOf(all.subarray(end + 2), ...type, countOf(shape), isLittle) };
}
