import { RejectedError } from "../../errors.ts";
import type { Limits } from "../limits.ts";
import { BinaryKeyed, decode } from "../msgpack/index.ts";
import { pathOf } from "../msgpack/path.ts";
import { type DType, isNdArray, type NdArray } from "../ndarray.ts";
import { isArrayMap, readArrayMap } from "./array-map.ts";
import { PICKLE, readNumpy } from "./msgpack-numpy.ts";
import { type ArrayForm, markedForm, payloadMark } from "./payload-mark.ts";
import { checkStructure } from "./structure.ts";

/** Is a map of names and values, as a format sends it. */
export type Document = Record<string, unknown>;

/** Says where an array was found, and in which form. */
export interface FoundArray {
  readonly array: NdArray<DType>;
  readonly form: ArrayForm;
  /** Keys and indices from the document to the array, joined with `/`. */
  readonly path: string;
  /** Puts something in the place of the array. */
  readonly replace: (other: unknown) => void;
}

/** Refuses a pickle, by its first two bytes, with what to do. */
export function refusePickle(bytes: Uint8Array): void {
  const protocol = bytes[1] as number;
  if (bytes[0] === 0x80 && protocol >= 2 && protocol <= 5) throw new RejectedError(PICKLE);
}

/** Reads one MessagePack map; byte arrays are views, maps with bytes as keys are kept apart for `arraysOf`. */
export function readDocument(bytes: Uint8Array, limits: Limits): Document {
  if (bytes.length === 0) throw new RejectedError("the message is empty");
  refusePickle(bytes);
  checkStructure(bytes, limits);
  const value = decode(bytes, 0, bytes.length, { maxDepth: limits.maxDepth, binaryKeys: true });
  if (typeof value !== "object" || value === null || Array.isArray(value) || isLeaf(value)) {
    throw new RejectedError("the message is not a map");
  }
  return value as Document;
}

/** Turns all arrays of a document into NdArrays, in both forms, and says where they stand, in the document's order. */
export function arraysOf(document: Document): readonly FoundArray[] {
  const found: FoundArray[] = [];
  visitMap(document, [], found);
  return found;
}

/** Makes one of the arrays the payload: in the document its mark takes its place. */
export function takePayload(found: FoundArray): NdArray<DType> {
  found.replace(payloadMark(found.form));
  return found.array;
}

type Path = (string | number)[];
type Holder = Record<string | number, unknown>;

function visitMap(map: Document, path: Path, found: FoundArray[]): void {
  for (const key of Object.keys(map)) visit(map, key, path, found);
}

function visit(holder: Holder, key: string | number, path: Path, found: FoundArray[]): void {
  const value = holder[key];
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  path.push(key);
  if (value instanceof BinaryKeyed) {
    put(holder, key, readNumpy(value, pathOf(path)), "msgpack-numpy", path, found);
  } else if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) visit(value as unknown as Holder, index, path, found);
  } else if (isArrayMap(value as Document)) {
    put(holder, key, readArrayMap(value as Document, pathOf(path)), "map", path, found);
  } else if (markedForm(value) !== undefined) {
    throw new RejectedError(`${pathOf(path)}: { $payload } is a mark of arroyojs, which no message carries`);
  } else visitMap(value as Document, path, found);
  path.pop();
}

function put(holder: Holder, key: string | number, value: unknown, form: ArrayForm, path: Path, found: FoundArray[]) {
  holder[key] = value;
  if (!isNdArray(value)) return;
  found.push({
    array: value,
    form,
    path: path.join("/"),
    replace: (other) => {
      holder[key] = other;
    },
  });
}

function isLeaf(value: object): boolean {
  return value instanceof Uint8Array || value instanceof BinaryKeyed;
}
