import { countOf, type ElementKind, elementsOf } from "./image-elements.ts";
import type { FileImage } from "./map-file.ts";

const WIDTH = 256;
const HEIGHT = 257;
const BITS = 258;
const COMPRESSION = 259;
const STRIPS = 273;
const SAMPLES = 277;
const STRIP_BYTES = 279;
const TILES = 322;
const FORMAT = 339;
const KNOWN: ReadonlySet<number> = new Set([
  WIDTH,
  HEIGHT,
  BITS,
  COMPRESSION,
  STRIPS,
  SAMPLES,
  STRIP_BYTES,
  TILES,
  FORMAT,
]);
/** Bytes of a value of each type that these fields have: 3 is a short, 4 a long. */
const SIZES: Readonly<Record<number, number>> = { 3: 2, 4: 4 };
const MOST_VALUES = 1_048_576;

/** Reads the first image of a TIFF file: one number for each pixel, not compressed, in strips. */
export function tiffImage(bytes: Uint8Array): FileImage {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const mark = all.toString("latin1", 0, 2);
  if (all.length < 8 || (mark !== "II" && mark !== "MM")) throw new Error("it is no .tif file");
  const isLittle = mark === "II";
  const short = (at: number): number => within(all, at, 2) && (isLittle ? all.readUInt16LE(at) : all.readUInt16BE(at));
  const long = (at: number): number => within(all, at, 4) && (isLittle ? all.readUInt32LE(at) : all.readUInt32BE(at));
  if (short(2) !== 42) throw new Error("it is no plain .tif file (a BigTIFF perhaps)");

  const fields = new Map<number, number[]>();
  const directory = long(4);
  for (let entry = 0; entry < short(directory); entry += 1) {
    const at = directory + 2 + 12 * entry;
    const tag = short(at);
    const size = SIZES[short(at + 2)];
    const count = long(at + 4);
    if (!KNOWN.has(tag) || fields.has(tag) || size === undefined || count > MOST_VALUES) continue;
    const from = count * size <= 4 ? at + 8 : long(at + 8);
    const values = Array.from({ length: count }, (_, index) => (size === 2 ? short : long)(from + index * size));
    fields.set(tag, values);
  }
  const first = (tag: number, absent?: number): number => {
    const value = fields.get(tag)?.[0] ?? absent;
    if (value === undefined) throw new Error(`its field ${tag} is missing`);
    return value;
  };
  if (fields.has(TILES)) throw new Error("it is in tiles; save it in strips");
  if (first(COMPRESSION, 1) !== 1) throw new Error(`it is compressed (${first(COMPRESSION)}); save it as it is`);
  if (first(SAMPLES, 1) !== 1) throw new Error(`it has ${first(SAMPLES)} numbers for each pixel; save it in grey`);
  const shape = [first(HEIGHT), first(WIDTH)];
  const count = countOf(shape);
  const kind = (["u", "u", "i", "f"] as const)[first(FORMAT, 1)] as ElementKind | undefined;
  const bits = first(BITS, 1);
  if (kind === undefined || bits % 8 !== 0) throw new Error(`its pixels of ${bits} bits are not known`);

  const lengths = fields.get(STRIP_BYTES) ?? [];
  const strips = (fields.get(STRIPS) ?? []).map((at, index) => all.subarray(at, at + (lengths[index] ?? 0)));
  return { shape, data: elementsOf(Buffer.concat(strips), kind, bits / 8, count, isLittle) };
}

/** Throws an Error where so many bytes are not there. */
function within(all: Buffer, at: number, bytes: number): true {
  if (at + bytes > all.length) throw new Error("it ends too early");
  return true;
}
