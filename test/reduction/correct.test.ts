import { readFileSync } from "node:fs";
import { type AnyMessage, Event, NdArray, Start, Stop } from "arroyojs";
import { Correct, type CorrectOptions } from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { describe, expect, test } from "vitest";
import { EACH, use } from "./both-kernels.ts";
import { expectCorrected } from "./golden-cases.ts";
import { TESTED, type Tested } from "./seeded-frames.ts";

const file = new URL("../vectors/reduction/correction.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8")) as {
  readonly every: number;
  readonly frames: Readonly<Record<Tested, readonly (number | null)[]>>;
};

const frame = (run: string, ...counts: number[]): Event =>
  new Event({}, new NdArray(Uint16Array.from(counts), [1, counts.length]), { run }) as unknown as Event;

async function corrected(options: CorrectOptions, messages: readonly AnyMessage[]) {
  const driven = await drive(new Correct(options), messages as Event[]);
  const frames = driven.published.flatMap((one) => (one.type === "event" ? [[...one.payload.data]] : []));
  return { ...driven, frames };
}

describe.each(EACH)("Correct, %s", (_name, kernels) => {
  test.each(TESTED)("golden frames - of %s are those of numpy", (dtype) => {
    use(kernels);
    expectCorrected(dtype, golden.every, golden.frames[dtype], { base: 0, wide: false });
  });

  test("Correct - the dark of a run is the mean of its first frames, which do not go on", async () => {
    use(kernels);
    const run = (name: string, dark: number): AnyMessage[] => [
      new Start({}, { run: name }),
      frame(name, dark, 10),
      frame(name, dark + 2, 65_535),
      frame(name, 100, 100),
      new Stop({}, { run: name }),
    ];
    const { frames, account } = await corrected({ dark: { firstFrames: 2 } }, [...run("a", 0), ...run("b", 40)]);
    expect(frames).toEqual([
      [99, 90],
      [59, 90],
    ]);
    expect(account.filtered).toBe(4);
  });

  test("Correct - takes the dark from the Start, or from a run of a name", async () => {
    use(kernels);
    const end = (run: string): Stop => new Stop({}, { run });
    const start = new Start({ dark: [1, 2] }, { run: "a" });
    const first = await corrected({ dark: { fromStart: "dark" } }, [start, frame("a", 5, 5), end("a")]);
    expect(first.frames).toEqual([[4, 3]]);
    const dark = [new Start({}, { run: "dark" }), frame("dark", 1, 3), frame("dark", 3, 3), end("dark")];
    const after = [new Start({}, { run: "a" }), frame("a", 5, 5), end("a")];
    const second = await corrected({ dark: { fromRun: "dark" } }, [...dark, ...after]);
    expect(second.frames).toEqual([[3, 2]]);
    const third = await corrected({ dark: { fromRun: "dark" } }, after);
    expect(String(third.error)).toContain("no frame of the run dark came before; measure it first");
  });
});

test("Correct - a pixel without a good flat, dark or gain is NaN; without runs it works too", async () => {
  const maps = { flat: [0, 2, Number.NaN, 2], dark: [0, Number.POSITIVE_INFINITY, 0, 1], gain: [1, 1, 1, 0.5] };
  const event = new Event({}, new NdArray(Uint8Array.of(9, 9, 9, 9), [2, 2])) as unknown as Event;
  const { frames } = await corrected(maps, [event]);
  expect(frames).toEqual([[Number.NaN, Number.NaN, Number.NaN, 8]]);
});

test.each([
  [{ gain: 0 }, "gain: expected above 0"],
  [{ dark: { firstFrames: 0 } }, "firstFrames: expected a whole number from 1 up"],
  [{ dark: 3 as never }, "dark: expected a map"],
  [{ sentinel: "most" as never }, "sentinel: expected"],
])("Correct - options %j are refused", (options, text) => {
  expect(() => new Correct(options)).toThrow(text);
});

test("Correct - a map of another size, bytes and a wrong shape are refused", async () => {
  const of = (options: CorrectOptions, event: unknown) => () => new Correct(options).process(event as Event);
  expect(of({ dark: [1, 2, 3] }, frame("a", 1, 2))).toThrow("dark: has 3 elements, the frame has 2 pixels");
  expect(of({}, new Event({}, new Uint8Array(2)))).toThrow("expected a frame, got bytes");
  expect(of({}, new Event({}, new NdArray(Uint8Array.of(1))))).toThrow("two dimensions, got the shape [1]");
});
