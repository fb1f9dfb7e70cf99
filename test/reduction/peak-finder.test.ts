import { type FrameWithPeaks, PeakFinder, type PeakFinderOptions } from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { expect, test } from "vitest";
import { frame, whole } from "./frames.ts";
import { numbers } from "./seeded-frames.ts";

const [ROWS, COLUMNS] = [64, 80];

/** A background that rises from left to right and scatters, with peaks of a known place and size on it. */
function counts(peaks: readonly (readonly [row: number, column: number, height: number])[], seed = 5): Float64Array {
  const noise = numbers(seed, ROWS * COLUMNS);
  const data = Float64Array.from(noise, (state, at) => 100 + 4 * (at % COLUMNS) + ((state >>> 9) % 9));
  for (const [row, column, height] of peaks) {
    for (let y = -2; y <= 2; y += 1) {
      for (let x = -2; x <= 2; x += 1) {
        const at = (row + y) * COLUMNS + column + x;
        data[at] = (data[at] as number) + height * Math.exp(-(y * y + x * x) / 1.5);
      }
    }
  }
  return data;
}

const PEAKS = [
  [10, 12, 900],
  [30, 70, 1500],
  [50, 40, 600],
] as const;
const OPTIONS: PeakFinderOptions = { threshold: 300, minSnr: 6 };

test.each([
  ["float64", Float64Array],
  ["float32", Float32Array],
  ["uint16", Uint16Array],
  ["int32", Int32Array],
])("PeakFinder - of %s, peaks are found above a background that rises, the brightest first", (_type, make) => {
  const found = new PeakFinder(OPTIONS).process(frame(make.from(counts(PEAKS)), [ROWS, COLUMNS])) as FrameWithPeaks;
  expect(found.metadata.hit).toEqual({ isHit: true, peaks: 3 });
  const { peaks } = found.metadata;
  expect(peaks.map(({ row, column }) => [Math.floor(row), Math.floor(column)])).toEqual([
    [30, 70],
    [10, 12],
    [50, 40],
  ]);
  for (const [index, { row, column, pixels, intensity, background, snr }] of peaks.entries()) {
    const [y, x, height] = [PEAKS[1], PEAKS[0], PEAKS[2]][index] as readonly [number, number, number];
    expect(Math.hypot(row - y - 0.5, column - x - 0.5)).toBeLessThan(0.1);
    expect(background).toBeGreaterThan(100 + 4 * x - 4);
    expect(background).toBeLessThan(108 + 4 * x + 4);
    expect(pixels).toBeGreaterThanOrEqual(9);
    // The whole of a Gaussian: pi times the square of its width times its height.
    expect(Math.abs(intensity / (height * Math.PI * 1.5) - 1)).toBeLessThan(0.2);
    expect(snr).toBeGreaterThan(10);
  }
});

test("PeakFinder - without enough peaks a frame does not go on, or goes on marked", async () => {
  const frames = [counts(PEAKS), counts([]), counts(PEAKS.slice(0, 1))].map((data) => frame(data, [ROWS, COLUMNS]));
  const { published, account } = await drive(new PeakFinder({ ...OPTIONS, minPeaks: 2 }), whole(...frames));
  expect(published.map(({ type }) => type)).toEqual(["start", "event", "stop"]);
  expect(account.filtered).toBe(2);
  const marked = await drive(
    new PeakFinder({ ...OPTIONS, minPeaks: 2, maxPeaks: 1, blanks: "mark" }),
    whole(...frames),
  );
  const events = marked.published.filter((one): one is FrameWithPeaks => one.type === "event");
  expect(events.map(({ metadata }) => [metadata.hit, metadata.peaks.length])).toEqual([
    [{ isHit: true, peaks: 3 }, 1],
    [{ isHit: false, peaks: 0 }, 0],
    [{ isHit: false, peaks: 1 }, 1],
  ]);
});

test("PeakFinder - single pixels, plateaus that are too large, masked and saturated ones are no peaks", () => {
  const data = Uint16Array.from(counts([PEAKS[0]]));
  data[40 * COLUMNS + 20] = 5000; // one pixel
  data[40 * COLUMNS + 50] = 65_535; // saturated
  for (let y = 48; y < 56; y += 1) for (let x = 60; x < 68; x += 1) data[y * COLUMNS + x] = 3000;
  const mask = new Uint8Array(data.length);
  const find = (options: Partial<PeakFinderOptions>): number =>
    (
      new PeakFinder({ ...OPTIONS, maxPixels: 20, blanks: "mark", ...options }).process(
        frame(data, [ROWS, COLUMNS]),
      ) as FrameWithPeaks
    ).metadata.hit.peaks;
  expect(find({ maxPixels: 20 })).toBe(1);
  expect(find({ minPixels: 1 })).toBe(2);
  for (let y = 6; y < 15; y += 1) mask.fill(1, y * COLUMNS, y * COLUMNS + 20);
  expect(find({ mask })).toBe(0);
});

test("PeakFinder - two peaks side by side are two, and a peak at the edge is found", () => {
  const data = counts([
    [20, 20, 900],
    [20, 27, 800],
    [2, 77, 900],
  ]);
  const { metadata } = new PeakFinder(OPTIONS).process(frame(data, [ROWS, COLUMNS])) as FrameWithPeaks;
  expect(metadata.peaks.map(({ row, column }) => [Math.floor(row), Math.floor(column)]).sort()).toEqual([
    [2, 77],
    [20, 20],
    [20, 27],
  ]);
});

test.each([
  [{ threshold: Number.NaN }, "threshold: expected a number"],
  [{ radius: [8, 4] }, "radius: expected [peak, background]"],
  [{ minPixels: 3, maxPixels: 2 }, "maxPixels: expected a whole number from 3 up"],
  [{ blanks: "hide" }, "blanks: expected drop or mark"],
  [{ minSNR: 3 }, 'there is no option "minSNR"'],
])("PeakFinder - options %j are refused", (options, text) => {
  expect(() => new PeakFinder({ ...OPTIONS, ...options } as PeakFinderOptions)).toThrow(text);
});
