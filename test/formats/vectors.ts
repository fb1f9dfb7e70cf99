import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Codec, Decoded } from "../../src/message/codec.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { bytesOf, type DType, isNdArray, NdArray } from "../../src/message/ndarray.ts";

interface ExpectedArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly sha256: string;
  readonly first: readonly unknown[];
}

/** What a good vector must become. */
export interface Expected {
  readonly kind: "start" | "event" | "stop" | "control";
  readonly run: string | null;
  readonly sequence: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, ExpectedArray>>;
}

/** Is one wire message with what a reader must make of it; the layout is that of the JSON files. */
export interface Vector {
  readonly name: string;
  readonly frames: readonly Uint8Array[];
  readonly expect: Expected | { readonly rejected: true; readonly reason: string };
}

/** Reads the vectors of a format, in the order of their names. */
export function vectorsOf(format: string): readonly Vector[] {
  const folder = new URL(`../vectors/${format}/`, import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  expect(names.length, `vectors of ${format}`).toBeGreaterThan(0);
  return names.sort().map((name) => {
    const { frames, ...vector } = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Vector & {
      frames: string[];
    };
    return { ...vector, frames: frames.map(fromBase64) };
  });
}

/** Gives the vectors that must be decoded, with what is expected of them. */
export function goodVectors(format: string): readonly (Vector & { readonly expect: Expected })[] {
  return vectorsOf(format).filter((vector): vector is Vector & { expect: Expected } => "kind" in vector.expect);
}

/** Reads one wire message with a reader of its own; it must be one message. */
export function read(codec: Codec, frames: readonly Uint8Array[]): Decoded {
  const decoded = codec.reader(DEFAULT_LIMITS)(frames);
  expect(decoded).toHaveLength(1);
  return decoded[0] as Decoded;
}

/** Compares a decoded message with what a vector says; `payload` is the array that the mark stands for. */
export function expectDecoded({ message, sequence, control }: Decoded, expected: Expected): void {
  expect(control === true ? "control" : message.type).toBe(expected.kind);
  expect(sequence ?? null).toBe(expected.sequence);
  if (expected.run !== null) expect(message.run).toBe(expected.run);
  const payload = message.type === "event" ? message.payload : undefined;
  const seen = new Set<string>();
  const compare = (actual: unknown, wanted: unknown, path: string): void => {
    const name = isRecord(wanted) ? wanted["$array"] : undefined;
    if (typeof name === "string") {
      const isMark = isRecord(actual) && "$payload" in actual;
      expectArray(asArray(isMark ? payload : actual), expected.arrays[name] as ExpectedArray, path);
      seen.add(name);
    } else if (Array.isArray(wanted)) {
      expect(actual, path).toHaveLength(wanted.length);
      for (const [index, item] of wanted.entries()) compare((actual as unknown[])[index], item, `${path}[${index}]`);
    } else if (isRecord(wanted)) {
      expect(Object.keys(actual as object), path).toEqual(Object.keys(wanted));
      for (const [key, value] of Object.entries(wanted))
        compare((actual as typeof wanted)[key], value, `${path}.${key}`);
    } else expect(actual, path).toBe(wanted);
  };
  compare(message.type === "event" ? message.metadata : message.data, expected.metadata, message.type);
  const { data } = expected.arrays;
  if (data !== undefined && !seen.has("data")) expectArray(asArray(payload), data, "payload");
  else expect([...seen].sort()).toEqual(Object.keys(expected.arrays).sort());
}

function expectArray(array: NdArray<DType>, wanted: ExpectedArray, path: string): void {
  expect([array.dtype, array.shape], path).toEqual([wanted.dtype, wanted.shape]);
  expect(createHash("sha256").update(bytesOf(array)).digest("hex"), path).toBe(wanted.sha256);
  expect(Array.from(array.data as Iterable<unknown>).slice(0, 8), path).toEqual(wanted.first);
}

/** Takes bytes for an array of uint8. */
function asArray(value: unknown): NdArray<DType> {
  if (isNdArray(value)) return value;
  expect(value).toBeInstanceOf(Uint8Array);
  const bytes = value as Uint8Array;
  return new NdArray<DType>(bytes, [bytes.length], "uint8");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Gives bytes in memory of their own, so that a view of them can be told from a copy. */
function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
