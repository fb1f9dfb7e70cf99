import { describe, expect, it } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import { decodeAt, find, findIn, findOffset, skip } from "../../../src/message/msgpack/index.ts";
import { bytesOf, encode, LIMITS } from "./hex.ts";

const MAP = {
  run: "scan-42",
  many: new Array(20).fill({ a: [1, 2, 3] }),
  numbers: [0.5, 200, 300, 70_000, 2 ** 40, -1, -100, -300, -70_000, -(2 ** 40)],
  bytes: new Uint8Array(300),
  text: "x".repeat(300),
  nested: { text: "inside", "": 0, deep: { er: [1] } },
  nil: null,
  no: false,
  größe: 3,
  ["long".repeat(20)]: 4,
};
const BYTES = encode(MAP);
const END = BYTES.length;

describe("msgpack find", () => {
  it.each(Object.entries(MAP))("find - %s", (key, value) => {
    expect(find(BYTES, 0, END, key)).toStrictEqual(value);
  });

  it("find - a key that is not there, or only inside, is undefined", () => {
    for (const key of ["", "ru", "runs", "deep", "a", "scan-42", "grö", "Größe"]) {
      expect(find(BYTES, 0, END, key)).toBeUndefined();
    }
  });

  it("find - a text is not taken for the bytes of another one", () => {
    // The code units of this key are the bytes of "ä".
    expect(find(encode({ ä: 1 }), 0, 5, "\u00c3\u00a4")).toBeUndefined();
    expect(find(encode({ ä: 1 }), 0, 5, "ä")).toBe(1);
  });

  it("find - in maps of all widths", () => {
    const wide = encode(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i])));
    expect(find(wide, 0, wide.length, "k299")).toBe(299);
    const wider = bytesOf("df 00 00 00 01 da 00 01 61 07");
    expect(find(wider, 0, wider.length, "a")).toBe(7);
  });

  it("findIn - one key of a map inside", () => {
    expect(findIn(BYTES, 0, END, "nested", "text")).toBe("inside");
    expect(findIn(BYTES, 0, END, "nested", "")).toBe(0);
    expect(findIn(BYTES, 0, END, "nested", "deep")).toStrictEqual({ er: [1] });
    expect(findIn(BYTES, 0, END, "nested", "run")).toBeUndefined();
    expect(findIn(BYTES, 0, END, "absent", "run")).toBeUndefined();
    expect(findIn(BYTES, 0, END, "run", "run")).toBeUndefined();
  });

  it("findOffset - takes keys as text and as bytes, and composes with skip", () => {
    const at = findOffset(BYTES, 0, END, "nested");
    expect(findOffset(BYTES, 0, END, Buffer.from("nested"))).toBe(at);
    expect(decodeAt(BYTES, at, END, LIMITS)).toStrictEqual(MAP.nested);
    const behind = skip(BYTES, at);
    expect(decodeAt(BYTES, behind, END, LIMITS)).toBe("nil");
    expect(skip(BYTES, 0)).toBe(END);
    expect(findOffset(bytesOf("91 01"), 0, 2, "a")).toBe(-1);
  });

  it("keys that are not text - are passed over", () => {
    const bytes = bytesOf("84 01 02 c4 01 61 03 92 a1 61 a1 61 04 a1 61 05");
    expect(find(bytes, 0, bytes.length, "a")).toBe(5);
  });

  it.each([
    "",
    "c1",
    "81",
    "81 a5 61",
    "81 a1 62",
    "82 a1 62 c1",
    "82 a1 62 d9",
    "82 a1 62 dd ff ff ff ff 01",
    "df 00 00",
  ])("broken bytes - rejected without reading beyond the end: %s", (hex) => {
    const bytes = bytesOf(`${hex} a1 61 01`);
    const end = bytes.length - 3;
    expect(() => skip(bytes, 0, end)).toThrow(RejectedError);
    if (hex !== "c1") expect(() => find(bytes, 0, end, "a")).toThrow(RejectedError);
  });

  it("skip - is not stopped by depth", () => {
    const bytes = bytesOf(`${"91".repeat(200_000)}01`);
    expect(skip(bytes, 0)).toBe(200_001);
  });
});
