import assert from "node:assert/strict";
import { Bench } from "tinybench";
import type { Size } from "./row.ts";

/** Measures small pieces of work, each often enough that the clock does not count; gives ns of each, round by round. */
export async function micro<Name extends string>(
  size: Size,
  works: Readonly<Record<Name, (index: number) => unknown>>,
  count: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(works) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < size.rounds; round += 1) {
    const bench = new Bench(size.quick ? { time: 20, warmupTime: 10 } : { time: 300, warmupTime: 200 });
    for (const name of names) {
      bench.add(name, () => {
        for (let index = 0; index < count; index += 1) works[name](index);
      });
    }
    await bench.run();
    for (const { name, result } of bench.tasks) {
      assert.ok("latency" in result, `the bench did not complete: ${result.state}`);
      found[name as Name].push((result.latency.p50 * 1e6) / count);
    }
  }
  return found;
}
