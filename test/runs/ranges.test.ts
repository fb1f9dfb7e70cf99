import { expect, test } from "vitest";
import { Ranges } from "../../src/runs/ranges.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";

test("ranges - say what a set would say, for numbers in any order", () => {
  const random = new Seeded(SEED);
  for (let round = 0; round < 300; round += 1) {
    const ranges = new Ranges();
    const seen = new Set<number>();
    for (let index = 0; index < 60; index += 1) {
      const number = random.below(50);
      ranges.add(number);
      seen.add(number);
    }
    const gone = ranges.missing(0, 60).flatMap(([first, last]) => {
      return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
    });
    expect(gone).toEqual(Array.from({ length: 60 }, (_, number) => number).filter((number) => !seen.has(number)));
    expect(ranges.count).toBe(seen.size);
  }
});

test("ranges - remember a bounded number of gaps, and close the oldest", () => {
  const ranges = new Ranges(3);
  for (const number of [0, 2, 4, 6]) ranges.add(number);
  expect(ranges.overflowed).toBe(true);
  expect(ranges.count).toBe(4);
  expect(ranges.missing(0, 7)).toEqual([
    [3, 3],
    [5, 5],
  ]);
});
