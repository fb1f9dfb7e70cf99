import { describe, expect, test } from "vitest";
import { conformanceCases } from "../../../src/testing/conformance/conformance-case.ts";

describe("conformance cases", () => {
  const checks = {
    "one - works": async () => {},
    "two - does not": async () => {
      throw new Error("it does not");
    },
  };

  test("cannot - a case is listed with its reason, and does nothing", async () => {
    const [one, two] = conformanceCases("subject", checks, { "two - does not": "nobody can" });
    expect(one).toMatchObject({ name: "one - works" });
    expect(two).toMatchObject({ name: "two - does not (cannot: nobody can)", cannot: "nobody can" });
    await two?.run();
  });

  test("cannot - a name that is no case, or no reason, is refused", () => {
    expect(() => conformanceCases("subject", checks, { three: "why" })).toThrow(
      /cannot names "three", which is no case; its cases are:\n {2}one - works/,
    );
    expect(() => conformanceCases("subject", checks, { "one - works": " " })).toThrow(/has no reason/);
    expect(() => conformanceCases("subject", checks, { toString: "why" })).toThrow(/no case/);
  });

  test("run - fails with what the check says", async () => {
    const two = conformanceCases("subject", checks)[1];
    await expect(two?.run()).rejects.toThrow("it does not");
  });
});
