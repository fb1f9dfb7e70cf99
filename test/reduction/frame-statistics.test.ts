import type { Event, NdArray } from "arroyojs";
import { FrameStatistics, type FrameStatisticsOptions, type Statistics } from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { expect, test } from "vitest";
import { frame, whole } from "./frames.ts";

async function kept(options: FrameStatisticsOptions, ...events: Event[]) {
  const { published, error } = await drive(new FrameStatistics(options), whole(...events));
  const results = published.filter((one): one is Statistics => one.type === "event");
  return { types: published.map(({ type }) => type), results, error };
}

const row = (...values: number[]): Event => frame(Uint16Array.from(values), [1, values.length]);

test("FrameStatistics - all of a run, at its end, without what is not valid", async () => {
  const statistics = ["mean", "variance", "min", "max"] as const;
  const { types, results } = await kept(
    { statistics },
    row(1, 65_535, 4),
    row(2, 65_535, 65_535),
    row(6, 65_535, 65_535),
  );
  expect(types).toEqual(["start", "event", "stop"]);
  const [{ payload, metadata, run }] = results as [Statistics];
  expect(payload.shape).toEqual([4, 1, 3]);
  expect([...payload.data]).toEqual([3, NaN, 4, 7, NaN, NaN, 1, NaN, 4, 6, NaN, 4]);
  expect(metadata).toEqual({ statistics, frames: 3, key: null });
  expect(run).toBe("r");
});

test("FrameStatistics - each value of a key is kept apart, and goes out after so many frames", async () => {
  const of = (pump: unknown, value: number): Event => frame(Float32Array.of(value), [1, 1], { pump });
  const { results } = await kept({ key: "pump", every: 2 }, of(true, 1), of(false, 10), of(true, 3), of(true, 5));
  const said = results.map(({ metadata, payload }) => [metadata.key, metadata.frames, payload.data[0]]);
  expect(said).toEqual([
    [true, 2, 2],
    [true, 3, 3],
    [false, 1, 10],
  ]);
});

test("FrameStatistics - with a decay older frames fade", async () => {
  const statistics = ["mean", "variance"] as const;
  const { results } = await kept({ statistics, decay: 0.5, every: 1 }, row(8), row(0), row(4));
  expect(results.map(({ payload }) => [...(payload as NdArray).data])).toEqual([
    [8, 0],
    [4, 16],
    [4, 8],
  ]);
});

test("FrameStatistics - too many values of a key, and frames of another size, are refused", async () => {
  const of = (step: number, values: number[]): Event => frame(Uint8Array.from(values), [1, values.length], { step });
  const many = await kept({ key: "step", maxKeys: 2 }, of(1, [1]), of(2, [1]), of(3, [1]));
  expect(String(many.error)).toContain("step: has more than 2 values in a run; raise maxKeys");
  const other = await kept({}, of(1, [1]), of(1, [1, 2]));
  expect(String(other.error)).toContain("a frame is 1 x 2, those before were 1 x 1");
});

test.each([
  [{ statistics: [] }, "statistics: expected some of mean, variance, min, max"],
  [{ every: 0 }, "every: expected a number from 1 up"],
  [{ decay: 0 }, "decay: expected above 0"],
])("FrameStatistics - options %j are refused", (options, text) => {
  expect(() => new FrameStatistics(options as FrameStatisticsOptions)).toThrow(text);
});
