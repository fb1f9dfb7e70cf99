import { readFileSync } from "node:fs";
import { Event, type NdArray } from "arroyojs";
import { AzimuthalIntegration, type AzimuthalOptions, type Curve, type Geometry } from "arroyojs/reduction";
import { describe, expect, test } from "vitest";
import { EACH, use } from "./both-kernels.ts";
import { COLUMNS, ROWS, seededDark, seededFlat, seededFrame, seededMask, type Tested } from "./seeded-frames.ts";

interface Case {
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
  readonly intensity: readonly (number | null)[];
  readonly sigma: readonly (number | null)[] | null;
}

const file = new URL("../vectors/reduction/integration.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Case[] };

function optionsOf(one: Case): AzimuthalOptions {
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
    ...(one.mask && { mask: seededMask(2) }),
    ...(one.dark && { dark: seededDark(3) }),
    ...(one.flat && { flat: seededFlat(4) }),
  };
}

function relative(ours: number, theirs: number): number {
  return Math.abs(ours - theirs) / Math.max(Math.abs(theirs), 1e-30);
}

describe.each(EACH)("integration, %s", (_name, kernels) => {
  test.each(cases.map((one, index) => [index, one] as const))("golden curves - case %i is that of pyFAI", (_, one) => {
    use(kernels);
    const operator = new AzimuthalIntegration(optionsOf(one));
    const event = new Event({}, seededFrame(one.dtype, 1)) as Event<Record<string, unknown>, NdArray<"uint16">>;
    const { payload } = operator.process(event) as Curve;
    const expected = [...one.intensity, ...(one.sigma ?? [])];
    expect(payload.data).toHaveLength(expected.length);
    expect(expected.filter((value) => value !== null).length).toBeGreaterThan(4);
    const apart = expected.map((value, at) => (value === null ? 0 : relative(payload.data[at] as number, value)));
    const worst = Math.max(...apart);
    expect(worst, `${JSON.stringify({ ...one, intensity: 0, sigma: 0 })}`).toBeLessThan(1e-5);
  });
});

test("golden curves - cover every type and both ways of splitting", () => {
  expect(ROWS * COLUMNS).toBe(3072);
  expect(new Set(cases.map(({ dtype, split }) => `${dtype} ${split}`)).size).toBe(20);
});
