import { type AnyMessage, Event, type NdArray, Start, Stop } from "arroyojs";
import {
  AzimuthalIntegration,
  type AzimuthalOptions,
  Correct,
  type Curve,
  FrameStatistics,
  type Geometry,
  Rebin,
  type RegionStatistics,
  Regions,
  type Statistics,
} from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { expect } from "vitest";
import { COLUMNS, ROWS, seededDark, seededFlat, seededFrame, seededMask, type Tested } from "./seeded-frames.ts";

/** Is a list of numbers of theirs; null where there is none. */
export type Values = readonly (number | null)[];

/** Says of which frames a result is: what is added to every seed, and whether counts take the whole range of their type. */
export interface Frames {
  readonly base: number;
  readonly wide: boolean;
}

/** Is an integration with what pyFAI made of it. */
export interface Integrated {
  readonly geometry: { readonly dist: number } & Record<"poni1" | "poni2" | "rot1" | "rot2" | "rot3", number>;
  readonly orientation: 1 | 2 | 3 | 4;
  readonly dtype: Tested;
  readonly unit: "r_mm" | "2th_deg";
  readonly bins: number;
  readonly range: [number, number];
  readonly split: "no" | "bbox";
  readonly mask: boolean;
  readonly dark: boolean;
  readonly flat: boolean;
  readonly solidAngle: boolean;
  readonly polarisation: number | null;
  readonly errors: "none" | "poisson";
  readonly azimuth: { readonly bins: number; readonly range: [number, number] } | null;
  /** null: not compared. */
  readonly intensity: Values;
  readonly sigma: Values | null;
}

/** Is what numpy makes of the frames of a type. */
export interface Summed {
  readonly mean: Values;
  readonly variance: Values;
  readonly min: Values;
  readonly max: Values;
  readonly sums: Values;
  readonly projection: Values;
  readonly region: RegionStatistics;
}

/** Checks that our curve is that of pyFAI, with an error of 1e-5. */
export function expectIntegrated(one: Integrated, { base, wide }: Frames): void {
  const operator = new AzimuthalIntegration(optionsOf(one, base));
  const event = new Event({}, seededFrame(one.dtype, base + 1, wide)) as Event<
    Record<string, unknown>,
    NdArray<"uint16">
  >;
  const { payload } = operator.process(event) as Curve;
  const expected = [...one.intensity, ...(one.sigma ?? [])];
  expect(payload.data).toHaveLength(expected.length);
  expect(expected.filter((value) => value !== null).length).toBeGreaterThan(4);
  const apart = expected.map((value, at) => (value === null ? 0 : relative(payload.data[at] as number, value)));
  const worst = Math.max(...apart);
  expect(worst, `base ${base}, ${JSON.stringify({ ...one, intensity: 0, sigma: 0 })}`).toBeLessThan(1e-5);
}

/** Checks that a corrected frame is that of numpy, at every so many pixels. */
export function expectCorrected(dtype: Tested, every: number, theirs: Values, { base, wide }: Frames): void {
  const [dark, flat, mask] = [seededDark(base + 3), seededFlat(base + 4), seededMask(base + 2)];
  const operator = new Correct({ dark, flat, gain: 2, mask });
  const frame = new Event({}, seededFrame(dtype, base + 5, wide)) as unknown as Event;
  const made = operator.process(frame) as Event;
  expectSame(
    made.array("float32").data.filter((_, at) => at % every === 0),
    theirs,
  );
}

/** Checks that the statistics of pixels over five frames are those of numpy, at every so many pixels. */
export async function expectStatistics(dtype: Tested, every: number, theirs: Summed, frames: Frames): Promise<void> {
  const statistics = ["mean", "variance", "min", "max"] as const;
  const events = [11, 12, 13, 14, 15].map((seed) => eventOf(dtype, seed, frames));
  const messages: AnyMessage[] = [new Start({}, { run: "r" }), ...events, new Stop({}, { run: "r" })];
  const { published } = await drive(new FrameStatistics({ statistics }), messages as Event[]);
  const { data } = (published[1] as unknown as Statistics).payload;
  for (const [index, name] of statistics.entries()) {
    const map = data.subarray(index * ROWS * COLUMNS, (index + 1) * ROWS * COLUMNS);
    expectSame(
      map.filter((_, pixel) => pixel % every === 0),
      theirs[name],
    );
  }
}

/** Checks that sums of blocks, a projection and the statistics of a window are those of numpy. */
export function expectSummed(dtype: Tested, theirs: Summed, frames: Frames): void {
  const one = eventOf(dtype, 11, frames);
  const dataOf = (operator: Rebin): ArrayLike<number> => ((operator.process(one) as Event).payload as NdArray).data;
  expectSame(dataOf(new Rebin({ rows: 4, columns: 8 })), theirs.sums);
  expectSame(dataOf(new Rebin({ rows: "all", combine: "mean" })), theirs.projection);
  const regions = new Regions({ regions: { one: { rows: [5, 25], columns: [10, 50] } } });
  const made = (regions.process(one) as Event<{ regions: { one: RegionStatistics } }>).metadata.regions.one;
  const names = Object.keys(theirs.region) as (keyof RegionStatistics)[];
  expectSame(
    names.map((name) => made[name]),
    names.map((name) => theirs.region[name]),
  );
}

/** Checks that numbers are the same to 1e-5; NaN where they have none. */
export function expectSame(ours: ArrayLike<number>, theirs: Values): void {
  expect(ours).toHaveLength(theirs.length);
  for (const [at, value] of theirs.entries()) {
    const own = ours[at] as number;
    if (value === null) expect(own).toBeNaN();
    else expect(Math.abs(own - value), `${at}: ${own}, expected ${value}`).toBeLessThanOrEqual(1e-5 * Math.abs(value));
  }
}

function eventOf(dtype: Tested, seed: number, { base, wide }: Frames): Event {
  return new Event({}, seededFrame(dtype, base + seed, wide), { run: "r" }) as unknown as Event;
}

function optionsOf(one: Integrated, base: number): AzimuthalOptions {
  const { dist, ...rest } = one.geometry;
  const { orientation } = one;
  const geometry: Geometry = { ...rest, distance: dist, pixel1: 1e-4, pixel2: 1e-4, wavelength: 1e-10, orientation };
  const { unit, bins, range, split, solidAngle, errors } = one;
  return {
    geometry,
    unit,
    bins,
    range,
    split,
    solidAngle,
    errors,
    ...(one.polarisation !== null && { polarisation: one.polarisation }),
    ...(one.azimuth !== null && { azimuthBins: one.azimuth.bins, azimuthRange: one.azimuth.range }),
    ...(one.mask && { mask: seededMask(base + 2) }),
    ...(one.dark && { dark: seededDark(base + 3) }),
    ...(one.flat && { flat: seededFlat(base + 4) }),
  };
}

function relative(ours: number, theirs: number): number {
  return Math.abs(ours - theirs) / Math.max(Math.abs(theirs), 1e-30);
}
