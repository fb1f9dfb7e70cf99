import { RejectedError } from "../../../errors.ts";
import { viewBytes } from "../../../message/ndarray.ts";
import { MESSAGE } from "../format/message-types.ts";
import { ByteReader } from "./byte-reader.ts";
import { readSpace } from "./dataspace.ts";
import { readType, type StoredType } from "./datatype.ts";
import type { HeapTexts } from "./heap-texts.ts";
import type { StoredMessage } from "./object-header.ts";

/** Is a value that stands alone, or one of a short list. */
export type StoredValue = number | bigint | boolean | string | readonly (number | bigint | boolean | string)[];

type Single = number | bigint | boolean | string;

const MAX_ELEMENTS = 1_000;

/** Reads the attributes of an object that are simple: numbers, truth values, texts. */
export async function readAttributes(object: {
  readonly messages: readonly StoredMessage[];
  readonly texts: HeapTexts;
}): Promise<ReadonlyMap<string, StoredValue>> {
  const found = new Map<string, StoredValue>();
  for (const { type, body } of object.messages) {
    if (type !== MESSAGE.attribute) continue;
    const reader = new ByteReader(body);
    const version = reader.version("an attribute", [1, 2, 3]);
    const isShared = reader.u8() !== 0 && version > 1;
    const [nameBytes, typeBytes, spaceBytes] = [reader.u16(), reader.u16(), reader.u16()];
    if (version === 3) reader.skip(1);
    const padded = (bytes: number): number => (version === 1 ? Math.ceil(bytes / 8) * 8 : bytes);
    const name = new ByteReader(reader.bytes(padded(nameBytes))).name();
    if (isShared) continue;
    const elementType = readType(reader.bytes(padded(typeBytes)));
    const space = readSpace(reader.bytes(padded(spaceBytes)));
    if (space === undefined) continue;
    const value = await storedValue(elementType, space.shape, reader.bytes(reader.left), object.texts);
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

/** Makes a value of the bytes of its elements; undefined for what is not simple, or no short list. */
export async function storedValue(
  type: StoredType,
  shape: readonly number[],
  content: Uint8Array,
  texts: HeapTexts,
): Promise<StoredValue | undefined> {
  const count = shape.reduce((product, length) => product * length, 1);
  if (type.kind === "other" || count > MAX_ELEMENTS || shape.length > 1) return undefined;
  if (content.length < count * type.bytes) throw new RejectedError("hdf5: a value ends early; the file is damaged");
  const values: Single[] = [];
  for (let index = 0; index < count; index += 1) {
    values.push(await single(type, content.subarray(index * type.bytes, (index + 1) * type.bytes), texts));
  }
  return shape.length === 0 ? values[0] : values;
}

async function single(
  type: Exclude<StoredType, { kind: "other" }>,
  element: Uint8Array,
  texts: HeapTexts,
): Promise<Single> {
  if (type.kind === "text") return texts.text(element);
  if (type.kind === "fixed-text") return Buffer.from(element).toString("utf8").replace(/\0.*$/su, "");
  const own = type.bigEndian ? Uint8Array.from(element).reverse() : Uint8Array.from(element);
  const [value = 0] = viewBytes(type.dtype, own);
  if (type.dtype === "bool") return value !== 0;
  // A count that numbers hold is easier as one.
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
