import { expect, test } from "vitest";
import { ranExample } from "./programs.ts";

const run = (name: string, sample: string): string[] => [
  `start of ${name}: ${sample}`,
  ...[83, 84, 85].map((counts) => `${counts / 10} keV: 64 x 64, ${counts} counts`),
  `stop of ${name}, completed`,
];

test("examples/hdf5/main.ts - runs to its end and prints what it should", async () => {
  const { code, stdout, stderr } = await ranExample("examples/hdf5/main.ts");
  expect(stdout.split("\n").filter((line) => line !== "")).toEqual([
    "eiger_scan-7.nxs, eiger_scan-8.nxs",
    ...[...run("scan-7", "silver behenate"), ...run("scan-8", "lanthanum hexaboride"), "10 messages"],
    ...[...run("scan-9", "glassy carbon"), "5 messages"],
  ]);
  expect(code, stderr).toBe(0);
});
