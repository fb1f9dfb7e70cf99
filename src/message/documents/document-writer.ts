import { UsageError } from "../../errors.ts";
import type { Payload } from "../message.ts";
import { MAX_DEPTH, Packer } from "../msgpack/index.ts";
import { isRefusedKey } from "../msgpack/refused-keys.ts";
import { bytesOf, type DType, isNdArray, NdArray } from "../ndarray.ts";
import { writeArrayMap } from "./array-map.ts";
import { writeNumpy } from "./msgpack-numpy.ts";
import { type ArrayForm, markedForm } from "./payload-mark.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Writes documents as MessagePack maps, one after the other; arrays in them take the form that was chosen. */
export class DocumentWriter {
  readonly #form: ArrayForm;
  readonly #packer = new Packer();
  #payload: Payload | undefined;

  constructor(form: ArrayForm) {
    this.#form = form;
  }

  /** Writes a map; a mark in it is replaced by the payload, whose bytes are copied once. */
  write(fields: Fields, name: string, payload?: Payload): Uint8Array {
    this.#payload = payload;
    this.#packer.reset();
    this.#value(fields, name, 0);
    this.#payload = undefined;
    return this.#packer.finish();
  }

  #value(value: unknown, path: string, depth: number): void {
    if (!holdsArray(value, depth)) {
      this.#packer.value(value, path, depth);
      return;
    }
    const form = markedForm(value);
    if (form !== undefined) this.#putPayload(form, path);
    else if (isNdArray(value)) this.#array(value, this.#form);
    else if (Array.isArray(value)) this.#list(value, path, depth);
    else this.#map(value as Fields, path, depth);
  }

  #putPayload(form: ArrayForm, path: string): void {
    if (this.#payload === undefined) {
      throw new UsageError(
        `${path}: the payload was to stand here, but it stands elsewhere already; leave one mark only`,
      );
    }
    this.#array(arrayOf(this.#payload), form);
    this.#payload = undefined;
  }

  #array(array: NdArray<DType>, form: ArrayForm): void {
    if (form === "map") writeArrayMap(this.#packer, array);
    else if (form === "msgpack-numpy") writeNumpy(this.#packer, array);
    else this.#packer.bin(bytesOf(array));
  }

  #list(list: readonly unknown[], path: string, depth: number): void {
    this.#packer.arrayHeader(list.length);
    for (const [index, item] of list.entries()) this.#value(item, `${path}[${index}]`, depth + 1);
  }

  #map(map: Fields, path: string, depth: number): void {
    const keys = Object.keys(map).filter((key) => map[key] !== undefined);
    this.#packer.mapHeader(keys.length);
    for (const key of keys) {
      const place = `${path}.${key}`;
      if (isRefusedKey(key)) throw new UsageError(`${place}: a key of this name is refused; use another name`);
      this.#packer.string(key, place);
      this.#value(map[key], place, depth + 1);
    }
  }
}

/** Tells whether a mark stands anywhere in a value, so that the payload has its place. */
export function holdsMark(value: unknown, depth = 0): boolean {
  return holds(value, depth, (item) => markedForm(item) !== undefined);
}

/** Gives a payload as an array; bytes are one of uint8. */
export function arrayOf(payload: Payload): NdArray<DType> {
  return isNdArray(payload) ? payload : new NdArray<DType>(payload, [payload.length], "uint8");
}

function holdsArray(value: unknown, depth: number): boolean {
  return holds(value, depth, (item) => isNdArray(item) || markedForm(item) !== undefined);
}

/** Looks only where an array can be: in lists and plain objects, as deep as may be written. */
function holds(value: unknown, depth: number, wanted: (item: object) => boolean): boolean {
  if (typeof value !== "object" || value === null || depth >= MAX_DEPTH || value instanceof Uint8Array) return false;
  if (wanted(value)) return true;
  const items = Array.isArray(value) ? value : Object.values(value);
  return items.some((item) => holds(item, depth + 1, wanted));
}
