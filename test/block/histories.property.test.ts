import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEED } from "../corpus/seeded.ts";
import { type Plan, planOf } from "./histories/plan.ts";
import { play } from "./histories/play.ts";
import { planText, shapeOf, shrunken } from "./histories/shrink.ts";

const HISTORIES = process.env["ARROYO_LONG"] === "1" ? 100_000 : 10_000;
const STEP = 1_000;
const ONLY = process.env["ARROYO_HISTORY"];

/**
 * Runs, queue, barriers, holds, outlets, settlement and kills in histories that are made up: which rules hold in each of
 * them is said in histories/oracle.ts and histories/records.ts, by sets of messages and not by what a block counts.
 */
describe("random histories", () => {
  const rejections: unknown[] = [];
  const unhandled = (reason: unknown): void => void rejections.push(reason);
  beforeAll(() => process.on("unhandledRejection", unhandled));
  afterAll(() => process.off("unhandledRejection", unhandled));

  const broken = async (plan: Plan): Promise<readonly string[]> => {
    rejections.length = 0;
    const violations = await play(plan);
    return [...violations, ...rejections.map((reason) => `nobody handled: ${String(reason)}`)];
  };

  const check = async (seed: number): Promise<void> => {
    const plan = planOf(seed);
    const violations = await broken(plan);
    if (violations.length === 0) return;
    const shapes = new Set(violations.map(shapeOf));
    const small = await shrunken(plan, async (one) => (await broken(one)).some((text) => shapes.has(shapeOf(text))));
    const again = `ARROYO_HISTORY=${seed} npx vitest run test/block/histories.property.test.ts`;
    expect.fail(
      `history ${seed} broke a rule:\n  ${violations.join("\n  ")}\nagain with: ${again}\n` +
        `made smaller, it breaks:\n  ${(await broken(small)).join("\n  ")}\n${planText(small)}`,
    );
  };

  if (ONLY !== undefined) {
    test(`history ${ONLY} - keeps every rule`, () => check(Number(ONLY)));
    return;
  }
  for (let from = 0; from < HISTORIES; from += STEP) {
    test(`histories ${from} to ${from + STEP - 1} of seed ${SEED} - keep every rule`, {
      timeout: 300_000,
    }, async () => {
      for (let index = from; index < from + STEP; index += 1) await check(SEED * 1_000_000 + index);
    });
  }
});
