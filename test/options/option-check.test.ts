import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { insteadOf, nearest } from "../../src/options/nearest.ts";
import { checkNames, nonEmptyText, oneOf, shown, wholeNumber } from "../../src/options/option-check.ts";

const thrownBy = (check: () => unknown): string => {
  try {
    check();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "";
};

describe("options", () => {
  test("names - what is no option is refused, with what was meant or what there is", () => {
    expect(thrownBy(() => checkNames("A", { port: 1 }, ["port", "host"]))).toBe("");
    expect(thrownBy(() => checkNames("A", { prt: 1 }, ["port", "host"]))).toBe(
      'A: there is no option "prt"; did you mean "port"?',
    );
    expect(thrownBy(() => checkNames("A", { bins: 1 }, ["port", "host"]))).toBe(
      'A: there is no option "bins"; there are: port, host',
    );
    for (const given of [undefined, null, "port", 5, ["port"]]) {
      expect(thrownBy(() => checkNames("A", given, ["port"]))).toMatch(/^A: expected an object of options, got /);
    }
    // What every object inherits is no option of anybody.
    expect(thrownBy(() => checkNames("A", Object.create({ bins: 1 }) as object, ["port"]))).toBe("");
  });

  test("values - give the default where they are absent, and refuse what cannot be meant", () => {
    expect(wholeNumber("A", "n", undefined, 7, 1)).toBe(7);
    expect(wholeNumber("A", "n", 3, 7, 1)).toBe(3);
    for (const value of [0, 1.5, "3", Number.NaN, Number.POSITIVE_INFINITY, null, 2 ** 53]) {
      expect(thrownBy(() => wholeNumber("A", "n", value, 7, 1))).toMatch(
        /^A: n: expected a whole number from 1 on, got/,
      );
    }
    expect(thrownBy(() => wholeNumber("A", "n", 9, 7, 1, 8))).toBe("A: n: expected a whole number from 1 to 8, got 9");
    expect(oneOf("A", "is", undefined, true, [true, false])).toBe(true);
    expect(thrownBy(() => oneOf("A", "mode", "c", "a", ["a", "b"]))).toBe('A: mode: expected "a" or "b", got "c"');
    expect(nonEmptyText("A", "path", "x")).toBe("x");
    for (const value of ["", "a\0b", 5, undefined]) {
      expect(thrownBy(() => nonEmptyText("A", "path", value))).toMatch(/^A: path: expected a text, got /);
    }
  });

  test("shown - anything stands in one short line", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const all: readonly (readonly [unknown, string])[] = [
      [undefined, "undefined"],
      [() => 1, "a function"],
      [5n, "5"],
      [Number.NaN, "NaN"],
      [circle, "an object"],
      [Symbol("s"), "Symbol(s)"],
      ["a\nb", '"a\\nb"'],
    ];
    for (const [value, text] of all) expect(shown(value)).toBe(text);
    expect(shown("x".repeat(1000))).toHaveLength(60);
  });

  test("nearest - letters that are changed, swapped, missing or too many are forgiven", () => {
    const names = ["connect", "bind", "topics"];
    for (const [written, meant] of [
      ["conect", "connect"],
      ["bnid", "bind"],
      ["TOPICS", "topics"],
      ["topic", "topics"],
      ["con", "connect"],
      ["frames", undefined],
      ["?", undefined],
    ] as const) {
      expect(nearest(written, names), written).toBe(meant);
    }
    expect(insteadOf("x", [])).toBe("leave it out");
  });
});
