import { expect, test } from "vitest";
import { RingImages } from "../../../src/cli/simulating/ring-images.ts";

const make = (seed: number): RingImages => new RingImages({ shape: [120, 160], dtype: "uint16", seed });

test("rings - images are the same ones for a seed, in whatever order they are asked for", () => {
  const [one, other] = [make(7), make(7)];
  const late = other.image(3);
  expect(late.data).toEqual(one.image(3).data);
  expect(other.image(0).data).toEqual(one.image(0).data);
  expect(other.answer).toEqual(one.answer);
  expect(make(8).image(0).data).not.toEqual(one.image(0).data);
});

test("rings - frames differ by their noise, and come again after a while", () => {
  const images = make(1);
  expect(images.image(1).data).not.toEqual(images.image(0).data);
  expect(images.image(16)).toBe(images.image(0));
});

test("rings - the answer is what is in the images", () => {
  const images = make(3);
  const { centre, radii, hot } = images.answer;
  const sums = new Map<number, { sum: number; count: number }>();
  const isHot = new Set(hot.map(([row, column]) => row * 160 + column));
  for (let number = 0; number < 8; number += 1) {
    for (const [pixel, count] of (images.image(number).data as Uint16Array).entries()) {
      if (isHot.has(pixel)) expect(count).toBe(65_535);
      else {
        const radius = Math.hypot(Math.floor(pixel / 160) - centre[0], (pixel % 160) - centre[1]);
        const bin = sums.get(Math.round(radius)) ?? { sum: 0, count: 0 };
        sums.set(Math.round(radius), { sum: bin.sum + count, count: bin.count + 1 });
      }
    }
  }
  const mean = (radius: number): number => {
    const { sum, count } = sums.get(Math.round(radius)) ?? { sum: 0, count: 1 };
    return sum / count;
  };
  expect(hot.length).toBeGreaterThan(10);
  for (const radius of radii) {
    expect(mean(radius)).toBeGreaterThan(2 * mean(radius + 4));
    expect(mean(radius)).toBeGreaterThan(2 * mean(radius - 4));
  }
});

test.each(["uint8", "uint32", "int32", "float32"] as const)("rings - of %s keep within its range", (dtype) => {
  const { data } = new RingImages({ shape: [64, 64], dtype, seed: 1 }).image(0);
  const largest = { uint8: 255, uint32: 2 ** 32 - 1, int32: 2 ** 31 - 1, float32: 1e9 }[dtype];
  expect(Math.min(...data)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...data)).toBe(largest);
});
