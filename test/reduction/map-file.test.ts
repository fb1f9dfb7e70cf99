import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Event } from "../../src/message/event.ts";
import { NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { AzimuthalIntegration } from "../../src/reduction/azimuthal-integration.ts";
import { Correct } from "../../src/reduction/correct.ts";
import { edfImage } from "../../src/reduction/edf-image.ts";
import { HitFinder } from "../../src/reduction/hit-finder.ts";
import type { FileImage } from "../../src/reduction/map-file.ts";
import { npyImage } from "../../src/reduction/npy-image.ts";
import { PeakFinder } from "../../src/reduction/peak-finder.ts";
import { tiffImage } from "../../src/reduction/tiff-image.ts";
import { drive } from "../../src/testing/drive.ts";
import { MAP_FILES } from "./map-files.ts";

const PIXELS = [0, 1, 0, 2, 300, 65535];
const READERS: Readonly<Record<string, (bytes: Uint8Array) => FileImage>> = {
  npy: npyImage,
  edf: edfImage,
  tif: tiffImage,
};
const run = "run";
const frame = new NdArray(Uint16Array.of(10, 20, 30, 40, 50, 60), [2, 3]);
let folder = "";

const pathOf = (name: string): string => join(folder, name);
const read = (name: string): FileImage =>
  (READERS[name.split(".")[1] as string] as (bytes: Uint8Array) => FileImage)(MAP_FILES.get(name) as Uint8Array);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "arroyo-maps-"));
  for (const [name, bytes] of MAP_FILES) writeFileSync(pathOf(name), bytes);
  writeFileSync(pathOf("mask.txt"), "0 1 0");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("files of maps", () => {
  test.each(["u2.npy", "i8.npy", "v2.npy", "u2.edf", "f4.edf", "u2.tif", "i4.tif"])("%s - holds the pixels", (name) => {
    const { shape, data } = read(name);
    expect(shape).toEqual([2, 3]);
    expect(Array.from(data, Number)).toEqual(PIXELS);
  });

  test.each(["f8.npy", "f4.tif"])("%s - holds pixels that are no integers", (name) => {
    expect(Array.from(read(name).data, Number)).toEqual(PIXELS.map((pixel) => 1.5 * pixel));
  });

  test("b.npy - a mask of true and false", () => {
    expect(Array.from(read("b.npy").data, Number)).toEqual([0, 1, 0, 1, 1, 1]);
  });

  test.each([
    ["fortran.npy", /column by column; save numpy.ascontiguousarray/],
    ["object.npy", /names no type of plain numbers/],
  ])("%s - is refused with what to do", (name, reason) => {
    expect(() => read(name)).toThrow(reason);
  });

  test("files that were cut off or damaged - are read or refused with a reason", () => {
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % below;
    };
    let refused = 0;
    for (const [name, bytes] of MAP_FILES) {
      const reader = READERS[name.split(".")[1] as string] as (bytes: Uint8Array) => FileImage;
      const attempts = [
        ...Array.from({ length: bytes.length }, (_, end) => bytes.subarray(0, end)),
        ...Array.from({ length: 500 }, () => {
          const damaged = Uint8Array.from(bytes);
          for (let times = 0; times < 3; times += 1) damaged[random(damaged.length)] = random(256);
          return damaged;
        }),
      ];
      for (const attempt of attempts) {
        try {
          const { shape, data } = reader(attempt);
          expect(data.length).toBe(shape.reduce((product, length) => product * length, 1));
        } catch (error) {
          refused += 1;
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).constructor).toBe(Error);
        }
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe("operators with maps in files", () => {
  const messages = [new Start({}, { run }), new Event({}, frame, { run }), new Stop({}, { run })];

  test("Correct - dark, flat and mask", async () => {
    const operator = new Correct({ dark: pathOf("u2.npy"), flat: pathOf("v2.npy"), mask: pathOf("b.npy") });
    const { published, error } = await drive(operator, messages);
    expect(error).toBeUndefined();
    const [, event] = published;
    // Flats of 0 and masked pixels leave nothing here but what is neither.
    expect([...(event as Event<object, NdArray<"float32">>).payload.data].map(Number.isNaN)).toEqual(
      Array(6).fill(true),
    );
  });

  test("Correct - a dark from an EDF file", async () => {
    const { published } = await drive(new Correct({ dark: pathOf("f4.edf") }), messages);
    const [, event] = published;
    expect([...(event as Event<object, NdArray<"float32">>).payload.data]).toEqual([10, 19, 30, 38, -250, -65_475]);
  });

  test("AzimuthalIntegration, HitFinder and PeakFinder - a mask", async () => {
    const mask = pathOf("b.npy");
    const integrated = await drive(
      new AzimuthalIntegration({ centre: [0, 0], bins: 1, binPixels: 10, mask, shape: [2, 3] }),
      messages,
    );
    expect((integrated.published[1] as Event<object, NdArray<"float32">>).payload.data[0]).toBe(20);
    const hits = await drive(new HitFinder({ threshold: 0, minPixels: 1, blanks: "mark", mask }), messages);
    expect((hits.published[1] as Event).metadata).toMatchObject({ hit: { pixels: 2 } });
    const peaks = await drive(new PeakFinder({ threshold: 35, blanks: "mark", mask }), messages);
    expect(peaks.error).toBeUndefined();
  });

  test.each([
    [
      "a file that is not there",
      "nothing.npy",
      /HitFinder: mask: .*nothing.npy: cannot be read \(ENOENT.*give the path/,
    ],
    ["a kind that is not known", "mask.txt", /mask.txt: expected a file of the kind .npy, .edf, .tif, .tiff/],
    ["no image", "fortran.npy", /HitFinder: mask: .*fortran.npy: it goes column by column/],
  ])("%s - fails when the operator opens", async (_, name, message) => {
    const { error } = await drive(new HitFinder({ threshold: 0, minPixels: 1, mask: pathOf(name) }), messages);
    expect(String((error as Error).message)).toMatch(message);
  });

  test("a map of another shape - names both", async () => {
    const turned = [
      messages[0] as Start,
      new Event({}, new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [3, 2]), { run }),
    ];
    const { error } = await drive(new HitFinder({ threshold: 0, minPixels: 1, mask: pathOf("u2.npy") }), turned);
    expect(String((error as Error).message)).toMatch(/mask: is 2 x 3, the frame is 3 x 2; transpose it/);
    const many = await drive(new HitFinder({ threshold: 0, minPixels: 1, mask: pathOf("three.npy") }), messages);
    expect(many.error).toBeUndefined();
  });

  test("a map whose file was not read - says so", () => {
    const operator = new HitFinder({ threshold: 0, minPixels: 1, mask: pathOf("u2.npy") });
    expect(() => operator.process(messages[1] as Event)).toThrow(/was not read; a block does it, or call open/);
  });
});
