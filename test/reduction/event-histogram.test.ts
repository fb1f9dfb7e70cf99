import { readFileSync } from "node:fs";
import { Event, NdArray } from "arroyojs";
import { essCodec } from "arroyojs/formats/ess";
import { EventHistogram, type EventHistogramOptions, type Histogram } from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { elementsOf, whole } from "./frames.ts";

const pulse = (times: number[], pixels: number[]): Event =>
  new Event({ pixel_id: new NdArray(Int32Array.from(pixels)) }, new NdArray(Int32Array.from(times)), {
    run: "r",
  }) as unknown as Event;

async function histograms(options: EventHistogramOptions, ...events: Event[]) {
  const { published, error } = await drive(new EventHistogram(options), whole(...events));
  const made = published.filter((one): one is Histogram => one.type === "event");
  return { made, counts: made.map(elementsOf), error };
}

const TIME = { bins: 2, range: [0, 20] } as const;
const PIXELS = { bins: 3, range: [1, 4] } as const;

test("EventHistogram - by time, by pixel and by both", async () => {
  const event = pulse([0, 9, 10, 20, -1], [1, 2, 3, 1, 9]);
  expect((await histograms({ time: TIME }, event)).counts).toEqual([[2, 1]]);
  expect((await histograms({ pixels: PIXELS }, event)).counts).toEqual([[2, 1, 1]]);
  const both = await histograms({ pixels: PIXELS, time: TIME }, event);
  expect(both.counts).toEqual([[1, 0, 1, 0, 0, 1]]);
  expect(both.made[0]?.payload.shape).toEqual([3, 2]);
  expect(both.made[0]?.metadata).toEqual({ messages: 1, counted: 3, outside: 2 });
});

test("EventHistogram - all of a run, or the latest messages only", async () => {
  const pulses = [pulse([1], [1]), pulse([1, 11], [1, 1]), pulse([11], [1]), pulse([30], [1])];
  expect((await histograms({ time: TIME, every: 3 }, ...pulses)).counts).toEqual([
    [2, 2],
    [2, 2],
  ]);
  const sliding = await histograms({ time: TIME, sliding: 2 }, ...pulses);
  expect(sliding.counts).toEqual([
    [1, 0],
    [2, 1],
    [1, 2],
    [0, 1],
  ]);
  expect(sliding.made.at(-1)?.metadata).toEqual({ messages: 2, counted: 1, outside: 1 });
});

test("EventHistogram - a window of too many events, and pixels that are missing, are refused", async () => {
  const many = await histograms({ time: TIME, sliding: 2, maxEvents: 2 }, pulse([1, 2], [1, 1]), pulse([1], [1]));
  expect(String(many.error)).toContain("3 events lie in the latest 2 messages, maxEvents is 2");
  const monitor = await histograms({ pixels: PIXELS }, pulse([1, 2], []));
  expect(String(monitor.error)).toContain("pixel_id has 0 elements, there are 2 events");
  expect((await histograms({ time: TIME }, pulse([1, 2], []))).counts).toEqual([[2, 0]]);
});

test("EventHistogram - takes what the ESS format reads of an ev44", async () => {
  const file = new URL("../vectors/ess/02-ev44-three-pulses.json", import.meta.url);
  const { frames } = JSON.parse(readFileSync(file, "utf8")) as { readonly frames: readonly { base64: string }[] };
  const bytes = frames.map((one) => Buffer.from(typeof one === "string" ? one : one.base64, "base64"));
  const [decoded] = essCodec.reader(DEFAULT_LIMITS)(bytes);
  const event = decoded?.message as Event;
  const inRun = new Event(event.metadata, event.payload, { run: "r" });
  const { made } = await histograms({ time: { bins: 1, range: [0, 2 ** 31] } }, inRun);
  expect(made[0]?.metadata.counted).toBe((event.payload as NdArray).data.length);
  expect(made[0]?.metadata.counted).toBeGreaterThan(0);
});

test.each([
  [{}, "expected time, pixels or both"],
  [{ time: { bins: 0, range: [0, 1] } }, "time: bins: expected"],
  [{ pixels: { bins: 1, range: [1, 1] } }, "pixels: range: expected"],
  [{ time: { bins: 1e6, range: [0, 1] }, pixels: { bins: 1e6, range: [0, 1] } }, "bins in all"],
  [{ time: TIME, every: 0 }, "every: expected"],
])("EventHistogram - options %j are refused", (options, text) => {
  expect(() => new EventHistogram(options as unknown as EventHistogramOptions)).toThrow(text);
});
