import { expect, test } from "vitest";
import { DeadLetterIds, letterError } from "../../src/dead-letters/dead-letter.ts";

test("dead-letter ids - sort by time, then by order of making", () => {
  const ids = new DeadLetterIds();
  const made = [3, 3, 3, 1_700_000_000_000, 1_700_000_000_000.5, 2 ** 47].map((timeMs) => ids.next(timeMs));
  expect([...made].sort()).toEqual(made);
  expect(new Set(made).size).toBe(6);
});

test("dead-letter ids - tell processes apart", () => {
  const made = [1, 2].map((byte) => new DeadLetterIds((bytes) => new Uint8Array(bytes).fill(byte)).next(255));
  expect(made).toEqual(["0000000000ff-010101010101-00000000", "0000000000ff-020202020202-00000000"]);
});

test("dead-letter ids - a time that is none does no harm", () => {
  const ids = new DeadLetterIds(() => new Uint8Array(6));
  const made = [Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 60].map((timeMs) => ids.next(timeMs).slice(0, 12));
  expect(made).toEqual(["000000000000", "000000000000", "ffffffffffff", "ffffffffffff"]);
});

test("letter error - describes errors and whatever else is thrown, in bounds", () => {
  expect(letterError(Object.assign(new RangeError("x".repeat(10_000)), { code: "E_X" }))).toEqual({
    name: "RangeError",
    code: "E_X",
    message: "x".repeat(4_096),
    stack: expect.stringMatching(/^RangeError: x+/),
  });
  expect(letterError("text")).toEqual({ name: "Error", message: "text" });
  expect(letterError(undefined)).toEqual({ name: "Error", message: "undefined" });
});
