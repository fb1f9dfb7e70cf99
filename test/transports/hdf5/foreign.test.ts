// Files that another library made.
import * as h5wasm from "h5wasm/node";
import { beforeAll, describe, expect, test } from "vitest";
import type { Event } from "../../../src/message/event.ts";
import type { NdArray } from "../../../src/message/ndarray.ts";
import type { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { Folder, read } from "./files.ts";

const FRAMES = 150;
const [HEIGHT, WIDTH] = [12, 20];

function made(path: string, use: (file: h5wasm.File) => void, libver?: "latest"): void {
  const file = new h5wasm.File(path, "w", libver === undefined ? {} : { libver });
  use(file);
  file.close();
}

function stack(frames = FRAMES): Int32Array {
  return Int32Array.from({ length: frames * HEIGHT * WIDTH }, (_, at) => (at * 2_654_435_761) >> 8);
}

function framesOf(inlet: RecordingInlet): readonly Event<Record<string, unknown>, NdArray<"int32">>[] {
  return inlet.messages.filter((message) => message.type === "event") as never;
}

function checkFrames(inlet: RecordingInlet, frames = FRAMES): void {
  const all = stack(frames);
  const got = framesOf(inlet);
  expect(got).toHaveLength(frames);
  for (const [number, { payload }] of got.entries()) {
    expect(payload.shape).toEqual([HEIGHT, WIDTH]);
    expect(payload.data).toEqual(all.subarray(number * HEIGHT * WIDTH, (number + 1) * HEIGHT * WIDTH));
  }
}

interface Layout {
  readonly what: string;
  readonly libver?: "latest";
  readonly chunks?: number[];
  readonly maxshape?: (number | null)[];
  readonly compression?: number | "gzip";
}

const layouts: readonly Layout[] = [
  { what: "in one piece" },
  { what: "in one piece, in the newest form", libver: "latest" },
  { what: "a chunk a frame", chunks: [1, HEIGHT, WIDTH], maxshape: [null, HEIGHT, WIDTH] },
  { what: "a chunk a frame, gzip", chunks: [1, HEIGHT, WIDTH], compression: 4 },
  { what: "chunks of several frames, gzip", chunks: [7, HEIGHT, WIDTH], compression: 4 },
  { what: "tiles that do not fit", chunks: [4, 5, 8], maxshape: [null, null, null] },
  { what: "a fixed array", libver: "latest", chunks: [1, 6, 20] },
  { what: "a fixed array, gzip", libver: "latest", chunks: [1, 6, 20], compression: 4 },
  { what: "a fixed array of pages", libver: "latest", chunks: [1, 1, 4] },
  { what: "an extensible array", libver: "latest", chunks: [1, HEIGHT, WIDTH], maxshape: [null, HEIGHT, WIDTH] },
  {
    what: "an extensible array, gzip",
    libver: "latest",
    chunks: [1, 3, WIDTH],
    maxshape: [null, HEIGHT, WIDTH],
    compression: 4,
  },
  { what: "a new tree", libver: "latest", chunks: [1, 6, 20], maxshape: [null, null, WIDTH] },
  { what: "a new tree, gzip", libver: "latest", chunks: [1, 3, 4], maxshape: [null, null, WIDTH], compression: 4 },
  { what: "a single chunk", libver: "latest", chunks: [FRAMES, HEIGHT, WIDTH] },
  { what: "a single chunk, gzip", libver: "latest", chunks: [FRAMES, HEIGHT, WIDTH], compression: 4 },
];

describe("hdf5 - files of others", () => {
  beforeAll(async () => {
    await h5wasm.ready;
  });

  test.each(layouts)("frames $what - come in order, byte for byte", async ({ libver, what: _, ...options }) => {
    await using folder = await Folder.make();
    const shape = [FRAMES, HEIGHT, WIDTH];
    made(
      folder.of("a.h5"),
      (file) => {
        file.create_group("entry").create_group("data");
        file.create_dataset({ name: "entry/data/data", data: stack(), shape, dtype: "<i", ...options } as never);
      },
      libver,
    );
    checkFrames(await read({ path: folder.of("a.h5") }));
  });

  test("an extensible array of many frames - is found to the last", { timeout: 30_000 }, async () => {
    await using folder = await Folder.make();
    const frames = 20_000;
    const data = Uint16Array.from({ length: frames }, (_, at) => at);
    made(
      folder.of("a.h5"),
      (file) => {
        const options = { shape: [frames, 1], chunks: [1, 1], maxshape: [null, 1], dtype: "<H" };
        file.create_dataset({ name: "frames", data, ...options } as never);
      },
      "latest",
    );
    const got = framesOf(await read({ path: folder.of("a.h5"), dataset: "/frames" }));
    expect(got.map(({ payload }) => payload.data[0])).toEqual([...data]);
  });

  test.each([3, 40])(
    "a master file with links to %i files - gives the frames of all, and what else it says",
    async (count) => {
      await using folder = await Folder.make();
      for (let number = 1; number <= count; number += 1) {
        const data = Int32Array.from({ length: 2 * HEIGHT * WIDTH }, (_, at) => at + number);
        made(folder.of(`s_data_${number}.h5`), (file) => {
          file.create_group("entry").create_group("data");
          file.create_dataset({
            name: "entry/data/data",
            data,
            shape: [2, HEIGHT, WIDTH],
            chunks: [1, HEIGHT, WIDTH],
          } as never);
        });
      }
      made(folder.of("s_master.h5"), (file) => {
        const entry = file.create_group("entry");
        const detector = entry.create_group("instrument").create_group("detector");
        detector.create_dataset({ name: "count_time", data: [0.25], shape: [] } as never);
        detector.create_dataset({ name: "description", data: "Eiger" });
        const group = entry.create_group("data");
        for (let number = count; number >= 1; number -= 1) {
          const name = `data_${String(number).padStart(6, "0")}`;
          group.create_external_link(`s_data_${number}.h5`, "entry/data/data", name);
        }
      });
      const inlet = await read({ path: folder.of("s_master.h5") });
      const [start] = inlet.messages;
      expect(start).toMatchObject({
        type: "start",
        run: "s_master",
        data: { entry: { instrument: { detector: { count_time: 0.25, description: "Eiger" } } } },
      });
      const got = framesOf(inlet);
      expect(got.map(({ payload }) => payload.data[0])).toEqual(
        Array.from({ length: count }, (_, index) => [index + 1, HEIGHT * WIDTH + index + 1]).flat(),
      );
      expect(inlet.messages.at(-1)).toMatchObject({ type: "stop", reason: "completed", data: { frames: count * 2 } });
    },
  );

  test("a link out of the folder - is refused", async () => {
    await using folder = await Folder.make();
    for (const target of ["/etc/passwd", "../secret.h5", "sub/../../x.h5"]) {
      made(folder.of("a.h5"), (file) => {
        file.create_group("entry").create_group("data").create_external_link(target, "x", "data_000001");
      });
      await expect(read({ path: folder.of("a.h5") })).rejects.toThrow("which is not in its folder");
    }
  });

  test("links that lead to each other - are refused", async () => {
    await using folder = await Folder.make();
    made(folder.of("a.h5"), (file) => {
      const data = file.create_group("entry").create_group("data");
      data.create_soft_link("/entry/data/other", "data");
      data.create_soft_link("/entry/data/data", "other");
    });
    await expect(read({ path: folder.of("a.h5") })).rejects.toThrow("more than 16 links");
  });

  test("what is no frame - is said, with what to do", async () => {
    await using folder = await Folder.make();
    made(folder.of("a.h5"), (file) => {
      file.create_group("entry").create_group("data");
      file.create_dataset({ name: "words", data: ["a", "b"] });
    });
    await expect(read({ path: folder.of("a.h5") })).rejects.toThrow("name the dataset of the frames");
    await expect(read({ path: folder.of("a.h5"), dataset: "words" })).rejects.toThrow("expected frames of numbers");
    await expect(read({ path: folder.of("a.h5"), dataset: "none" })).rejects.toThrow("there is no dataset none");
  });
});
