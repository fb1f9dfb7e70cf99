import { UsageError } from "../../errors.ts";
import type { Payload } from "../../message/message.ts";
import { isNdArray } from "../../message/ndarray.ts";
import { type ArrayForm, described, payloadOf } from "./array-form.ts";

type Path = readonly (string | number)[];

/** Is a value as it goes to another thread. */
export interface ValueForm {
  readonly value: unknown;
  /** Where bytes stand for arrays, and for which. */
  readonly arrays?: readonly (readonly [Path, ArrayForm])[];
}

const MAX_DEPTH = 64;

/**
 * Makes a value fit to be cloned: arrays become bytes, and views lose the larger buffer behind them, which would be
 * cloned with them. A value without any of these stays as it is. What cannot be cloned is refused when it is posted.
 */
export function valueForm(value: unknown): ValueForm {
  const arrays: (readonly [Path, ArrayForm])[] = [];
  const fit = fitting(value, [], arrays);
  return arrays.length === 0 ? { value: fit } : { value: fit, arrays };
}

/** Gives the value back that a form was made of. */
export function valueFrom({ value, arrays }: ValueForm): unknown {
  if (arrays === undefined) return value;
  let whole = value;
  for (const [path, array] of arrays) whole = replaced(whole, path, array);
  return whole;
}

function fitting(value: unknown, path: (string | number)[], arrays: (readonly [Path, ArrayForm])[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (path.length > MAX_DEPTH) {
    throw new UsageError(`parallel: ${path.slice(0, 3).join(".")}... is nested deeper than ${MAX_DEPTH}; flatten it`);
  }
  if (isNdArray(value)) {
    const { bytes, array } = described(value as Payload);
    if (array !== undefined) arrays.push([[...path], array]);
    return new Uint8Array(bytes);
  }
  if (ArrayBuffer.isView(value)) return owning(value);
  const entries = Array.isArray(value) ? value.entries() : isPlain(value) ? Object.entries(value) : undefined;
  if (entries === undefined) return value;
  const changed: [string | number, unknown][] = [];
  for (const [key, one] of entries) {
    if (typeof one !== "object" || one === null) continue;
    path.push(key);
    const fit = fitting(one, path, arrays);
    path.pop();
    if (fit !== one) changed.push([key, fit]);
  }
  if (changed.length === 0) return value;
  if (Array.isArray(value)) return Object.assign([...(value as unknown[])], Object.fromEntries(changed));
  return Object.fromEntries([...Object.entries(value), ...changed]);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function owning(view: ArrayBufferView): ArrayBufferView {
  const plain = view.buffer instanceof ArrayBuffer && view.buffer.byteLength === view.byteLength;
  if (plain || view instanceof DataView) return view;
  return Buffer.isBuffer(view) ? new Uint8Array(view) : (view as Uint8Array).slice();
}

function replaced(value: unknown, path: Path, array: ArrayForm): unknown {
  if (path.length === 0) return payloadOf(value as Uint8Array, array);
  let holder = value as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
  const last = path.at(-1) as string | number;
  const payload = payloadOf(holder[last] as Uint8Array, array);
  Object.defineProperty(holder, last, { value: payload, configurable: true, enumerable: true, writable: true });
  return value;
}
