import { describe, expect, test } from "vitest";
import { exactJson } from "../../../src/message/json/exact-json.ts";
import { readJson } from "../../../src/message/json/json-reader.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { randomDocument } from "../../corpus/random-documents.ts";
import { SEED, Seeded } from "../../corpus/seeded.ts";

const written = (value: unknown): string => Buffer.from(exactJson(value, "part")).toString();
const again = (value: unknown): unknown => readJson(exactJson(value, "part"), { maxDepth: 64, tags: false });

describe("exact JSON", () => {
  test("is what JSON.stringify writes, where that is exact", () => {
    const value = { a: [1, -2.5, "é\u2028\n", null, true], "b c": {}, d: undefined, e: [undefined], f: 1e-7 };
    expect(written(value)).toBe(JSON.stringify(value));
    expect(written(undefined)).toBe("null");
  });

  test("numbers that JSON.stringify loses are themselves when read", () => {
    const numbers = [2n ** 64n, -(2n ** 53n), Number.NaN, Infinity, -Infinity, -0, 2 ** 60, 1e21, 2 ** 53 - 1];
    expect(again(numbers)).toEqual(numbers);
    expect(written([2 ** 60, 2n ** 60n])).toBe("[1152921504606847000.0,1152921504606846976]");
  });

  test(`documents without bytes come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 2_000; times += 1) {
      const document = withoutBytes(randomDocument(random)) as Record<string, unknown>;
      expect(again(document)).toEqual(document);
    }
  });

  test("what JSON has no form for is refused, with its place", () => {
    expect(() => written({ a: { b: new Uint8Array(1) } })).toThrow("part.a.b: a Uint8Array cannot be encoded");
    expect(() => written({ a: [new NdArray(new Uint8Array(1))] })).toThrow("part.a[0]: ");
    expect(() => written(() => 1)).toThrow("part: a function cannot be encoded");
    expect(() => written(JSON.parse('{"__proto__":1}'))).toThrow("part.__proto__: a key of this name is refused");
    const self: unknown[] = [];
    self.push(self);
    expect(() => written(self)).toThrow("nested more than 64 deep");
  });
});

function withoutBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.map(withoutBytes);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBytes(item)]));
}
