// What h5wasm, which is the C library of The HDF Group, reads of our files.
import * as h5wasm from "h5wasm/node";
import { beforeAll, describe, expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { Folder, opened, write } from "./files.ts";

const run = "scan-8";

function withFile<T>(path: string, use: (file: h5wasm.File) => T): T {
  const file = new h5wasm.File(path, "r");
  try {
    return use(file);
  } finally {
    file.close();
  }
}

function dataset(file: h5wasm.File, path: string): h5wasm.Dataset {
  const found = file.get(path);
  if (!(found instanceof h5wasm.Dataset)) throw new Error(`no dataset at ${path}`);
  return found;
}

describe("hdf5 - another library reads what was written", () => {
  beforeAll(async () => {
    await h5wasm.ready;
  });

  test("frames, columns, texts, attributes - are where NeXus has them", async () => {
    await using folder = await Folder.make();
    const frame = (n: number): Uint16Array => Uint16Array.from({ length: 64 * 64 }, (_, at) => (at * 7 + n) % 65_521);
    const events = Array.from({ length: 4_200 }, (_, n) => {
      const metadata = { energy: n / 2, label: `frame ${n}`, light: n % 2 === 0 };
      return new Event(metadata, new NdArray(frame(n), [64, 64]), { run, timeMs: 1e12 + n });
    });
    await write({ path: folder.of("{run}.nxs"), definition: "NXmonopd" }, [
      new Start({ sample: "größe", exposure: 0.1, nested: { ok: true } }, { run, timeMs: 1_700_000_000_250 }),
      ...events,
      new Stop({}, { run, timeMs: 1_700_000_001_000 }),
    ]);
    withFile(folder.of("scan-8.nxs"), (file) => {
      const frames = dataset(file, "entry/data/data");
      expect(frames.shape).toEqual([4_200, 64, 64]);
      expect(frames.metadata.chunks).toEqual([1, 64, 64]);
      for (const n of [0, 1, 63, 64, 4_095, 4_096, 4_199]) expect(frames.slice([[n, n + 1]])).toEqual(frame(n));
      expect(dataset(file, "entry/metadata/energy").slice([[4_198, 4_200]])).toEqual(Float64Array.of(2_099, 2_099.5));
      expect(dataset(file, "entry/metadata/label").slice([[4_000, 4_002]])).toEqual(["frame 4000", "frame 4001"]);
      expect(dataset(file, "entry/events/time").slice([[7, 8]])).toEqual(Float64Array.of(1e12 + 7));
      expect(dataset(file, "entry/start/sample").value).toBe("größe");
      expect(dataset(file, "entry/start/exposure").value).toBe(0.1);
      expect(dataset(file, "entry/start_time").value).toBe("2023-11-14T22:13:20.250Z");
      expect(dataset(file, "entry/end_time").value).toBe("2023-11-14T22:13:21.000Z");
      expect(dataset(file, "entry/definition").value).toBe("NXmonopd");
      const entry = file.get("entry") as h5wasm.Group;
      expect(entry.attrs["NX_class"]?.value).toBe("NXentry");
      expect(entry.attrs["reason"]?.value).toBe("completed");
      expect((file.get("entry/data") as h5wasm.Group).attrs["signal"]?.value).toBe("data");
    });
  });

  test("a file that still grows - can be read at any time, and each time has more", async () => {
    await using folder = await Folder.make();
    const publisher = await opened({ path: folder.of("{run}.nxs"), sync: "message" });
    await publisher.publish(new Start({}, { run }));
    const [path = ""] = await folder.files();
    for (let n = 1; n <= 300; n += 1) {
      await publisher.publish(new Event({ n }, new NdArray(new Float32Array(2_000).fill(n), [20, 100]), { run }));
      if (n % 50 !== 1) continue;
      withFile(path, (file) => {
        expect(dataset(file, "entry/data/data").shape).toEqual([n, 20, 100]);
        expect((dataset(file, "entry/data/data").slice([[n - 1, n]]) as Float32Array)[1_999]).toBe(n);
        expect(dataset(file, "entry/metadata/n").slice([[n - 1, n]])).toEqual(Float64Array.of(n));
      });
    }
    await publisher.close();
  });
});
