import { RejectedError } from "../../errors.ts";
import type { BinaryKeyed, Packer } from "../msgpack/index.ts";
import { bytesOf, type DType, type NdArray } from "../ndarray.ts";
import { claimedArray } from "./claimed-array.ts";
import { typeCode } from "./element-type.ts";

const KEYS: ReadonlySet<string> = new Set(["nd", "type", "kind", "shape", "data"]);

const NO_KIND = new Uint8Array(0);

/** Says why a pickle is not read, and what to do. */
export const PICKLE = "the publisher uses pickle; configure JSON or msgpack";

/** Reads what msgpack-numpy writes: an array, or the number for which a numpy scalar stands. */
export function readNumpy(map: BinaryKeyed, place: string): NdArray<DType> | number | bigint | boolean {
  const { entries } = map;
  const nd = entries.get("nd");
  if (entries.has("complex")) throw new RejectedError(`${place}: complex numbers are not supported`);
  if (typeof nd !== "boolean") {
    throw new RejectedError(`${place}: a map whose keys are bytes is read only where it is an array of msgpack-numpy`);
  }
  for (const key of entries.keys()) {
    if (!KEYS.has(key)) throw new RejectedError(`${place}: an array of msgpack-numpy has keys that are not its own`);
  }
  checkKind(entries.get("kind"), place);
  const data = entries.get("data");
  if (!(data instanceof Uint8Array)) throw new RejectedError(`${place}.data: expected bytes`);
  const type = entries.get("type");
  if (Array.isArray(type)) throw new RejectedError(`${place}.type: records are not supported`);
  if (nd) return claimedArray(type, entries.get("shape"), data, place);
  return scalar(claimedArray(type, [], data, place));
}

function checkKind(kind: unknown, place: string): void {
  if (kind === undefined || kind === null) return;
  const name = kind instanceof Uint8Array ? Buffer.from(kind).toString("latin1") : kind;
  if (name === "") return;
  if (name === "O") throw new RejectedError(`${place}: objects are a pickle; ${PICKLE}`);
  throw new RejectedError(`${place}.kind: ${name === "V" ? "records are" : "this kind is"} not supported`);
}

function scalar(array: NdArray<DType>): number | bigint | boolean {
  const [value] = array.data as ArrayLike<number | bigint> & Iterable<number | bigint>;
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (array.dtype === "float16") return fromHalf(value as number);
  return array.dtype === "bool" ? value !== 0 : (value as number);
}

/** Gives the number that the bits of a float16 stand for. */
function fromHalf(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Writes an array as msgpack-numpy does, with keys that are bytes. */
export function writeNumpy(packer: Packer, array: NdArray<DType>): void {
  packer.mapHeader(5);
  packer.binKey("nd");
  packer.value(true, "nd");
  packer.binKey("type");
  packer.string(typeCode(array.dtype));
  packer.binKey("kind");
  packer.bin(NO_KIND);
  packer.binKey("shape");
  packer.arrayHeader(array.shape.length);
  for (const length of array.shape) packer.uint(length);
  packer.binKey("data");
  packer.bin(bytesOf(array));
}
