import { createHash } from "node:crypto";
import { type DType, Event, type Message, NdArray, Start, Stop } from "arroyojs";
import { Hdf5Publisher } from "arroyojs/hdf5";
import { describe, expect, test } from "vitest";
import { bytesOf, encodedBytes } from "../../src/message/ndarray.ts";
import { compressed, Folder, read } from "../transports/hdf5/files.ts";
import { counts } from "./formats/arrays.ts";
import { send } from "./formats/reader.ts";
import { said, seen } from "./formats/seen.ts";
import { Program } from "./program.ts";

const PEER = "test/peers/hdf5_peer.py";
const SHAPE = [30, 44];
const BITSHUFFLE = 32_008;
const run = "scan-8";

interface SeenFrame {
  readonly dataset: string;
  readonly frame: unknown;
  readonly mask?: number;
  readonly chunk?: unknown;
  readonly filters: readonly number[];
}

/** Says of the bytes of a chunk what the peer says. */
function chunk(bytes: Uint8Array): unknown {
  return { array: ["uint8", [bytes.length], createHash("sha256").update(bytes).digest("hex")] };
}

function scan(payloads: readonly NdArray<DType>[]): readonly Message[] {
  return [
    new Start({ sample: "größe", exposure: 0.1 }, { run, timeMs: 1_700_000_000_250 }),
    ...payloads.map((payload, n) => {
      const metadata = { energy: 8 + n / 4, label: `frame ${n}`, light: n % 2 === 0 };
      return new Event(metadata, payload, { run, timeMs: 1_700_000_000_300 + n });
    }),
    new Stop({}, { run, timeMs: 1_700_000_001_000 }),
  ] as unknown as readonly Message[];
}

async function written(folder: Folder, payloads: readonly NdArray<DType>[], compression: "keep" | "bslz4" = "keep") {
  const publisher = new Hdf5Publisher({ path: folder.of("{run}.nxs"), definition: "NXmonopd", compression });
  await send(scan(payloads), publisher);
  const [first, ...frames] = await Program.python(PEER, "read", folder.of("scan-8.nxs")).lines();
  return { first, frames: frames as readonly SeenFrame[] };
}

describe("hdf5 - files written here and read by h5py", () => {
  const dtypes = [
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
  ];

  test.each(dtypes as readonly DType[])("%s - frames byte for byte, as they are", async (dtype) => {
    await using folder = await Folder.make();
    const payloads = [1, 2, 3].map((seed) => counts(dtype, [64, 80], seed));
    const { frames } = await written(folder, payloads);
    expect(frames.map(({ frame }) => frame)).toEqual(payloads.map((payload) => seen(payload)));
    for (const { filters } of frames) expect(filters).toEqual([]);
  });

  test("times, words, columns, attributes - are where NeXus has them", async () => {
    await using folder = await Folder.make();
    const { first } = await written(
      folder,
      [1, 2, 3].map((seed) => counts("uint16", SHAPE, seed)),
    );
    expect(first).toMatchObject({
      root: { NX_class: "NXroot", default: "entry", creator: "arroyojs" },
      entry: { NX_class: "NXentry", default: "data", reason: "completed" },
      data: { NX_class: "NXdata", signal: "data" },
      words: {
        definition: "NXmonopd",
        entry_identifier: run,
        start_time: "2023-11-14T22:13:20.250Z",
        end_time: "2023-11-14T22:13:21.000Z",
      },
      start: { sample: "größe", exposure: 0.1 },
      columns: { energy: [8, 8.25, 8.5], label: ["frame 0", "frame 1", "frame 2"], light: [true, false, true] },
      time: [1_700_000_000_300, 1_700_000_000_301, 1_700_000_000_302],
      same: true,
    });
  });

  test("frames that came compressed - stand in the file as they came", async () => {
    await using folder = await Folder.make();
    const payloads = [1, 2, 3].map((n) => {
      return compressed(
        Uint16Array.from({ length: 64 * 80 }, (_, at) => (at * n) % 50),
        [64, 80],
      );
    });
    const { frames } = await written(folder, payloads);
    expect(frames).toEqual(
      payloads.map((payload) => ({
        dataset: "data",
        frame: seen(payload),
        mask: 0,
        chunk: chunk(encodedBytes(payload) as Uint8Array),
        filters: [BITSHUFFLE],
      })),
    );
  });

  test("compression bslz4 - is undone by the filter, and left out where it does not help", async () => {
    await using folder = await Folder.make();
    const small = new NdArray(new Uint32Array(64 * 80).fill(7), [64, 80]);
    const noise = counts("uint32", [64, 80], 5);
    const { frames } = await written(folder, [small, noise, small], "bslz4");
    expect(frames.map(({ frame }) => frame)).toEqual([seen(small), seen(noise), seen(small)]);
    expect(frames.map(({ mask, filters }) => [mask, filters])).toEqual([
      [0, [BITSHUFFLE]],
      [1, [BITSHUFFLE]],
      [0, [BITSHUFFLE]],
    ]);
    expect(frames[1]?.chunk).toEqual(chunk(bytesOf(noise)));
  });

  test("several shapes - each has a dataset", async () => {
    await using folder = await Folder.make();
    const payloads = [counts("uint16", SHAPE, 1), counts("float32", [5], 2), counts("uint16", SHAPE, 3)];
    const { frames } = await written(folder, payloads);
    expect(frames.map(({ dataset, frame }) => [dataset, frame])).toEqual([
      ["data", seen(payloads[0])],
      ["data", seen(payloads[2])],
      ["data_2", seen(payloads[1])],
    ]);
  });
});

describe("hdf5 - files written by h5py and replayed here", () => {
  const filters = ["none", "gzip", "gzip-shuffle", "bslz4", "bszstd", "lz4", "zstd", "zstd-sum"];

  for (const libver of ["earliest", "latest"]) {
    test.each(filters)(`%s, libver ${libver} - every frame, and what else the file says`, async (filter) => {
      await using folder = await Folder.make();
      const path = folder.of("a.h5");
      const theirs = await Program.python(PEER, "write", path, filter, libver).lines();
      const { messages } = await read({ path });
      expect((messages as readonly Message[]).map(said)).toEqual(theirs);
    });
  }

  test.each(["bslz4", "bszstd", "lz4"])("%s - copied by us, frames are neither unpacked nor packed", async (filter) => {
    await using folder = await Folder.make();
    const theirs = await Program.python(PEER, "write", folder.of("a.h5"), filter, "earliest").lines();
    const { messages } = await read({ path: folder.of("a.h5") });
    const events = messages.filter((message): message is Event<object, NdArray<DType>> => message.type === "event");
    const { frames } = await written(
      folder,
      events.map(({ payload }) => payload),
    );
    expect(frames.map(({ frame }) => frame)).toEqual(
      theirs.slice(1, -1).map((line) => (line as { payload: unknown }).payload),
    );
    expect(frames.map((one) => one.chunk)).toEqual(
      events.map(({ payload }) => chunk(encodedBytes(payload) as Uint8Array)),
    );
  });

  test("a master file with links to files beside it - every frame; a virtual dataset is refused", async () => {
    await using folder = await Folder.make();
    const path = folder.of("s_master.h5");
    const theirs = await Program.python(PEER, "master", path).lines();
    const { messages } = await read({ path });
    expect((messages as readonly Message[]).map(said)).toEqual(theirs);
    await expect(read({ path, dataset: "/all" })).rejects.toThrow("a virtual dataset is not known here");
  });
});
