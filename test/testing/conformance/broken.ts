import { describe, expect, test } from "vitest";
import { text } from "../../../src/errors.ts";
import type { ConformanceCase } from "../../../src/testing/conformance/conformance-case.ts";

/** Names a fault and the beginnings of the cases that must find it. */
export type Broken = Readonly<Record<string, readonly string[]>>;

/** Runs a suite against subjects with one fault each: the named cases must fail, and so prove that they can. */
export function findsFaults(
  broken: Broken,
  suite: (fault: string) => readonly ConformanceCase[],
  except: readonly string[] = [],
): void {
  for (const [fault, names] of Object.entries(broken)) {
    test(`fault - ${fault}`, async () => {
      const cases = suite(fault);
      for (const name of names) {
        const found = cases.find((each) => each.name.startsWith(name));
        expect(found, `there is a case "${name}"`).toBeDefined();
        const outcome = await found?.run().then(
          () => "passed",
          (error: unknown) => text(error),
        );
        expect(outcome, name).not.toBe("passed");
        expect(outcome, `${name}: says something`).toMatch(/\w{3}/);
      }
    });
  }

  describe("every case", () => {
    const found = Object.values(broken).flat();
    for (const { name } of suite("")) {
      if (except.some((one) => name.startsWith(one))) continue;
      test(`can fail - ${name}`, () => {
        expect(found.some((one) => name.startsWith(one))).toBe(true);
      });
    }
  });
}
