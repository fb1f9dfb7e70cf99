import type { Arrays } from "arroyojs";
import { describe, expect, test } from "vitest";
import { PixelMoments } from "../../src/reduction/pixel-moments.ts";
import { EACH } from "./both-kernels.ts";
import { numbers, seededFrame, TESTED } from "./seeded-frames.ts";

/** Reaches over three batches, and ends within a vector. */
const PIXELS = 2 * 32_768 + 13;
const EMPTY = Number.NaN;

/** Adds up one after the other, as slowly and plainly as can be. */
function summed(values: ArrayLike<number | bigint>, bins: ArrayLike<number>, count: number, sentinel?: number) {
  const sums = Array.from({ length: count }, () => 0);
  const variances = Array.from({ length: count }, () => 0);
  const invalid: number[] = [];
  for (let pixel = 0; pixel < values.length; pixel += 1) {
    const value = Number(values[pixel]);
    const bin = bins[pixel] as number;
    if (value === sentinel || !Number.isFinite(value)) invalid.push(pixel);
    else if (bin < count) {
      sums[bin] = (sums[bin] as number) + value;
      variances[bin] = (variances[bin] as number) + Math.max(1, value);
    }
  }
  return { sums, variances, invalid };
}

function binsFor(count: number, pixels: number): Uint32Array {
  // One in so many is masked: its bin is the one behind the last.
  return Uint32Array.from(numbers(7, pixels), (state) => (state >>> 5) % (count + 1));
}

function large(make: (length: number) => Arrays["uint8" | "int8" | "uint16" | "int16"], sentinel: number) {
  const values = make(PIXELS);
  for (const [at, state] of numbers(3, PIXELS).entries()) {
    values[at] = state % 11 === 0 || at === PIXELS - 1 ? sentinel : state >>> 9;
  }
  return values;
}

describe.each(EACH)("kernels, %s", (_name, kernels) => {
  test.each([
    ["uint8", large((length) => new Uint8Array(length), 0xff), 0xff],
    ["int8", large((length) => new Int8Array(length), 0x7f), 0x7f],
    ["uint16", large((length) => new Uint16Array(length), 0xffff), 0xffff],
    ["int16", large((length) => new Int16Array(length), 0x7fff), 0x7fff],
    ["int16 with a negative sentinel", large((length) => new Int16Array(length), -2), -2],
  ] as const)("sums - of %s over several batches", (_type, values, sentinel) => {
    // By lists of pixels, by tables of small sums, by the wide table.
    for (const count of [1, 3, 1000, 3000, 5000]) {
      const bins = binsFor(count, PIXELS);
      const expected = summed(values, bins, count, sentinel);
      const { sums, invalid } = kernels.byPixel(bins, count, false).sum(values, sentinel);
      expect([...sums]).toEqual(expected.sums);
      expect([...invalid]).toEqual(expected.invalid);
      const withErrors = kernels.byPixel(bins, count, true).sum(values, sentinel);
      expect([...withErrors.sums]).toEqual(expected.sums);
      expect([...(withErrors.variances ?? [])]).toEqual(expected.variances);
    }
  });

  test.each([
    [
      "uint32",
      Uint32Array.from(numbers(4, PIXELS), (state) => (state % 11 === 0 ? 0xffffffff : state >>> 1)),
      0xffffffff,
    ],
    ["int32", Int32Array.from(numbers(4, PIXELS), (state) => (state % 11 === 0 ? 7 : state >> 1)), 7],
    [
      "float32",
      Float32Array.from(numbers(4, PIXELS), (state) => [(state >>> 9) / 4, EMPTY, Infinity, -1, 5][state % 5] ?? 0),
      5,
    ],
    [
      "float32 without a sentinel",
      Float32Array.from(numbers(4, PIXELS), (state) => (state >>> 9) / 4 - 100),
      undefined,
    ],
  ] as const)("sums - of %s over several tiles", (_type, values, sentinel) => {
    for (const count of [1, 1000, 20_000]) {
      const bins = binsFor(count, PIXELS);
      const expected = summed(values, bins, count, sentinel);
      const summing = kernels.byPixel(bins, count, false);
      for (let round = 0; round < 2; round += 1) {
        const { sums, invalid } = summing.sum(values, sentinel);
        expect([...sums]).toEqual(expected.sums);
        expect([...invalid]).toEqual(expected.invalid);
      }
      // Frames of another type go through the same tables.
      const bytes = Uint8Array.from(values, (value) => value);
      expect([...summing.sum(bytes, undefined).sums]).toEqual(summed(bytes, bins, count).sums);
    }
  });

  test.each([
    ["largest uint16, none of them a sentinel", Uint16Array, 65_535, undefined],
    ["largest uint16 but one", Uint16Array, 65_534, 65_535],
    ["least int16", Int16Array, -32_768, 32_767],
    ["largest uint8, a sentinel that no uint8 can be", Uint8Array, 255, 65_535],
  ] as const)("sums - do not overflow with the %s, all in one bin", (_what, make, value, sentinel) => {
    const values = new make(PIXELS).fill(value);
    // Each vector has something to look at, so that all goes to one of the four tables.
    if (sentinel === 65_535 && make === Uint16Array) for (let at = 0; at < PIXELS; at += 8) values[at] = sentinel;
    const bins = new Uint32Array(PIXELS);
    const { sums, invalid } = kernels.byPixel(bins, 1, false).sum(values, sentinel);
    expect(sums[0]).toBe((PIXELS - invalid.length) * value);
  });

  test.each(TESTED)("sums - of %s, whole and in parts, are those of a plain loop, again and again", (dtype) => {
    const frame = seededFrame(dtype, 9);
    const { data } = frame;
    const sentinel = { uint64: 2 ** 64, int64: 2 ** 63, uint32: 2 ** 32 - 1, int32: 2 ** 31 - 1 }[dtype as string];
    const bins = binsFor(40, data.length);
    const expected = summed(data, bins, 40, sentinel);
    const pixel = Uint32Array.from(bins.keys()).sort((a, b) => (bins[a] as number) - (bins[b] as number) || a - b);
    const kept = pixel.filter((one) => (bins[one] as number) < 40);
    const starts = Uint32Array.from(
      { length: 41 },
      (_, bin) => kept.filter((one) => (bins[one] as number) < bin).length,
    );
    const weight = new Float32Array(kept.length).fill(0.5);
    const parts = { pixels: data.length, bins: 40, starts, pixel: kept, weight };
    for (const errors of [false, true]) {
      const whole = kernels.byPixel(bins, 40, errors);
      const halves = kernels.byParts(parts, errors);
      for (let round = 0; round < 2; round += 1) {
        const a = whole.sum(data, sentinel);
        expect([...a.sums]).toEqual(expected.sums);
        expect([...a.invalid]).toEqual(expected.invalid);
        const b = halves.sum(data, sentinel);
        expect([...b.sums]).toEqual(expected.sums.map((sum) => sum / 2));
        expect([...b.invalid]).toEqual(expected.invalid);
        expect(b.variances && [...b.variances]).toEqual(errors ? expected.variances.map((one) => one / 4) : undefined);
      }
    }
  });

  test.each(TESTED)("corrections - of %s are those of a plain loop", (dtype) => {
    const { data } = seededFrame(dtype, 2);
    const sentinel = dtype.startsWith("float") ? undefined : Math.max(...Array.from(data, Number));
    const dark = Float32Array.from(numbers(4, data.length), (state) => (state % 64) / 8);
    const factor = Float32Array.from(numbers(5, data.length), (state) => (state % 17 === 0 ? EMPTY : (state % 8) / 4));
    const target = new Float32Array(data.length);
    kernels.correcting(dark, factor).correct(data, sentinel, target);
    const expected = Float32Array.from(data as ArrayLike<number>, (element, at) => {
      const value = Number(element);
      if (value === sentinel || !Number.isFinite(value)) return EMPTY;
      return (value - (dark[at] as number)) * (factor[at] as number);
    });
    expect(target).toEqual(expected);
  });

  test("corrections - a large count minus a large dark keeps its digits", () => {
    const target = new Float32Array(1);
    kernels
      .correcting(Float32Array.of(2 ** 30), Float32Array.of(1))
      .correct(Uint32Array.of(2 ** 30 + 3), undefined, target);
    expect(target[0]).toBe(3);
  });

  test("kernels - take no pixels, and views that do not begin at a multiple of their size", () => {
    expect([...kernels.byPixel(new Uint32Array(0), 2, false).sum(new Uint16Array(0), 1).sums]).toEqual([0, 0]);
    const shared = new Uint16Array(new SharedArrayBuffer(10), 2, 4);
    shared.set([1, 2, 3, 4]);
    expect([...kernels.byPixel(Uint32Array.of(0, 1, 0, 1), 2, false).sum(shared, undefined).sums]).toEqual([4, 6]);
  });

  test.each(TESTED)("selection - of %s, wide and narrow, masked and not", (dtype) => {
    for (const wide of [false, true]) {
      // Longer than a batch, and ends within a vector.
      const one = seededFrame(dtype, 6, wide).data;
      const data = new (one.constructor as new (length: number) => typeof one)(12 * one.length - 5);
      for (let at = 0; at < data.length; at += 1) data[at] = one[at % one.length] as never;
      const ordered = Array.from(data, Number).sort((a, b) => a - b);
      const [low, middle, high] = [0.01, 0.5, 0.99].map((part) => ordered[Math.floor(part * ordered.length)] as number);
      const sentinel = dtype.startsWith("float") ? undefined : Math.max(...Array.from(one, Number));
      const mask = Float32Array.from(numbers(8, data.length), (state) => (state % 5 === 0 ? 2 : 0));
      for (const masked of [undefined, mask]) {
        const selecting = kernels.selecting(masked);
        for (const threshold of [
          low,
          middle,
          high,
          (middle as number) + 0.5,
          -0.5,
          1e300,
          -1e300,
          Infinity,
          -Infinity,
        ]) {
          const expected: number[] = [];
          for (let pixel = 0; pixel < data.length; pixel += 1) {
            const value = Number(data[pixel]);
            const isValid = value !== sentinel && Number.isFinite(value) && (masked?.[pixel] ?? 0) === 0;
            if (isValid && (data[pixel] as number) > (threshold as number)) expected.push(pixel);
          }
          const list = selecting.list(data, threshold as number, sentinel);
          expect(list.length).toBe(expected.length);
          expect(list.findIndex((pixel, at) => pixel !== expected[at])).toBe(-1);
          expect(selecting.count(data, threshold as number, sentinel)).toBe(expected.length);
        }
      }
    }
  });

  test("selection - thresholds between the numbers of a type", () => {
    const tiny = 2 ** -149;
    const floats = Float32Array.of(-1, -tiny, 0, tiny, 0.1, 1, Number.NaN, Infinity);
    for (const [threshold, first] of [
      [-1, 1],
      [-tiny, 2],
      [0, 3],
      [tiny / 2, 3],
      [0.1, 4],
      [0.11, 5],
    ] as const) {
      expect([...kernels.selecting(undefined).list(floats, threshold, undefined)][0]).toBe(first);
    }
    const wide = BigUint64Array.of(2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n);
    expect([...kernels.selecting(undefined).list(wide, 2 ** 53, 2 ** 64)]).toEqual([1, 2]);
    expect([...kernels.selecting(undefined).list(Int8Array.of(-128, -1, 127), -200, undefined)]).toEqual([0, 1, 2]);
  });

  test.each(TESTED)("moments - of %s, to the last bit", (dtype) => {
    for (const decay of [undefined, 0.25]) {
      for (const statistics of [["mean"], ["variance", "max"], ["min"], ["mean", "variance", "min", "max"]] as const) {
        const frames = [11, 12, 13, 14].map((seed) => seededFrame(dtype, seed, seed === 13).data);
        const length = (frames[0]?.length ?? 0) - 1;
        const sentinel = dtype.startsWith("float") ? undefined : 77;
        const moments = kernels.moments(length, statistics, decay);
        const plain = new PixelMoments(length, statistics, decay);
        for (const frame of frames) {
          moments.add(frame.subarray(0, length), sentinel);
          plain.add(frame.subarray(0, length), sentinel);
        }
        expect(moments.frames).toBe(4);
        for (const statistic of statistics) {
          const [target, expected] = [new Float32Array(length), new Float32Array(length)];
          moments.write(statistic, target);
          plain.write(statistic, expected);
          expect(target).toEqual(expected);
        }
      }
    }
  });
});
