import { countOf, type ElementKind, elementsOf } from "./image-elements.ts";
import type { FileImage } from "./map-file.ts";

const MAGIC = "\x93NUMPY";
/** A header is a short text. */
const MOST_HEADER = 65_536;

/** Reads an array that `numpy.save` wrote. */
export function npyImage(bytes: Uint8Array): FileImage {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (all.toString("latin1", 0, 6) !== MAGIC || all.length < 12) throw new Error("it is no .npy file");
  const version = all[6] as number;
  if (version < 1 || version > 3) throw new Error(`it is of version ${version} of .npy; 1 to 3 are known`);
  const begin = version === 1 ? 10 : 12;
  const length = version === 1 ? all.readUInt16LE(8) : all.readUInt32LE(8);
  if (length > MOST_HEADER || begin + length > all.length) throw new Error("its header is not complete");
  const header = all.toString("latin1", begin, begin + length);

  const [, order, kind, size] = /'descr': *'([<>|=])([a-z])(\d+)'/.exec(header) ?? [];
  if (order === undefined) throw new Error("its header names no type of plain numbers; save an array of one type");
  if (/'fortran_order': *True/.test(header)) {
    throw new Error("it goes column by column; save numpy.ascontiguousarray of it");
  }
  const shape = (/'shape': *\(([\d, ]*)\)/.exec(header)?.[1] ?? "").split(",").filter((one) => one.trim() !== "");
  const lengths = shape.map(Number);
  const count = countOf(lengths);
  // A bool is a byte of 0 or 1.
  const known = (kind === "b" ? "u" : kind) as ElementKind;
  return {
    shape: lengths,
    data: elementsOf(all.subarray(begin + length), known, Number(size), count, order !== ">"),
  };
}
