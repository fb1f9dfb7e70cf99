import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jsonCodec } from "../../message/json-codec.ts";
import { bytesOf, type DType, type NdArray } from "../../message/ndarray.ts";
import type { Shown } from "./observer.ts";
import { arrayOf } from "./shown-message.ts";

/** The names that NumPy has for element types. */
const DESCR: Readonly<Record<DType, string>> = {
  bool: "|b1",
  int8: "|i1",
  uint8: "|u1",
  int16: "<i2",
  uint16: "<u2",
  int32: "<i4",
  uint32: "<u4",
  int64: "<i8",
  uint64: "<u8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
};
const MOST_FILES = 100_000;

/** Writes a message to files that do not exist yet: JSON, which `arroyo send` takes, and its array for NumPy. */
export async function saveMessage(message: Shown, folder: string): Promise<readonly string[]> {
  const json = jsonCodec.writer()(message as never)[0]?.[0] as Uint8Array;
  const array = arrayOf(message);
  for (let number = 1; number < MOST_FILES; number += 1) {
    const name = `look-${String(number).padStart(4, "0")}`;
    try {
      await writeFile(join(folder, `${name}.json`), [json, "\n"], { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw error;
    }
    if (array === undefined) return [`${name}.json`];
    await writeFile(join(folder, `${name}.npy`), [npyHeader(array), bytesOf(array)]);
    return [`${name}.json`, `${name}.npy`];
  }
  throw new Error(`${folder}: holds ${MOST_FILES} saved messages already; move them away`);
}

/** Makes the header of a file in the format NPY, version 1.0. */
function npyHeader({ dtype, shape }: NdArray<DType>): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${DESCR[dtype]}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 0xff, length >> 8]);
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`)]);
}
