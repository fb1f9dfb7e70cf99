import { Event, NdArray, Start } from "arroyojs";
import * as reduction from "arroyojs/reduction";
import { AzimuthalIntegration, type AzimuthalOptions, type Curve } from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { expect, test } from "vitest";

/** Options with which each operator can be made. */
const GOOD: Readonly<Record<string, object>> = {
  Assemble: { modules: [{ at: [0, 0] }] },
  AzimuthalIntegration: { centre: [1, 1], bins: 1 },
  Correct: {},
  Crop: { rows: [0, 1], columns: [0, 1] },
  EventHistogram: { time: { bins: 1, range: [0, 1] } },
  FrameStatistics: {},
  HitFinder: { threshold: 1, minPixels: 1 },
  HotPixels: {},
  LineCut: { from: [0, 0], to: [1, 1] },
  PeakFinder: { threshold: 1 },
  Preview: {},
  Rebin: { rows: 2 },
  Regions: { regions: { one: { rows: [0, 1], columns: [0, 1] } } },
  Rotate: { quarters: 1 },
  Threshold: { low: 1 },
};

type Class = new (options: object) => object;

const classes = Object.entries(reduction).filter(([name]) => /^[A-Z]/.test(name)) as [string, Class][];

test("options - every operator is looked at", () => {
  expect(classes.map(([name]) => name).sort()).toEqual(Object.keys(GOOD));
});

test.each(classes)("options - %s refuses one that does not exist, and what are none", (name, make) => {
  const good = GOOD[name] as object;
  expect(() => new make(good)).not.toThrow();
  expect(() => new make({ ...good, sentinal: "max" })).toThrow(`${name}: there is no option "sentinal"; there are `);
  expect(() => new make(3 as unknown as object)).toThrow(`${name}: expected an object of options, got 3`);
  expect(() => new make([] as object)).toThrow(`${name}: expected an object of options, got []`);
});

test("options - with a shape, AzimuthalIntegration makes its table when it opens", async () => {
  const options: AzimuthalOptions = { centre: [2, 2], bins: 2, binPixels: 3, shape: [4, 4] };
  const operator = new AzimuthalIntegration(options);
  const frame = new Event({}, new NdArray(new Uint16Array(16).fill(3), [4, 4]), { run: "r" }) as unknown as Event;
  const { published } = await drive(operator, [new Start({}, { run: "r" }), frame]);
  expect((published[1] as Curve).payload.data[0]).toBe(3);
  for (const shape of [[4], [0, 4], [4, 1.5]] as unknown as [number, number][]) {
    expect(() => new AzimuthalIntegration({ ...options, shape })).toThrow("shape: expected [rows, columns]");
  }
  // What cannot be made fails when it opens, before the first frame.
  const wrong = new AzimuthalIntegration({ ...options, mask: [1, 0] });
  expect(String((await drive(wrong, [new Start({}, { run: "r" })])).error)).toContain("mask: has 2 elements");
});
