import { NdArray } from "arroyojs";
import { describe, expect, test } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import { errorForm, errorOf } from "../../../src/operator/threads/error-form.ts";
import { valueForm, valueFrom } from "../../../src/operator/threads/value-form.ts";

const travelled = (value: unknown): unknown => valueFrom(structuredClone(valueForm(value)));

describe("values between threads", () => {
  test("plain - is not copied before it is cloned", () => {
    const value = { a: 1, list: [1, { b: "two" }], none: null };
    expect(valueForm(value).value).toBe(value);
  });

  test("arrays - are arrays again, wherever they stand", () => {
    const array = new NdArray(new Uint32Array([1, 2, 3, 4]), [2, 2]);
    const value = travelled({ deep: [{ array }, 5], array }) as { deep: [{ array: NdArray }, number]; array: NdArray };
    for (const one of [value.array, value.deep[0].array]) {
      expect(one).toBeInstanceOf(NdArray);
      expect(one.shape).toEqual([2, 2]);
      expect(one.data).toEqual(new Uint32Array([1, 2, 3, 4]));
    }
    expect((travelled(array) as NdArray).data).toEqual(array.data);
  });

  test("views - leave the larger buffer behind them at home", () => {
    const value = travelled({ view: new Uint8Array(1_000_000).subarray(3, 6), node: Buffer.from("abc") });
    expect(value).toEqual({ view: new Uint8Array(3), node: new Uint8Array([97, 98, 99]) });
    expect((value as { view: Uint8Array }).view.buffer.byteLength).toBe(3);
  });

  test("names - that mean something to JavaScript are only names", () => {
    const value = JSON.parse('{"__proto__": {"constructor": [1]}}') as Record<string, unknown>;
    const hostile = travelled({ value, view: new Uint8Array(9).subarray(1) }) as { value: object };
    expect(Object.keys(hostile.value)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(hostile.value)).toBe(Object.prototype);
  });

  test("depth - is bounded, so that what contains itself ends", () => {
    const round: Record<string, unknown> = {};
    round.again = round;
    expect(() => valueForm(round)).toThrow("is nested deeper than 64; flatten it");
  });
});

describe("errors between threads", () => {
  test("rejected - a message that the operator rejects stays one", () => {
    const error = errorOf(structuredClone(errorForm(new RejectedError("no frame number"))));
    expect(error).toBeInstanceOf(RejectedError);
    expect(error).toMatchObject({ name: "RejectedError", reason: "no frame number", code: "REJECTED" });
  });

  test("causes - come along, to a depth", () => {
    const round: Error & { cause?: unknown } = new Error("round");
    round.cause = round;
    expect((errorOf(errorForm(round)).cause as Error).message).toBe("round");
    expect(
      errorOf(
        errorForm({
          toString: () => {
            throw new Error("never");
          },
        }),
      ).message,
    ).toContain("cannot be shown");
  });
});
