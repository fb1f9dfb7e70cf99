import { readFileSync } from "node:fs";
import { Event, NdArray } from "arroyojs";
import { LineCut } from "arroyojs/reduction";
import { test } from "vitest";
import { expectSame, expectStatistics, expectSummed, type Summed, type Values } from "./golden-cases.ts";
import { COLUMNS, ROWS, seededDark, TESTED, type Tested } from "./seeded-frames.ts";

const COMMITTED = { base: 0, wide: false };

function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/reduction/${name}.json`, import.meta.url), "utf8")) as T;
}

const { every, frames } = golden<{ every: number; frames: Record<Tested, Summed> }>("statistics");

test.each(TESTED)("golden statistics - of pixels of %s over frames are those of numpy", async (dtype) => {
  await expectStatistics(dtype, every, frames[dtype], COMMITTED);
});

test.each(TESTED)("golden statistics - blocks, projection and region of %s are those of numpy", (dtype) => {
  expectSummed(dtype, frames[dtype], COMMITTED);
});

test.each(
  golden<{ cuts: { from: [number, number]; to: [number, number]; samples: number; values: Values }[] }>("line-cut")
    .cuts,
)("golden line cuts - from $from to $to is that of scipy", ({ values, ...options }) => {
  const map = new Event({}, new NdArray(seededDark(3), [ROWS, COLUMNS]), { run: "r" }) as unknown as Event;
  const cut = new LineCut(options).process(map) as Event;
  expectSame((cut.payload as NdArray).data, values);
});
