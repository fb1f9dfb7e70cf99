import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Event, NdArray, Start, Stop } from "arroyojs";
import { AzimuthalIntegration, type AzimuthalOptions, type Curve, parsePoni } from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { describe, expect, test } from "vitest";
import { EACH, use } from "./both-kernels.ts";

const event = (counts: Uint16Array | Float32Array, ...shape: number[]): Event =>
  new Event({ frame: 1 }, new NdArray(counts as Uint16Array, shape), { run: "r" }) as unknown as Event;

const curveOf = (options: AzimuthalOptions, one: Event): Curve =>
  new AzimuthalIntegration(options).process(one) as Curve;

const PONI = `# written by hand
poni_version: 2
Detector: Detector
Detector_config: {"pixel1": 1e-4, "pixel2": 2e-4, "max_shape": null}
Distance: 0.1
Poni1: 0.001
Poni2: 0.002
Rot1: 0.1
Rot2: -0.2
Rot3: 0.3
Wavelength: 1e-10
`;

describe.each(EACH)("AzimuthalIntegration, %s", (_name, kernels) => {
  test("AzimuthalIntegration - rings of whole pixels around a centre", async () => {
    use(kernels);
    const counts = Uint16Array.from({ length: 64 }, (_, at) => {
      return Math.floor(Math.hypot(Math.floor(at / 8) - 3.5, (at % 8) - 3.5));
    });
    const options = { centre: [4, 4], bins: 6, binPixels: 1 } as const;
    const start = new Start({}, { run: "r" });
    const { published } = await drive(new AzimuthalIntegration(options), [
      start,
      event(counts, 8, 8),
      new Stop({}, { run: "r" }),
    ]);
    const [, curve] = published as [unknown, Curve];
    expect([...curve.payload.data]).toEqual([0, 1, 2, 3, 4, Number.NaN]);
    expect(curve.metadata).toEqual({
      frame: 1,
      integration: { unit: "pixel", range: [0, 6], bins: 6, errors: "none" },
    });
  });

  test("AzimuthalIntegration - what is masked or not valid changes neither sum nor norm, from frame to frame", () => {
    use(kernels);
    for (const split of ["no", "bbox"] as const) {
      const mask = [1, 0, 0, 0];
      const options = { centre: [1, 1], bins: 1, binPixels: 4, mask, split, dark: [9, 1, 1, 1] } as const;
      const operator = new AzimuthalIntegration(options);
      const of = (...counts: number[]): number =>
        (operator.process(event(Uint16Array.from(counts), 2, 2)) as Curve).payload.data[0] as number;
      expect(of(500, 2, 3, 4)).toBe(2);
      expect(of(500, 2, 65_535, 4)).toBe(2);
      expect(of(500, 3, 3, 65_535)).toBe(2);
      expect(of(500, 65_535, 65_535, 65_535)).toBeNaN();
      expect(of(500, 2, 3, 4)).toBe(2);
      const floats = event(Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY, 4), 2, 2);
      expect((operator.process(floats) as Curve).payload.data[0]).toBe(3);
    }
  });

  test("AzimuthalIntegration - splitting loses nothing, also around the whole circle", () => {
    use(kernels);
    const counts = new Uint16Array(99).fill(7);
    const options = { centre: [4.4, 5.1], bins: 9, azimuthBins: 7, split: "bbox", errors: "poisson" } as const;
    const { payload, metadata } = curveOf(options, event(counts, 9, 11));
    expect(payload.shape).toEqual([2, 7, 9]);
    const values = [...payload.data.subarray(0, 63)].filter((value) => !Number.isNaN(value));
    expect(values.length).toBeGreaterThan(40);
    for (const value of values) expect(value).toBeCloseTo(7, 4);
    expect(metadata.integration).toMatchObject({ azimuthRange: [-180, 180], azimuthBins: 7, errors: "poisson" });
  });

  test("AzimuthalIntegration - tells frames of several shapes apart", () => {
    use(kernels);
    const operator = new AzimuthalIntegration({ centre: [1, 1], bins: 2, binPixels: 9 });
    for (const size of [2, 3, 4, 5, 6, 2]) {
      const made = operator.process(event(new Uint16Array(size * size).fill(size), size, size)) as Curve;
      expect(made.payload.data[0]).toBe(size);
    }
  });
});

test("AzimuthalIntegration - reads its .poni file when it is opened", async () => {
  const folder = mkdtempSync(join(tmpdir(), "arroyojs-"));
  try {
    const poni = join(folder, "detector.poni");
    writeFileSync(poni, PONI);
    const one = event(new Uint16Array(400).fill(3), 20, 20);
    const start = new Start({}, { run: "r" });
    const { published, error } = await drive(new AzimuthalIntegration({ poni, bins: 4, solidAngle: false }), [
      start,
      one,
    ]);
    expect(error).toBeUndefined();
    const curve = published[1] as Curve;
    expect([...curve.payload.data]).toEqual([3, 3, 3, 3]);
    expect(curve.metadata.integration.unit).toBe("q_nm^-1");
    const missing = await drive(new AzimuthalIntegration({ poni: `${poni}.not`, bins: 4 }), [start, one]);
    expect(String(missing.error)).toContain("cannot be read");
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(() => curveOf({ poni: "x.poni", bins: 4 }, event(new Uint16Array(1), 1, 1))).toThrow("was not read");
});

test("poni - versions 1, 2 and 2.1 are read, the newest entry counts", () => {
  const two = parsePoni(PONI);
  expect(two).toEqual({
    distance: 0.1,
    poni1: 0.001,
    poni2: 0.002,
    rot1: 0.1,
    rot2: -0.2,
    rot3: 0.3,
    pixel1: 1e-4,
    pixel2: 2e-4,
    wavelength: 1e-10,
    orientation: 3,
  });
  const appended = PONI.replace("poni_version: 2", "poni_version: 2.1").replace("null}", 'null, "orientation": 2}');
  expect(parsePoni(`${appended}\nDistance: 0.5\n`)).toEqual({ ...two, distance: 0.5, orientation: 2 });
  const one = "PixelSize1: 5e-5\nPixelSize2: 6e-5\nDistance: 1\nPoni1: 0\nPoni2: 0\nWavelength: None\n";
  expect(parsePoni(one)).toMatchObject({ pixel1: 5e-5, pixel2: 6e-5, rot1: 0 });
  expect(parsePoni(one)).not.toHaveProperty("wavelength");
  const known = "Detector: Eiger2 CdTe 1M\nDetector_config: {}\nDistance: 1\nPoni1: 0\nPoni2: 0\n";
  expect(parsePoni(known).pixel1).toBe(75e-6);
});

test.each([
  ["", "Distance: missing"],
  [PONI.replace("poni_version: 2", "poni_version: 9"), "poni_version 9 is not known"],
  [PONI.replace("0.1\nPoni1", "-1\nPoni1"), "Distance: expected a number above 0"],
  [PONI.replace("0.001", "x"), "poni1: expected a number, got x"],
  [PONI.replace('{"pixel1"', '{"'), "Detector_config: is no JSON"],
  [PONI.replace('"pixel1": 1e-4, ', ""), "pixel1: missing"],
  [PONI.replace("null}", 'null, "orientation": 7}'), "orientation: expected 1 to 4"],
])("poni - a file that says nothing sensible is refused (%#)", (contents, text) => {
  expect(() => parsePoni(contents)).toThrow(text);
});

test.each([
  [{ bins: 3 }, "one of centre, poni and geometry"],
  [{ centre: [1, 1], bins: 0 }, "bins: expected a whole number"],
  [{ centre: [1, 1], bins: 1e9 }, "bins: expected at most"],
  [{ centre: [1], bins: 1 }, "centre: expected [row, column]"],
  [{ centre: [1, 1], bins: 1, solidAngle: true }, "distance: expected metres"],
  [{ centre: [1, 1], bins: 1, unit: "2th_deg" }, "distance: expected a number, for the unit is 2th_deg"],
  [{ centre: [1, 1], bins: 1, unit: "q_nm^-1", distance: 1, pixelSize: 1 }, "wavelength: expected a number"],
  [{ centre: [1, 1], bins: 1, unit: "miles" }, "unit: expected pixel"],
  [{ centre: [1, 1], bins: 1, range: [2, 1] }, "range: expected [from, to]"],
  [{ centre: [1, 1], bins: 1, azimuthBins: 2, azimuthRange: [0, 400] }, "at most 360 degrees"],
  [{ centre: [1, 1], bins: 1, polarisation: 2 }, "polarisation: expected -1 to 1"],
])("AzimuthalIntegration - options %j are refused", (options, text) => {
  expect(() => new AzimuthalIntegration(options as unknown as AzimuthalOptions)).toThrow(text);
});
