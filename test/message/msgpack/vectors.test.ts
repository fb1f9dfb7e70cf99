import { describe, expect, it } from "vitest";
import { bytesOf, decodeAll, encode, hexOf } from "./hex.ts";

/** Written by hand from the description of the format: what an encoder must make, and a decoder give back. */
const EXACT: readonly (readonly [string, string, unknown])[] = [
  ["nil", "c0", null],
  ["false", "c2", false],
  ["true", "c3", true],
  ["zero", "00", 0],
  ["largest positive fixint", "7f", 127],
  ["smallest uint 8", "cc 80", 128],
  ["largest uint 8", "cc ff", 255],
  ["smallest uint 16", "cd 01 00", 256],
  ["largest uint 16", "cd ff ff", 65_535],
  ["smallest uint 32", "ce 00 01 00 00", 65_536],
  ["largest uint 32", "ce ff ff ff ff", 4_294_967_295],
  ["smallest uint 64", "cf 00 00 00 01 00 00 00 00", 4_294_967_296],
  ["largest safe integer", "cf 00 1f ff ff ff ff ff ff", Number.MAX_SAFE_INTEGER],
  ["smallest bigint", "cf 00 20 00 00 00 00 00 00", 9_007_199_254_740_992n],
  ["largest uint 64", "cf ff ff ff ff ff ff ff ff", 18_446_744_073_709_551_615n],
  ["minus one", "ff", -1],
  ["smallest negative fixint", "e0", -32],
  ["largest int 8", "d0 df", -33],
  ["smallest int 8", "d0 80", -128],
  ["largest int 16", "d1 ff 7f", -129],
  ["smallest int 16", "d1 80 00", -32_768],
  ["largest int 32", "d2 ff ff 7f ff", -32_769],
  ["smallest int 32", "d2 80 00 00 00", -2_147_483_648],
  ["largest int 64", "d3 ff ff ff ff 7f ff ff ff", -2_147_483_649],
  ["smallest safe integer", "d3 ff e0 00 00 00 00 00 01", Number.MIN_SAFE_INTEGER],
  ["first unsafe negative integer", "d3 ff e0 00 00 00 00 00 00", -9_007_199_254_740_992n],
  ["smallest int 64", "d3 80 00 00 00 00 00 00 00", -9_223_372_036_854_775_808n],
  ["a half", "cb 3f e0 00 00 00 00 00 00", 0.5],
  ["pi", "cb 40 09 21 fb 54 44 2d 18", Math.PI],
  ["minus zero", "cb 80 00 00 00 00 00 00 00", -0],
  ["infinity", "cb 7f f0 00 00 00 00 00 00", Number.POSITIVE_INFINITY],
  ["minus infinity", "cb ff f0 00 00 00 00 00 00", Number.NEGATIVE_INFINITY],
  ["not a number", "cb 7f f8 00 00 00 00 00 00", Number.NaN],
  ["a whole number beyond 2^53", "cb 43 f0 00 00 00 00 00 00", 2 ** 64],
  ["empty text", "a0", ""],
  ["text", "a5 68 65 6c 6c 6f", "hello"],
  ["longest fixstr", "bf 61*31", "a".repeat(31)],
  ["shortest str 8", "d9 20 61*32", "a".repeat(32)],
  ["longest str 8", "d9 ff 61*255", "a".repeat(255)],
  ["shortest str 16", "da 01 00 61*256", "a".repeat(256)],
  ["longest str 16", "da ff ff 61*65535", "a".repeat(65_535)],
  ["shortest str 32", "db 00 01 00 00 61*65536", "a".repeat(65_536)],
  ["text of two bytes a character", "a4 c3 a4 c3 b6", "äö"],
  ["text of three bytes a character", "a6 e2 82 ac e6 97 a5", "€日"],
  ["text of four bytes a character", "a4 f0 9f 94 ac", "🔬"],
  ["text that grows over the border of its header", "d9 20 c3 a4 c3 a4 61*28", `ää${"a".repeat(28)}`],
  ["a byte order mark stays", "a4 ef bb bf 61", "\ufeffa"],
  ["a NUL character", "a1 00", "\0"],
  ["empty bytes", "c4 00", new Uint8Array(0)],
  ["bytes", "c4 03 01 02 ff", Uint8Array.of(1, 2, 255)],
  ["longest bin 8", "c4 ff 07*255", new Uint8Array(255).fill(7)],
  ["shortest bin 16", "c5 01 00 07*256", new Uint8Array(256).fill(7)],
  ["shortest bin 32", "c6 00 01 00 00 07*65536", new Uint8Array(65_536).fill(7)],
  ["empty array", "90", []],
  ["array", "93 01 a1 61 c0", [1, "a", null]],
  ["longest fixarray", "9f 01*15", new Array(15).fill(1)],
  ["shortest array 16", "dc 00 10 01*16", new Array(16).fill(1)],
  ["shortest array 32", "dd 00 01 00 00 01*65536", new Array(65_536).fill(1)],
  ["empty map", "80", {}],
  ["map", "82 a1 61 01 a1 62 02", { a: 1, b: 2 }],
  ["map in map in array", "91 81 a1 61 81 a0 c2", [{ a: { "": false } }]],
  [
    "names that every object inherits",
    "82 a8 74 6f 53 74 72 69 6e 67 01 a7 76 61 6c 75 65 4f 66 02",
    { toString: 1, valueOf: 2 },
  ],
  [
    "names that look like indices",
    "82 a1 32 01 a1 31 02",
    Object.fromEntries([
      ["2", 1],
      ["1", 2],
    ]),
  ],
];

/** Longer forms of what has a shorter one, as other writers make them. */
const LONGER: readonly (readonly [string, string, unknown])[] = [
  ["float 32", "ca 3f c0 00 00", 1.5],
  ["float 32, not a number", "ca 7f c0 00 00", Number.NaN],
  ["float 64, whole", "cb 40 00 00 00 00 00 00 00", 2],
  ["uint 8, small", "cc 01", 1],
  ["uint 16, small", "cd 00 01", 1],
  ["uint 32, small", "ce 00 00 00 01", 1],
  ["uint 64, small", "cf 00 00 00 00 00 00 00 01", 1],
  ["int 8, positive", "d0 7f", 127],
  ["int 16, positive", "d1 7f ff", 32_767],
  ["int 32, positive", "d2 7f ff ff ff", 2_147_483_647],
  ["int 64, positive", "d3 00 00 00 00 00 00 00 05", 5],
  ["int 64, minus one", "d3 ff ff ff ff ff ff ff ff", -1],
  ["int 64, largest", "d3 7f ff ff ff ff ff ff ff", 9_223_372_036_854_775_807n],
  ["str 8, short", "d9 01 61", "a"],
  ["str 16, short", "da 00 01 61", "a"],
  ["str 32, short", "db 00 00 00 01 61", "a"],
  ["bin 16, short", "c5 00 01 61", Uint8Array.of(97)],
  ["bin 32, short", "c6 00 00 00 01 61", Uint8Array.of(97)],
  ["array 16, short", "dc 00 01 01", [1]],
  ["array 32, short", "dd 00 00 00 01 01", [1]],
  ["map 16, short, with a key of str 8", "de 00 01 d9 01 61 01", { a: 1 }],
  ["map 32, short, with keys of str 16 and 32", "df 00 00 00 02 da 00 01 61 01 db 00 00 00 01 62 02", { a: 1, b: 2 }],
];

describe("msgpack vectors", () => {
  it.each(EXACT)("decode - %s", (_, hex, value) => {
    const decoded = decodeAll(bytesOf(hex));
    expect(decoded).toStrictEqual(value);
  });

  it.each(EXACT)("encode - %s", (name, hex, value) => {
    // JavaScript moves names that look like indices to the front.
    if (name === "names that look like indices") expect(hexOf(encode(value))).toBe("82 a1 31 02 a1 32 01");
    else expect(hexOf(encode(value))).toBe(hexOf(bytesOf(hex)));
  });

  it.each(LONGER)("decode the longer form - %s", (_, hex, value) => {
    expect(decodeAll(bytesOf(hex))).toStrictEqual(value);
  });

  it("encode - a whole number beyond 2^53 stays a number", () => {
    expect(decodeAll(encode(2 ** 60))).toBe(2 ** 60);
    expect(decodeAll(encode(-(2 ** 60)))).toBe(-(2 ** 60));
  });

  it("encode - a bigint that a number can hold comes back as a number", () => {
    expect(hexOf(encode(5n))).toBe("05");
    expect(decodeAll(encode(BigInt(Number.MIN_SAFE_INTEGER)))).toBe(Number.MIN_SAFE_INTEGER);
  });
});
