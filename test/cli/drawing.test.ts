import { describe, expect, test } from "vitest";
import { drawCurve } from "../../src/cli/drawing/curve.ts";
import { reduced } from "../../src/cli/drawing/grid.ts";
import { drawImage } from "../../src/cli/drawing/image.ts";
import { depthOf } from "../../src/cli/drawing/palette.ts";
import { bytes, duration, short } from "../../src/cli/drawing/quantity.ts";
import { tableLines } from "../../src/cli/drawing/table.ts";
import { fitted, harmless, width } from "../../src/cli/drawing/text-width.ts";
import { drawTree } from "../../src/cli/drawing/tree.ts";
import { NdArray } from "../../src/message/ndarray.ts";

describe("drawing", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [1000, "1.00 k"],
    [12_345, "12.3 k"],
    [999_600, "1.00 M"],
    [-1500, "-1.50 k"],
    [0.5, "0.50"],
    [1e18, "1.00e+18"],
  ])("short - %d is %s", (value, text) => expect(short(value)).toBe(text));

  test("units - are those of bytes and times", () => {
    expect([0, 999, 1000, 8_388_608].map(bytes)).toEqual(["0 B", "999 B", "1.00 kB", "8.39 MB"]);
    expect([0, 0.85, 12.3, 4000].map(duration)).toEqual(["0 ms", "850 µs", "12.3 ms", "4 s"]);
  });

  test("text from outside - cannot steer the terminal", () => {
    expect(harmless("a\u001b[2Jb\nc\u202ed")).toBe("a\\x1b[2Jb⏎c\\x202ed");
  });

  test("a line - is cut and filled by columns, its styles kept", () => {
    expect(fitted("\u001b[1mabc\u001b[22m", 2)).toBe("\u001b[1mab\u001b[22m");
    expect(fitted("探测器", 5)).toBe("探测 ");
    expect(width("\u001b[1m探a\u001b[0m")).toBe(3);
  });

  test("a table - has its numbers at the right", () => {
    expect(
      tableLines([
        ["", "n"],
        ["one", "1"],
        ["two", "20"],
      ]),
    ).toEqual(["      n", "one   1", "two  20"]);
  });

  test("a tree - shows what is nested, and no more lines than there is room", () => {
    const value = {
      a: 1,
      b: { c: [1, 2], d: null },
      e: new NdArray(new Uint16Array(6), [2, 3]),
      f: Uint8Array.of(1, 255),
    };
    expect(drawTree(value, { maxLines: 10 })).toEqual([
      "├ a: 1",
      "├ b",
      "│ ├ c: [1, 2]",
      "│ └ d: null",
      "├ e: uint16 [2, 3]",
      "└ f: 2 bytes 01ff",
    ]);
    expect(drawTree(value, { maxLines: 3 })).toEqual(["├ a: 1", "├ b", "…"]);
    expect(drawTree({}, { maxLines: 3 })).toEqual(["(nothing)"]);
  });

  test("masked pixels - do not count, unless there is nothing else", () => {
    const array = new NdArray(Uint16Array.of(1, 65_535, 3, 5, 65_535, 65_535, 65_535, 65_535), [2, 4]);
    expect([...reduced(array, 1, 2, "mean").values]).toEqual([1, 4]);
    expect([...reduced(array, 2, 2, "max").values]).toEqual([1, 5, Number.NaN, Number.NaN]);
  });

  test("every element type - is drawn", () => {
    const arrays = [
      new NdArray(BigInt64Array.of(-1n, 2n), [1, 2]),
      new NdArray(Float32Array.of(0.5, Number.NaN), [1, 2]),
      new NdArray(Int8Array.of(-5, 5), [1, 2]),
    ];
    expect(arrays.map((array) => [...reduced(array, 1, 2, "mean").values])).toEqual([
      [-1, 2],
      [0.5, Number.NaN],
      [-5, 5],
    ]);
  });

  test("an image - keeps its proportions, two pixels in each letter", () => {
    const array = new NdArray(new Uint8Array(200 * 100), [200, 100]);
    const options = { rows: 20, columns: 80, scale: "lin", merge: "mean" } as const;
    const { lines } = drawImage(array, { ...options, depth: "256" });
    expect(lines).toHaveLength(20);
    expect(lines.every((line) => width(line) === 20)).toBe(true);
    expect(lines[0]).toContain("\u001b[38;5;");
    expect(drawImage(array, { ...options, depth: "none" }).lines[0]).toBe(" ".repeat(20));
  });

  test("an image without colours - is brighter where there is more", () => {
    const array = new NdArray(Float64Array.of(0, 10, 20, 30, 0, 10, 20, 30), [2, 4]);
    const { lines, caption } = drawImage(array, { rows: 5, columns: 10, scale: "lin", merge: "max", depth: "none" });
    expect(lines).toEqual([" -*@"]);
    expect(caption).toBe("0 … 30 (lin, max)");
  });

  test("several images - the first one is drawn, which is said", () => {
    const array = new NdArray(new Uint8Array(24), [2, 3, 4]);
    expect(drawImage(array, { rows: 5, columns: 10, scale: "log", merge: "mean", depth: "none" }).caption).toContain(
      "the first of 2 images",
    );
  });

  test("a curve - goes from its lowest to its highest value", () => {
    const array = new NdArray(Float64Array.from({ length: 40 }, (_, index) => index));
    const { lines } = drawCurve(array, { rows: 5, columns: 31, scale: "lin" });
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^ {8}39│⠀+[^⠀]+$/u);
    expect(lines[3]).toMatch(/^ {9}0│[^⠀]+⠀+$/u);
    expect(lines[4]).toMatch(/└0─+39$/);
  });

  test("an array without elements - draws nothing and does not fail", () => {
    const none = new NdArray(new Float64Array(0));
    expect(drawCurve(none, { rows: 3, columns: 20, scale: "log" }).lines).toHaveLength(3);
  });

  test("colours - by what the terminal says", () => {
    expect(depthOf({ COLORTERM: "truecolor" }, true)).toBe("truecolour");
    expect(depthOf({ TERM: "xterm-256color" }, true)).toBe("256");
    expect(depthOf({ COLORTERM: "truecolor" }, false)).toBe("none");
  });
});
