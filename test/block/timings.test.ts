import { expect, test } from "vitest";
import { free, handDriven, later } from "./hand-driven.ts";

test("timings - the age of the oldest message that is not settled, from when it was first asked", async () => {
  const gate = later();
  const { put, block, clock } = await handDriven({ operator: () => gate.promise });
  expect(block.timings).toEqual({ process: { p50: 0, p99: 0 }, queued: { p50: 0, p99: 0 }, oldest: 0 });
  await put(free(1), free(2));
  const { oldest } = block.timings;
  expect(oldest).toBeGreaterThan(0);
  expect(block.timings.oldest).toBeGreaterThan(oldest);
  gate.resolve();
  await clock.settle();
  const { process, queued, oldest: after } = block.timings;
  expect(after).toBe(0);
  for (const { p50, p99 } of [process, queued]) {
    expect(p50).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
  }
  await clock.runUntil(block.stop());
});
