import type { Event } from "arroyojs";
import { HitFinder, type JudgedFrame, Preview, type PreviewFrame } from "arroyojs/reduction";
import { drive, VirtualClock } from "arroyojs/testing";
import { expect, test } from "vitest";
import { elementsOf, frame, whole } from "./frames.ts";
import { numbers } from "./seeded-frames.ts";

test("HitFinder - a frame without enough bright pixels does not go on", async () => {
  const frames = [
    frame(Uint16Array.of(1, 50, 65_535, 60), [2, 2]),
    frame(Uint16Array.of(1, 50, 65_535, 65_535), [2, 2]),
    frame(BigUint64Array.of(1n, 11n, 12n, 2n ** 64n - 1n), [2, 2]),
    frame(Float64Array.of(11, Number.NaN, Number.POSITIVE_INFINITY, 12), [2, 2]),
  ];
  const { published, account } = await drive(new HitFinder({ threshold: 10, minPixels: 2 }), whole(...frames));
  const hits = published.filter((one): one is JudgedFrame => one.type === "event");
  expect(hits.map(({ payload }) => payload)).toEqual([0, 2, 3].map((at) => (frames[at] as Event).payload));
  expect(hits.map(({ metadata }) => metadata.hit)).toEqual(hits.map(() => ({ isHit: true, pixels: 2 })));
  expect(account.filtered).toBe(1);
});

test("HitFinder - blanks may go on marked, and masked pixels do not count", () => {
  const finder = new HitFinder({ threshold: 10, minPixels: 1, blanks: "mark", mask: [0, 1] });
  const { metadata } = finder.process(frame(Int32Array.of(1, 99), [1, 2])) as JudgedFrame;
  expect(metadata.hit).toEqual({ isHit: false, pixels: 0 });
});

test("Preview - one of so many frames, stretched between its least and its largest pixel", () => {
  const preview = new Preview({ oneIn: 2 });
  const one = frame(Uint16Array.of(0, 65_535, 1, 9, 99), [1, 5]);
  const shown = [1, 2, 3].map(() => preview.process(one));
  expect(shown.map((message) => message?.type)).toEqual(["event", undefined, "event"]);
  const white = Math.log1p(99);
  const part = (value: number): number => 1 + Math.round((254 * Math.log1p(value)) / white);
  expect(elementsOf(shown[0])).toEqual([1, 0, part(1), part(9), 255]);
  expect((shown[0] as PreviewFrame).metadata.preview.range).toEqual([0, 99]);
});

test("Preview - linear between given ends; a frame of one value is black", () => {
  const preview = new Preview({ stretch: "linear", range: [10, 264] });
  expect(elementsOf(preview.process(frame(Float32Array.of(0, 10, 11, 264, 300, NaN), [2, 3])))).toEqual([
    1, 1, 2, 255, 255, 0,
  ]);
  expect(elementsOf(new Preview().process(frame(Int8Array.of(5, 5), [1, 2])))).toEqual([1, 1]);
});

test.each([
  ["uint16", Uint16Array],
  ["int16", Int16Array],
  ["uint8", Uint8Array],
  ["int8", Int8Array],
] as const)("Preview - a large frame of %s has the shades of a small one", (_type, make) => {
  const state = numbers(3, 300 * 300);
  const large = new make(state.length);
  for (const [pixel, value] of state.entries()) large[pixel] = value >>> 7;
  for (const stretch of ["log", "linear"] as const) {
    const preview = new Preview({ stretch, range: [-20, 9000] });
    const all = elementsOf(preview.process(frame(large, [300, 300])));
    const part = elementsOf(preview.process(frame(large.slice(0, 3000), [30, 100])));
    expect(all.slice(0, 3000)).toEqual(part);
    expect(new Set(part).size).toBeGreaterThan(5);
  }
});

test("Preview - at most so many a second", async () => {
  const clock = new VirtualClock();
  const preview = new Preview({ perSecond: 4 }, clock);
  const one = frame(Uint8Array.of(1), [1, 1]);
  const shown: number[] = [];
  for (let ms = 0; ms < 1000; ms += 100) {
    if (preview.process(one) !== undefined) shown.push(ms);
    await clock.advance(100);
  }
  expect(shown).toEqual([0, 300, 600, 900]);
});

test.each([
  [() => new HitFinder({ threshold: Number.NaN, minPixels: 1 }), "threshold: expected a number"],
  [() => new HitFinder({ threshold: 1, minPixels: 0 }), "minPixels: expected a number from 1 up"],
  [() => new Preview({ oneIn: 0 }), "oneIn: expected a whole number"],
  [() => new Preview({ range: [2, 1] }), "range: expected [black, white]"],
])("selection - options that mean nothing are refused (%#)", (make, text) => {
  expect(make).toThrow(text);
});
