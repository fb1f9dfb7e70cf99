import { expect, test } from "vitest";
import { Ring } from "../../src/queue/ring.ts";

test("ring - gives what came in the order of arrival, while it grows at any turn of its places", () => {
  for (let turn = 0; turn < 40; turn += 1) {
    const ring = new Ring<number>();
    for (let item = 0; item < turn; item += 1) {
      ring.push(item);
      expect(ring.shift()).toBe(item);
    }
    const items = Array.from({ length: 100 }, (_, item) => item);
    for (const item of items) ring.push(item);
    expect(ring.size).toBe(100);
    expect(items.map(() => ring.shift())).toEqual(items);
    expect(ring.size).toBe(0);
    expect(ring.shift()).toBeUndefined();
  }
});

test("ring - tells undefined that was put in from nothing being there by its size", () => {
  const ring = new Ring<undefined>();
  ring.push(undefined);
  expect(ring.size).toBe(1);
  expect(ring.shift()).toBeUndefined();
  expect(ring.size).toBe(0);
});
