import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Arrays, type DType, Event, NdArray, Start } from "arroyojs";
import {
  Assemble,
  type AssembledFrame,
  type AssembleOptions,
  HotPixels,
  type HotPixelsOptions,
  LineCut,
  type LineCutOptions,
  Rotate,
  Threshold,
  type ThresholdedFrame,
  type ThresholdOptions,
} from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { expect, test } from "vitest";
import { elementsOf, frame, whole } from "./frames.ts";
import { seededFrame, TESTED } from "./seeded-frames.ts";

function stack(data: Arrays[DType], shape: readonly number[]): Event {
  return new Event({}, new NdArray<DType>(data, shape), { run: "r" }) as unknown as Event;
}

test("Threshold - noise becomes 0, what is too much is not valid, and what is not valid stays so", () => {
  const threshold = new Threshold({ low: 5, high: 100 });
  const made = threshold.process(frame(Uint16Array.of(4, 5, 100, 101, 65_535, 0), [2, 3])) as ThresholdedFrame;
  expect(elementsOf(made)).toEqual([0, 5, 100, 65_535, 65_535, 0]);
  expect(made.metadata.threshold).toEqual({ below: 2, above: 1 });
  expect(made.payload.dtype).toBe("uint16");
  const floats = Float32Array.of(4, 50, 101, Number.NaN);
  expect(elementsOf(threshold.process(frame(floats, [1, 4])))).toEqual([0, 50, Number.NaN, Number.NaN]);
  const long = threshold.process(frame(BigInt64Array.of(1n, 50n, 101n, 2n ** 63n - 1n), [1, 4]));
  expect(elementsOf(long)).toEqual([0n, 50n, 2n ** 63n - 1n, 2n ** 63n - 1n]);
});

test("Threshold - what is below may be not valid, what is above 0; integers need a value for it", () => {
  const options = { low: 5, below: "invalid", sentinel: -1 } as const;
  expect(elementsOf(new Threshold(options).process(frame(Int8Array.of(4, -1, 6), [1, 3])))).toEqual([-1, -1, 6]);
  expect(
    elementsOf(new Threshold({ high: 5, above: "zero", sentinel: "none" }).process(frame(Uint8Array.of(6, 1), [1, 2]))),
  ).toEqual([0, 1]);
  const none = new Threshold({ high: 5, sentinel: "none" });
  expect(() => none.process(frame(Uint8Array.of(6), [1, 1]))).toThrow("sentinel: integers have no value");
  expect(() => new Threshold(options).process(frame(Uint8Array.of(4), [1, 1]))).toThrow("sentinel: -1 is no uint8");
});

test("LineCut - straight along a row it gives its pixels, and between two rows their mean", () => {
  const one = frame(Uint16Array.of(1, 2, 3, 4, 5, 65_535, 7, 8, 9), [3, 3]);
  const cut = (options: LineCutOptions): unknown[] => elementsOf(new LineCut(options).process(one));
  expect(cut({ from: [0.5, 0.5], to: [0.5, 2.5] })).toEqual([1, 2, 3]);
  expect(cut({ from: [1, 0.5], to: [1, 1.5], samples: 3 })).toEqual([2.5, 3, 3.5]);
  // One pixel is not valid: the others have its weight.
  expect(cut({ from: [1, 2.5], to: [3, 2.5], samples: 3 })).toEqual([3, 9, 9]);
  expect(cut({ from: [-3, 0.5], to: [0.5, 0.5], samples: 2 })).toEqual([Number.NaN, 1]);
  expect(cut({ from: [1.5, 0.5], to: [1.5, 1.5], width: 3 })).toEqual([4, 5]);
});

test.each(TESTED)("LineCut - of %s, aslant, is what a plain interpolation gives", (dtype) => {
  const array = seededFrame(dtype, 3);
  const [rows, columns] = array.shape as [number, number];
  const sentinel = { uint64: 2 ** 64, int64: 2 ** 63 }[dtype as string] ?? Math.max(...Array.from(array.data, Number));
  const isFloat = dtype.startsWith("float");
  const at = (row: number, column: number): number => {
    if (row < 0 || column < 0 || row >= rows || column >= columns) return Number.NaN;
    const value = Number(array.data[row * columns + column]);
    return !isFloat && value === sentinel ? Number.NaN : value;
  };
  const [from, to, samples] = [[3.2, 5.7], [40.1, 60.3], 50] as const;
  const event = new Event({}, array, { run: "r" }) as unknown as Event;
  const made = elementsOf(new LineCut({ from, to, samples }).process(event)) as number[];
  for (const [step, value] of made.entries()) {
    const row = from[0] + ((to[0] - from[0]) * step) / (samples - 1) - 0.5;
    const column = from[1] + ((to[1] - from[1]) * step) / (samples - 1) - 0.5;
    const [top, left] = [Math.floor(row), Math.floor(column)];
    let [sum, weight] = [0, 0];
    for (const [y, x] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const part = (y === 0 ? 1 - (row - top) : row - top) * (x === 0 ? 1 - (column - left) : column - left);
      const own = at(top + y, left + x);
      if (Number.isNaN(own)) continue;
      sum += part * own;
      weight += part;
    }
    expect(value).toBeCloseTo(sum / weight, 6);
  }
});

test("HotPixels - a pixel that is always far above its neighbours is taken out, a flash is not", async () => {
  const of = (hot: number, flash = 0): Event => frame(Uint16Array.of(9, 10, 11, 9, hot, 10, 8, 12, 10 + flash), [3, 3]);
  const driven = async (options: HotPixelsOptions) =>
    (await drive(new HotPixels(options), whole(of(900), of(950), of(920, 700)))).published.filter(
      ({ type }) => type === "event",
    ) as Event[];
  const invalid = await driven({ frames: 2 });
  expect(invalid.map(elementsOf)).toEqual([
    [9, 10, 11, 9, 900, 10, 8, 12, 10],
    [9, 10, 11, 9, 950, 10, 8, 12, 10],
    [9, 10, 11, 9, 65_535, 10, 8, 12, 710],
  ]);
  expect(invalid.map(({ metadata }) => metadata["hotPixels"])).toEqual([
    { isLearning: true, pixels: 0 },
    { isLearning: true, pixels: 0 },
    { isLearning: false, pixels: 1 },
  ]);
  const median = await driven({ frames: 1, replace: "median", sentinel: "none" });
  expect(elementsOf(median[2])[4]).toBe(10);
});

test("HotPixels - dead pixels are found where they are looked for; frames of another size are refused", async () => {
  const dead = frame(Int32Array.of(100, 101, 0, 99), [2, 2]);
  const { published } = await drive(new HotPixels({ frames: 1, dead: true, replace: "median" }), whole(dead, dead));
  expect(elementsOf(published[2] as Event)).toEqual([100, 101, 100, 99]);
  const kept = await drive(new HotPixels({ frames: 1 }), whole(dead, dead));
  expect(elementsOf(kept.published[2] as Event)).toEqual([100, 101, 0, 99]);
  const { error } = await drive(new HotPixels({}), whole(dead, frame(Int32Array.of(1), [1, 1])));
  expect(String(error)).toContain("a frame has 1 pixels, the first one had 4");
});

test("Assemble - a stack of modules, turned and mirrored, with a gap between them", () => {
  const modules = [{ at: [0, 0] }, { at: [0, 4], quarters: 1 }, { at: [3, 0], mirrored: true }] as const;
  const counts = Uint8Array.of(1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26);
  const image = new Assemble({ modules }).process(stack(counts, [3, 2, 3])) as AssembledFrame;
  expect(image.payload.shape).toEqual([5, 6]);
  const _ = 255;
  expect(elementsOf(image)).toEqual(
    [
      [1, 2, 3, _, 13, 16],
      [4, 5, 6, _, 12, 15],
      [_, _, _, _, 11, 14],
      [23, 22, 21, _, _, _],
      [26, 25, 24, _, _, _],
    ].flat(),
  );
});

test.each([0, 1, 2, 3, -1])("Assemble - %i quarters are those of Rotate", (quarters) => {
  const one = stack(Int16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const assembled = new Assemble({ modules: [{ at: [0, 0], quarters }] }).process(one) as AssembledFrame;
  const rotated = new Rotate({ quarters }).process(one) as AssembledFrame;
  expect(assembled.payload.shape).toEqual(rotated.payload.shape);
  expect(elementsOf(assembled)).toEqual(elementsOf(rotated));
});

const GEOM = `; two panels of one slab, the second one upside down, a little aslant
photon_energy = 9000
dim0 = %
min_fs = 0
max_fs = 2
fs = +1.0x -0.001y
q0/min_ss = 0
q0/max_ss = 1
q0/ss = +0.001x +1.0y
q0/corner_x = -3.4
q0/corner_y = -2.0
q1/min_ss = 2
q1/max_ss = 3
q1/fs = -x
q1/ss = -y
q1/corner_x = 3.9
q1/corner_y = 2.2
bad_stripe/min_fs = 1
rigid_group_q = q0,q1
`;

test("Assemble - reads a CrystFEL geometry, and JSON, when it is opened", async () => {
  const folder = mkdtempSync(join(tmpdir(), "arroyojs-"));
  try {
    const paths = [join(folder, "detector.geom"), join(folder, "detector.json")] as const;
    writeFileSync(paths[0], GEOM);
    const modules = [
      { at: [0, 0], rows: [0, 2] },
      { at: [2, 4], rows: [2, 4], quarters: 2 },
    ];
    writeFileSync(paths[1], JSON.stringify({ modules: modules.map((one) => ({ module: 0, ...one })) }));
    for (const geometry of paths) {
      const slab = stack(
        Float32Array.from({ length: 12 }, (_, at) => at),
        [4, 3],
      );
      const { published, error } = await drive(new Assemble({ geometry }), [new Start({}, { run: "r" }), slab]);
      expect(error).toBeUndefined();
      const image = published[1] as AssembledFrame;
      expect(image.payload.shape).toEqual([4, 7]);
      const _ = Number.NaN;
      expect(elementsOf(image)).toEqual(
        [
          [0, 1, 2, _, _, _, _],
          [3, 4, 5, _, _, _, _],
          [_, _, _, _, 11, 10, 9],
          [_, _, _, _, 8, 7, 6],
        ].flat(),
      );
    }
    const missing = await drive(new Assemble({ geometry: join(folder, "not.geom") }), [new Start({}, { run: "r" })]);
    expect(String(missing.error)).toContain("cannot be read");
    for (const [contents, said] of [
      ["", "names no panel"],
      [GEOM.replace("q1/ss = -y", "q1/ss = up"), "q1/ss: expected a direction like +1.0x -0.01y, got up"],
      [GEOM.replace("q1/corner_x = 3.9", "q1/corner_x = far"), "q1/corner_x: expected a number, got far"],
      [GEOM.replace("q1/max_ss = 3", "q1/max_ss = 1"), "max_fs or max_ss is below"],
    ] as const) {
      writeFileSync(paths[0], contents);
      const { error } = await drive(new Assemble({ geometry: paths[0] }), [new Start({}, { run: "r" })]);
      expect(String(error)).toContain(said);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("Assemble - frames that the geometry does not fit are refused", () => {
  const two = new Assemble({ modules: [{ at: [0, 0] }, { at: [0, 9] }] });
  expect(() => two.process(stack(new Uint8Array(3), [3, 1, 1]))).not.toThrow();
  const narrow = new Assemble({ modules: [{ at: [0, 0], rows: [0, 9] }] });
  expect(() => narrow.process(stack(new Uint8Array(4), [2, 2]))).toThrow("to row 9 and column 2, was to be placed");
  expect(() => two.process(stack(new Uint8Array(4), [4]))).toThrow("expected [modules, rows, columns]");
});

test.each([
  [() => new Threshold({}), "low: expected low, high or both"],
  [() => new Threshold({ low: 2, high: 1 }), "high: expected above low"],
  [() => new Threshold({ lo: 2 } as ThresholdOptions), 'there is no option "lo"; there are low, high'],
  [() => new LineCut({ from: [0, 0], to: [0, 0] }), "to: expected another point"],
  [() => new LineCut({ from: [0, 0], to: [0, 9], samples: 1 }), "samples: expected a whole number from 2 up"],
  [() => new HotPixels({ sigmas: 0 }), "sigmas: expected a number above 0"],
  [() => new Assemble({}), "expected one of geometry and modules, got neither"],
  [() => new Assemble({ modules: [{ at: [0, -1] }] }), "modules[0]: at: expected [row, column]"],
  [
    () => new Assemble({ modules: [{ at: [0, 1], turn: 1 }] } as unknown as AssembleOptions),
    'there is no option "turn"',
  ],
  [
    () => new Assemble({ modules: [{ at: [1e9, 1e9] }] }).process(stack(new Uint8Array(1), [1, 1])),
    "more than 134217728",
  ],
])("shaping - options that mean nothing are refused (%#)", (make, text) => {
  expect(make).toThrow(text);
});
