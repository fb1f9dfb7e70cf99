import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { text, UsageError } from "../errors.ts";
import { edfImage } from "./edf-image.ts";
import { npyImage } from "./npy-image.ts";
import { tiffImage } from "./tiff-image.ts";

/** Is an image of a file: one number for each pixel, row by row. */
export interface FileImage {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

/** Reads the bytes of a file; throws an Error that says what is wrong with them. */
type ReadImage = (bytes: Uint8Array) => FileImage;

const READERS: Readonly<Record<string, ReadImage>> = {
  ".npy": npyImage,
  ".edf": edfImage,
  ".tif": tiffImage,
  ".tiff": tiffImage,
};
/** More than any detector has, and what Node reads at once. */
const MOST_BYTES = 1024 * 1024 * 1024;

/** Gives the options with every map among these names read that is the path of a file. */
export async function withMapFiles<T extends object>(
  subject: string,
  options: T,
  names: readonly (keyof T & string)[],
): Promise<T> {
  const read: Partial<Record<string, FileImage>> = {};
  for (const name of names) {
    const map = options[name];
    if (typeof map === "string") read[name] = await readMap(`${subject}: ${name}`, map);
  }
  return { ...options, ...read };
}

async function readMap(subject: string, path: string): Promise<FileImage> {
  const read = READERS[extname(path).toLowerCase()];
  if (read === undefined) {
    throw new UsageError(`${subject}: ${path}: expected a file of the kind ${Object.keys(READERS).join(", ")}`);
  }
  let bytes: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, at most ${MOST_BYTES} are read`);
    bytes = await readFile(path);
  } catch (cause) {
    throw new UsageError(
      `${subject}: ${path}: cannot be read (${text(cause)}); give the path of a file with one image`,
      {
        cause,
      },
    );
  }
  try {
    return read(bytes);
  } catch (cause) {
    throw new UsageError(`${subject}: ${path}: ${text(cause)}`, { cause });
  }
}
