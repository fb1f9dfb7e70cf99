import { expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { Program } from "./program.ts";
import { testIo } from "./test-io.ts";

test("bench - measures a block beside the bare client, and every message is checked", {
  timeout: 120_000,
}, async () => {
  await using program = new Program(["bench", "--seconds", "0.2", "--size", "1000", "--json"], { cwd: process.cwd() });
  expect(await program.ended, program.err.text).toBe(0);
  const { machine, rows } = JSON.parse(program.out.text) as { machine: string; rows: Record<string, unknown>[] };
  expect(machine).toContain("cores");
  expect(rows.map(({ what, bytes }) => [what, bytes])).toEqual([
    ["throughput", 1000],
    ["latency", 10_000],
  ]);
  for (const row of rows) {
    for (const middle of ["block", "bare"]) {
      const { perSecond, p50, p99, wrong } = row[middle] as Record<string, number>;
      expect(wrong).toBe(0);
      expect(perSecond).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50 as number);
    }
  }
  expect(program.err.text.split("\n")).toContain("arroyo: bench: latency, 10.0 kB, bare");
});

test("bench - a size that is none is refused", async () => {
  const io = testIo();
  expect(await main(["bench", "--size", "large"], io)).toBe(2);
  expect(io.err.text).toBe('arroyo: --size: expected a whole number from 16 to 100000000, got "large"\n');
});
