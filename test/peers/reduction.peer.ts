import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EACH, use } from "../reduction/both-kernels.ts";
import {
  expectCorrected,
  expectIntegrated,
  expectStatistics,
  expectSummed,
  type Integrated,
  type Summed,
  type Values,
} from "../reduction/golden-cases.ts";
import { TESTED, type Tested } from "../reduction/seeded-frames.ts";
import { Program } from "./program.ts";

const golden = new URL("../vectors/reduction/", import.meta.url);
const folders: string[] = [];

/** Lets numpy and pyFAI reduce the frames of a seed, or those that are committed. */
async function reduced(...seed: number[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "arroyojs-"));
  folders.push(folder);
  await Program.python("test/peers/reduction_reference.py", folder, ...seed).output();
  return folder;
}

function read<T>(folder: string, name: string): T {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as T;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Leaves out the last digits, which differ from machine to machine. */
function rounded(json: string): unknown {
  return JSON.parse(json, (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value));
}

test("reduction - the committed curves are those of numpy and pyFAI", async () => {
  const folder = await reduced();
  const names = readdirSync(folder).sort();
  expect(names).toEqual(["correction.json", "integration.json", "line-cut.json", "statistics.json"]);
  for (const name of names) {
    const theirs = rounded(readFileSync(join(folder, name), "utf8"));
    expect(theirs, name).toEqual(rounded(readFileSync(new URL(name, golden), "utf8")));
  }
});

/** Other frames for each ARROYO_SEED; 1000 apart, so that none of their seeds are the same. */
const frames = { base: 1000 * Number(process.env["ARROYO_SEED"] ?? 1), wide: true };

describe(`reduction of frames that take the whole range of their type, seed ${frames.base}`, () => {
  let cases: readonly Integrated[];
  let corrections: { readonly every: number; readonly frames: Readonly<Record<Tested, Values>> };
  let statistics: { readonly every: number; readonly frames: Readonly<Record<Tested, Summed>> };

  beforeAll(async () => {
    const folder = await reduced(frames.base);
    ({ cases } = read<{ cases: readonly Integrated[] }>(folder, "integration"));
    corrections = read(folder, "correction");
    statistics = read(folder, "statistics");
  });

  describe.each(EACH)("%s", (_name, kernels) => {
    test.each(TESTED)("%s, in one dimension and in two, is that of pyFAI", (dtype) => {
      use(kernels);
      const own = cases.filter((one) => one.dtype === dtype);
      const kinds = own.map(({ split, azimuth, errors }) => [split, azimuth === null ? 1 : 2, errors].join(" "));
      expect(new Set(kinds).size).toBe(8);
      for (const one of own) expectIntegrated(one, frames);
    });

    test.each(TESTED)("%s, corrected and summed up, is that of numpy", async (dtype) => {
      use(kernels);
      expectCorrected(dtype, corrections.every, corrections.frames[dtype], frames);
      await expectStatistics(dtype, statistics.every, statistics.frames[dtype], frames);
      expectSummed(dtype, statistics.frames[dtype], frames);
    });
  });
});
