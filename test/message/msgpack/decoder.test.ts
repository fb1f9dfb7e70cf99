import { describe, expect, it } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import { BinaryKeyed, decode, decodeAt, skim } from "../../../src/message/msgpack/index.ts";
import { bytesOf, decodeAll, encode, LIMITS } from "./hex.ts";

/** Hostile and broken values, each with words of its reason. All are refused by `decode`, and by `skim` inside a map. */
const REFUSED: readonly (readonly [string, string, string])[] = [
  ["nothing at all", "", "cut short"],
  ["byte that is never used", "c1", "0xc1"],
  ["fixext 1", "d4 05 00", "extension type 5 is not supported"],
  ["fixext 2", "d5 05 00 00", "extension type 5 is not supported"],
  ["fixext 4, timestamp", "d6 ff 00 00 00 00", "extension type -1 (timestamp) is not supported"],
  ["fixext 8, timestamp", "d7 ff 00*8", "extension type -1 (timestamp) is not supported"],
  ["fixext 16", "d8 80 00*16", "extension type -128 is not supported"],
  ["ext 8, timestamp", "c7 0c ff 00*12", "extension type -1 (timestamp) is not supported"],
  ["ext 16", "c8 00 01 7f 00", "extension type 127 is not supported"],
  ["ext 32", "c9 00 00 00 01 07 00", "extension type 7 is not supported"],
  ["ext 32, cut before its type", "c9 00 00 00 01", "cut short"],
  ["uint 8 cut short", "cc", "cut short"],
  ["uint 16 cut short", "cd 01", "cut short"],
  ["uint 32 cut short", "ce 01 02 03", "cut short"],
  ["uint 64 cut short", "cf 01 02 03 04 05 06 07", "cut short"],
  ["int 8 cut short", "d0", "cut short"],
  ["int 64 cut short", "d3 01 02 03 04 05 06 07", "cut short"],
  ["float 32 cut short", "ca 01 02 03", "cut short"],
  ["float 64 cut short", "cb 01 02 03 04 05 06 07", "cut short"],
  ["fixstr cut short", "a5 68 65", "cut short"],
  ["str 8 without a length", "d9", "cut short"],
  ["str 32 that claims 4 GB", "db ff ff ff ff 61", "cut short"],
  ["bin 32 that claims 4 GB", "c6 ff ff ff ff 61", "cut short"],
  ["text that is not UTF-8", "a1 ff", "not UTF-8"],
  ["text with an overlong form", "a2 c0 80", "not UTF-8"],
  ["text with a surrogate", "a3 ed a0 80", "not UTF-8"],
  ["text cut inside a character", "a2 61 c3", "not UTF-8"],
  ["long text that is not UTF-8", "da 01 2c 61*299 80", "not UTF-8"],
  ["array that claims one item too many", "92 01", "array of 2 items cannot be in the 1 bytes"],
  ["array 32 that claims 4 G items", "dd ff ff ff ff 01 02 03", "array of 4294967295 items"],
  ["map that claims one entry too many", "82 a1 61 01", "map of 2 items cannot be in the 3 bytes"],
  ["map 32 that claims 4 G entries", "df ff ff ff ff a1 61 01", "map of 4294967295 items"],
  ["map that ends after a key", "82 a1 61 01 a1 62", "cut short"],
  ["arrays that all claim the same bytes", "94 93 92 91", "cannot be in"],
  ["key __proto__", "81 a9 5f 5f 70 72 6f 74 6f 5f 5f 80", 'the key "__proto__" is refused'],
  ["key constructor", "81 ab 63 6f 6e 73 74 72 75 63 74 6f 72 80", 'the key "constructor" is refused'],
  ["key prototype", "81 a9 70 72 6f 74 6f 74 79 70 65 80", 'the key "prototype" is refused'],
  ["key __proto__ in str 16", "81 da 00 09 5f 5f 70 72 6f 74 6f 5f 5f 80", 'the key "__proto__" is refused'],
  ["same key twice", "82 a1 61 01 a1 61 02", 'the key "a" appears twice'],
  ["same key twice, in other forms", "82 a1 61 01 d9 01 61 02", 'the key "a" appears twice'],
  ["same empty key twice", "82 a0 01 a0 02", 'the key "" appears twice'],
  ["same inherited name twice", "82 a8 74 6f 53 74 72 69 6e 67 01 a8 74 6f 53 74 72 69 6e 67 01", "appears twice"],
  ["integer as a key", "81 01 01", "a key that is an integer"],
  ["negative integer as a key", "81 ff 01", "a key that is an integer"],
  ["nil as a key", "81 c0 01", "a key that is nil"],
  ["boolean as a key", "81 c3 01", "a key that is a boolean"],
  ["float as a key", "81 cb 3f f0 00 00 00 00 00 00 01", "a key that is a float"],
  ["bytes as a key", "81 c4 01 61 01", "a key that is bytes"],
  ["map as a key", "81 80 01", "a key that is a map"],
  ["array as a key", "81 dc 00 00 01", "a key that is an array"],
  ["extension as a key", "81 d4 01 00 01", "a key that is an extension type"],
  ["0xc1 as a key", "81 c1 01", "a key that is byte 0xc1"],
  ["key that is not UTF-8", "81 a1 ff 01", "a key that is not UTF-8"],
  ["key cut short", "81 a5 61", "cut short"],
  ["nested too deeply", `${"91".repeat(65)}01`, "nested too deeply"],
  ["nested too deeply, in maps", `${"81a161".repeat(65)}01`, "nested too deeply"],
  ["nested 100 000 deep", `${"91".repeat(100_000)}01`, "nested too deeply"],
];

describe("msgpack decode", () => {
  it.each(REFUSED)("rejects - %s", (_, hex, words) => {
    const bytes = bytesOf(hex);
    expect(() => decodeAll(bytes)).toThrow(RejectedError);
    expect(() => decodeAll(bytes)).toThrow(words);
  });

  it.each(REFUSED)("skim rejects too, inside a map - %s", (_, hex, words) => {
    const bytes = bytesOf(`81 a1 6b ${hex}`);
    expect(() => skim(bytes, 0, bytes.length, { maxDepth: 65 })).toThrow(RejectedError);
    expect(() => skim(bytes, 0, bytes.length, { maxDepth: 65 })).toThrow(words);
  });

  it("rejects - bytes behind the value", () => {
    expect(() => decodeAll(bytesOf("01 02 03"))).toThrow("2 bytes are left over after the value");
    const map = bytesOf("81 a1 61 01 c0");
    expect(() => skim(map, 0, map.length, LIMITS)).toThrow("1 bytes are left over after the value");
  });

  it("rejects - a span outside of the bytes", () => {
    const bytes = bytesOf("81 a1 61 01");
    for (const [start, end] of [
      [0, 5],
      [-1, 4],
      [3, 2],
      [Number.NaN, 4],
    ] as const) {
      expect(() => decode(bytes, start, end, LIMITS)).toThrow("not inside the 4 bytes received");
      expect(() => skim(bytes, start, end, LIMITS)).toThrow(RejectedError);
      expect(() => decodeAt(bytes, start, end, LIMITS)).toThrow(RejectedError);
    }
  });

  it("span - reads nothing before its start or after its end", () => {
    const bytes = bytesOf("ff ff 92 a1 61 01 ff ff");
    expect(decode(bytes, 2, 6, LIMITS)).toStrictEqual(["a", 1]);
    expect(() => decode(bytes, 2, 5, LIMITS)).toThrow("cut short");
    expect(decodeAt(bytes, 3, 8, LIMITS)).toBe("a");
  });

  it("depth - the limit itself is allowed, one more is not", () => {
    const nested = bytesOf("91 91 91 01");
    expect(decodeAll(nested, { maxDepth: 3 })).toStrictEqual([[[1]]]);
    expect(() => decodeAll(nested, { maxDepth: 2 })).toThrow("[0][0]: nested too deeply");
    expect(() => decodeAll(nested, { maxDepth: Number.NaN })).toThrow("nested too deeply");
  });

  it("depth - a caller who allows any depth cannot overflow the stack", () => {
    const nested = bytesOf(`${"91".repeat(600)}01`);
    expect(() => decodeAll(nested, { maxDepth: Number.POSITIVE_INFINITY })).toThrow("nested too deeply");
    expect(() => decodeAll(bytesOf(`${"91".repeat(512)}01`), { maxDepth: 1e9 })).not.toThrow();
  });

  it.each([
    [{ metadata: { a: [0, 1, 2, "X"] } }, "metadata.a[3]: "],
    [{ first: { deep: [[[1]]] }, metadata: { "a b": { c: "X" } } }, 'metadata["a b"].c: '],
    [["a", { b: [] }, [["X"]]], "[2][0][0]: "],
    [{ "\u001b[31m\u202e": "X" }, '["\\u001b[31m\\u202e"]: '],
    [{ a: new Uint8Array(300), b: "ä".repeat(300), c: 2n ** 60n, d: -3e9, e: 0.1, f: ["X"] }, "f[0]: "],
    [{ ["k".repeat(100)]: { x: "X" } }, `["${"k".repeat(40)}..."].x: `],
  ])("place - a fault is named by its path: case %#", (value, path) => {
    const bytes = encode(value);
    const at = bytes.lastIndexOf("X".charCodeAt(0)) - 1;
    bytes[at] = 0xc1;
    const sound = bytes.subarray(0, at + 1);
    expect(() => decode(sound, 0, sound.length, LIMITS)).toThrow(`${path}byte 0xc1`);
  });

  it("place - the path stays short, whatever the depth", () => {
    const bytes = bytesOf(`${"81bf61*31".repeat(64)}c1`.replaceAll("61*31", "61".repeat(31)));
    let message = "";
    try {
      decodeAll(bytes);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain("0xc1");
    expect(message.length).toBeLessThan(300);
  });

  it("objects - are plain, and their keys are their own", () => {
    const value = decodeAll(bytesOf("81 a8 74 6f 53 74 72 69 6e 67 01")) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(value, "toString")).toStrictEqual({
      value: 1,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  });

  it("objects - many keys, short and long, all come", () => {
    const value = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`key-${i}-${"x".repeat(i % 60)}`, i]));
    const bytes = encode(value);
    expect(decodeAll(bytes)).toStrictEqual(value);
    expect(skim(bytes, 0, bytes.length, LIMITS)).toBe(2000);
  });

  it("text - texts with the same ends and length are told apart", () => {
    const texts = ["aXbYc", "aZbYc", "aXbYc", "aZbYc", "aQbYc"];
    expect(decodeAll(encode(texts))).toStrictEqual(texts);
    const keys = Object.fromEntries(texts.map((text, i) => [text, i]));
    expect(decodeAll(encode(keys))).toStrictEqual(keys);
  });

  it("bytes - are views of what was received, not copies", () => {
    const received = bytesOf("82 a1 61 c4 03 01 02 03 a1 62 c4 00");
    const { a, b } = decodeAll(received) as { a: Uint8Array; b: Uint8Array };
    expect(a.buffer).toBe(received.buffer);
    expect([a.byteOffset, a.length, b.length]).toStrictEqual([5, 3, 0]);
  });

  it("does not keep received bytes alive through texts - a text changes not when the bytes do", () => {
    const received = bytesOf("a5 68 65 6c 6c 6f");
    const text = decodeAll(received);
    received.fill(0x7a);
    expect(text).toBe("hello");
    expect(decodeAll(bytesOf("a5 68 65 6c 6c 6f"))).toBe("hello");
  });
});

describe("msgpack decode, binary keys", () => {
  const binary = { maxDepth: 64, binaryKeys: true };

  it("numpy - a map whose keys are bytes is apart from one whose keys are text", () => {
    const bytes = bytesOf("83 a1 61 82 c4 02 6e 64 c3 c4 04 74 79 70 65 a3 3c 66 34 a1 62 81 a2 6e 64 c3 a1 63 80");
    const value = decodeAll(bytes, binary) as { a: BinaryKeyed; b: unknown; c: unknown };
    expect(value.a).toBeInstanceOf(BinaryKeyed);
    expect([...value.a.entries]).toStrictEqual([
      ["nd", true],
      ["type", "<f4"],
    ]);
    expect(value.b).toStrictEqual({ nd: true });
    expect(value.c).toStrictEqual({});
  });

  it.each([
    ["bytes first", "82 c4 01 61 01 a1 62 02", "both bytes and other kinds"],
    ["text first", "82 a1 62 02 c4 01 61 01", "a key that is bytes"],
    ["twice", "82 c4 01 61 01 c5 00 01 61 02", "appears twice"],
    ["refused name", "81 c4 09 5f 5f 70 72 6f 74 6f 5f 5f 80", "is refused"],
    ["not text", "81 c4 01 ff 80", "a key that is not UTF-8"],
    ["too deep", "81 c4 01 61 91 91 01", "nested too deeply"],
    ["cut short", "81 c4 05 61", "cut short"],
    ["fault inside", "81 c4 01 61 81 c4 01 62 c1", "a.b: byte 0xc1"],
  ])("rejects - %s", (_, hex, words) => {
    expect(() => decodeAll(bytesOf(hex), { maxDepth: 2, binaryKeys: true })).toThrow(RejectedError);
    expect(() => decodeAll(bytesOf(hex), { maxDepth: 2, binaryKeys: true })).toThrow(words);
  });
});
