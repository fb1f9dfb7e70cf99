import { describe, expect, it } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import { decode, skim } from "../../../src/message/msgpack/index.ts";
import { bytesOf, encode, LIMITS } from "./hex.ts";

function skimAll(bytes: Uint8Array, known?: ReadonlySet<string>): number {
  return skim(bytes, 0, bytes.length, LIMITS, known);
}

describe("msgpack skim", () => {
  it.each([0, 1, 15, 16, 48, 49, 1000, 70_000])("accepts - a map of %i keys, and returns their number", (count) => {
    const map = Object.fromEntries(Array.from({ length: count }, (_, i) => [`key ${i}`, { i, text: "ä" }]));
    expect(skimAll(encode(map))).toBe(count);
  });

  it("accepts - every kind of value, at every level", () => {
    const all = {
      nil: null,
      flags: [true, false],
      numbers: [0, 127, 128, 256, 65_536, 2 ** 32, -1, -33, -129, -32_769, -(2 ** 31) - 1, 0.5, 2n ** 63n],
      texts: ["", "a", "ä".repeat(20), "b".repeat(300), "ä".repeat(300), "c".repeat(70_000)],
      bytes: [new Uint8Array(0), new Uint8Array(300), new Uint8Array(70_000)],
      lists: [[], [[[]]], new Array(20).fill(0), new Array(70_000).fill({})],
      maps: [{}, { a: { b: { c: {} } } }],
    };
    expect(skimAll(encode(all))).toBe(7);
  });

  it.each([
    ["c0", "nil"],
    ["01", "an integer"],
    ["d0 01", "an integer"],
    ["a1 61", "text"],
    ["91 01", "an array"],
    ["dc 00 00", "an array"],
    ["c3", "a boolean"],
    ["c4 00", "bytes"],
    ["ca 00 00 00 00", "a float"],
    ["d4 01 01", "an extension type"],
  ])("rejects - %s, which is no map", (hex, kind) => {
    expect(() => skimAll(bytesOf(hex))).toThrow(`expected a map, got ${kind}`);
  });

  it("rejects - nothing at all, and a span outside of the bytes", () => {
    expect(() => skimAll(bytesOf(""))).toThrow("cut short");
    expect(() => skim(bytesOf("80"), 0, 2, LIMITS)).toThrow(RejectedError);
  });

  it("duplicates - are found in small, large and nested maps, and not across maps", () => {
    expect(skimAll(encode({ a: { a: { a: 1, b: 2 }, b: 2 }, b: [{ a: 1 }, { a: 1 }] }))).toBe(2);
    expect(() => skimAll(bytesOf("82 a1 61 81 a1 62 01 a1 61 02"))).toThrow('the key "a" appears twice');
    expect(() => skimAll(bytesOf("81 a1 78 82 a1 61 01 a1 61 02"))).toThrow('x: the key "a" appears twice');
    const long = Buffer.from(`${"k".repeat(300)}`).toString("hex");
    expect(() => skimAll(bytesOf(`82 da 01 2c ${long} 01 db 00 00 01 2c ${long} 02`))).toThrow("appears twice");
  });

  it("duplicates - keys that look alike are told apart", () => {
    // Same length, same first, middle and last byte.
    const map = { aXbYc: 1, aZbWc: 2, aQbVc: 3, [`${"a".repeat(300)}Xa`]: 4, [`${"a".repeat(44)}aa`]: 5 };
    expect(skimAll(encode(map))).toBe(5);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`a${String.fromCharCode(65 + i)}bcd`, i]));
    expect(skimAll(encode(many))).toBe(40);
  });

  it.each([20, 48, 49, 100])("duplicates - the last of %i keys is the first again", (count) => {
    const keys = Array.from({ length: count - 1 }, (_, i) => Buffer.from(`k${String(i).padStart(3, "0")}`));
    const entry = (key: Buffer): Buffer => Buffer.concat([Buffer.of(0xa4), key, Buffer.of(0x90)]);
    const body = [...keys, keys[0] as Buffer].map(entry);
    const bytes = Buffer.concat([Buffer.of(0xde, 0, count), ...body]);
    expect(() => skimAll(bytes)).toThrow('the key "k000" appears twice');
    expect(() => decode(bytes, 0, bytes.length, LIMITS)).toThrow('the key "k000" appears twice');
  });

  it("duplicates - many nested maps of many keys still are checked", () => {
    let value: Record<string, unknown> = {};
    for (let level = 0; level < 60; level++) {
      const keys = Array.from({ length: level % 3 === 0 ? 60 : 45 }, (_, i) => [`k${i}`, i] as const);
      value = Object.fromEntries([...keys, ["z", value]]);
    }
    const bytes = encode({ value });
    expect(skimAll(bytes)).toBe(1);
    // The deepest key of all becomes a copy of its neighbour: k44 to k43, in the map that holds {}.
    const at = Buffer.from(bytes).lastIndexOf("k44");
    const copy = Buffer.from(bytes);
    copy.write("k43", at, "latin1");
    expect(() => skimAll(copy)).toThrow('the key "k43" appears twice');
    expect(() => decode(copy, 0, copy.length, LIMITS)).toThrow('the key "k43" appears twice');
  });

  it("newer - a top-level key with ! must be known", () => {
    const bytes = encode({ "!cipher": 1, a: { "!inner": 2 } });
    expect(() => skimAll(bytes)).toThrow('made by a newer arroyojs: the key "!cipher" must be understood');
    expect(() => skimAll(bytes, new Set(["!other"]))).toThrow(RejectedError);
    expect(skimAll(bytes, new Set(["!cipher"]))).toBe(2);
    expect(skimAll(encode({ a: { "!inner": 2 }, "": 1 }))).toBe(2);
    const wide = encode({ "!cipher": 1, ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, i])) });
    expect(() => skimAll(wide)).toThrow("made by a newer arroyojs");
  });

  it("state - a rejection leaves nothing behind for the next map", () => {
    const sound = encode({ a: 1, b: { c: 2 } });
    for (const hex of ["82 a1 61 82 a1 62 01 a1 63 c1", "81 a1 61 c1", "de 00 64 a1 61 01"]) {
      expect(() => skimAll(bytesOf(hex))).toThrow(RejectedError);
      expect(skimAll(sound)).toBe(2);
    }
  });
});
