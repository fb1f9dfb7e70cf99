import { readFileSync } from "node:fs";
import { Event, NdArray, Start, Stop } from "arroyojs";
import { FrameStatistics, LineCut, Rebin, type RegionStatistics, Regions, type Statistics } from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { expect, test } from "vitest";
import { COLUMNS, ROWS, seededDark, seededFrame, TESTED, type Tested } from "./seeded-frames.ts";

type Values = readonly (number | null)[];

/** What numpy makes of the frames; null where nothing is valid. */
interface Golden {
  readonly mean: Values;
  readonly variance: Values;
  readonly min: Values;
  readonly max: Values;
  readonly sums: Values;
  readonly projection: Values;
  readonly region: RegionStatistics;
}

function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/reduction/${name}.json`, import.meta.url), "utf8")) as T;
}

const { every, frames } = golden<{ every: number; frames: Record<Tested, Golden> }>("statistics");

function eventOf(dtype: Tested, seed: number): Event {
  return new Event({}, seededFrame(dtype, seed), { run: "r" }) as unknown as Event;
}

function expectSame(ours: ArrayLike<number>, theirs: Values): void {
  expect(ours).toHaveLength(theirs.length);
  for (const [at, value] of theirs.entries()) {
    const own = ours[at] as number;
    if (value === null) expect(own).toBeNaN();
    else expect(Math.abs(own - value), `${at}: ${own}, expected ${value}`).toBeLessThanOrEqual(1e-5 * Math.abs(value));
  }
}

test.each(TESTED)("golden statistics - of pixels of %s over frames are those of numpy", async (dtype) => {
  const statistics = ["mean", "variance", "min", "max"] as const;
  const events = [11, 12, 13, 14, 15].map((seed) => eventOf(dtype, seed));
  const messages = [new Start({}, { run: "r" }), ...events, new Stop({}, { run: "r" })];
  const { published } = await drive(new FrameStatistics({ statistics }), messages);
  const { data } = (published[1] as Statistics).payload;
  for (const [index, name] of statistics.entries()) {
    const map = data.subarray(index * ROWS * COLUMNS, (index + 1) * ROWS * COLUMNS);
    expectSame(
      map.filter((_, pixel) => pixel % every === 0),
      frames[dtype][name],
    );
  }
});

test.each(TESTED)("golden statistics - blocks, projection and region of %s are those of numpy", (dtype) => {
  const one = eventOf(dtype, 11);
  const dataOf = (operator: Rebin): ArrayLike<number> => ((operator.process(one) as Event).payload as NdArray).data;
  expectSame(dataOf(new Rebin({ rows: 4, columns: 8 })), frames[dtype].sums);
  expectSame(dataOf(new Rebin({ rows: "all", combine: "mean" })), frames[dtype].projection);
  const regions = new Regions({ regions: { one: { rows: [5, 25], columns: [10, 50] } } });
  const made = (regions.process(one) as Event<{ regions: { one: RegionStatistics } }>).metadata.regions.one;
  const names = Object.keys(frames[dtype].region) as (keyof RegionStatistics)[];
  expectSame(
    names.map((name) => made[name]),
    names.map((name) => frames[dtype].region[name]),
  );
});

test.each(
  golden<{ cuts: { from: [number, number]; to: [number, number]; samples: number; values: Values }[] }>("line-cut")
    .cuts,
)("golden line cuts - from $from to $to is that of scipy", ({ values, ...options }) => {
  const map = new Event({}, new NdArray(seededDark(3), [ROWS, COLUMNS]), { run: "r" }) as unknown as Event;
  const cut = new LineCut(options).process(map) as Event;
  expectSame((cut.payload as NdArray).data, values);
});
