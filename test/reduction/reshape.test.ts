import { Event, NdArray } from "arroyojs";
import { Crop, Rebin, type RebinOptions, Regions, Rotate, type Window } from "arroyojs/reduction";
import { expect, test } from "vitest";
import { elementsOf, frame } from "./frames.ts";

const THREE_BY_FOUR = frame(Uint16Array.of(0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 65_535), [3, 4]);

const made = (operator: { process(event: Event): unknown }, event: Event): Event => operator.process(event) as Event;

test("Crop - cuts a window out, of the same type", () => {
  const event = made(new Crop({ rows: [1, 3], columns: [2, 4] }), THREE_BY_FOUR);
  expect(event.array("uint16").shape).toEqual([2, 2]);
  expect(elementsOf(event)).toEqual([12, 13, 22, 65_535]);
  expect(event.run).toBe("r");
  expect(() => made(new Crop({ rows: [1, 4], columns: [2, 4] }), THREE_BY_FOUR)).toThrow("the frame has 3 x 4");
});

test("Rotate - turns as numpy's rot90 does, every type, and leaves the frame itself alone", () => {
  const small = frame(BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n), [2, 3]);
  const turned = (quarters: number): unknown[] => elementsOf(made(new Rotate({ quarters }), small));
  expect(turned(1)).toEqual([3n, 6n, 2n, 5n, 1n, 4n]);
  expect(turned(2)).toEqual([6n, 5n, 4n, 3n, 2n, 1n]);
  expect(turned(3)).toEqual([4n, 1n, 5n, 2n, 6n, 3n]);
  expect(turned(-1)).toEqual(turned(3));
  expect(made(new Rotate({ quarters: 4 }), small)).toBe(small);
  expect((made(new Rotate({ quarters: 1 }), small).payload as NdArray).shape).toEqual([3, 2]);
  expect(elementsOf(small)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
});

test("Rebin - sums, means and projections leave out what is not valid", () => {
  const of = (options: RebinOptions): unknown[] => elementsOf(made(new Rebin(options), THREE_BY_FOUR));
  expect(of({ rows: 2, columns: 2 })).toEqual([22, 30]);
  expect(of({ rows: "all" })).toEqual([30, 33, 36, 16]);
  expect(of({ columns: "all", combine: "mean" })).toEqual([1.5, 11.5, 21]);
  expect(of({ rows: 3, columns: 4, sentinel: "none" })).toEqual([115 + 65_535]);
  expect(elementsOf(made(new Rebin({}), frame(Float32Array.of(Number.NaN, 2), [1, 2])))).toEqual([Number.NaN, 2]);
  expect(() => of({ rows: 4 })).toThrow("4 x 1 pixels were to become one, the frame has 3 x 4");
});

test("Regions - statistics go into the metadata, the frame goes on as it is", () => {
  const regions = { all: { rows: [0, 3], columns: [0, 4] }, bad: { rows: [2, 3], columns: [3, 4] } } as const;
  const event = made(new Regions({ regions }), THREE_BY_FOUR);
  expect(event.payload).toBe(THREE_BY_FOUR.payload);
  const values = [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22];
  const mean = values.reduce((sum, one) => sum + one) / 11;
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 10;
  expect(event.metadata["regions"]).toEqual({
    all: { pixels: 11, sum: 115, mean, variance: expect.closeTo(variance, 10), min: 0, max: 22 },
    bad: { pixels: 0, sum: 0, mean: Number.NaN, variance: Number.NaN, min: Number.NaN, max: Number.NaN },
  });
});

test.each([
  [() => new Crop({ rows: [2, 1], columns: [0, 1] }), "Crop: rows: expected [from, to]"],
  [() => new Crop({ rows: [0, 1] } as unknown as Window), "Crop: columns: expected [from, to]"],
  [() => new Rotate({ quarters: 0.5 }), "Rotate: quarters: expected a whole number"],
  [() => new Rebin({ rows: 0 }), "Rebin: rows: expected a whole number"],
  [() => new Rebin({ combine: "most" as never }), "Rebin: combine: expected sum or mean"],
  [() => new Regions({ regions: {} }), "Regions: regions: expected windows by name"],
  [() => new Regions({ regions: { a: { rows: [-1, 1], columns: [0, 1] } } }), "Regions: a: rows: expected"],
])("reshaping - options that mean nothing are refused (%#)", (make, text) => {
  expect(make).toThrow(text);
});

test("reshaping - leading dimensions of length 1 are left out, longer ones refused", () => {
  const crop = new Crop({ rows: [0, 1], columns: [0, 1] });
  expect(elementsOf(made(crop, frame(Int8Array.of(-3, 4), [1, 1, 2])))).toEqual([-3]);
  expect(() => made(crop, frame(Int8Array.of(1, 2, 3, 4), [2, 2, 1]))).toThrow(
    "two dimensions, got the shape [2, 2, 1]",
  );
  const half = new Event({}, new NdArray(Uint16Array.of(1), [1, 1], "float16")) as unknown as Event;
  expect(() => made(crop, half)).toThrow("float16 is not supported");
});
