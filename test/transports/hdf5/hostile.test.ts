import { readFile, writeFile } from "node:fs/promises";
import * as h5wasm from "h5wasm/node";
import { describe, expect, test } from "vitest";
import { ArroyoError } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import { isNdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { seededRandom } from "../../../src/testing/conformance/random.ts";
import { compressed, Folder, read, write } from "./files.ts";

const run = "scan-8";
const MUTATIONS = process.env["ARROYO_LONG"] === undefined ? 400 : 20_000;

async function ours(path: string): Promise<void> {
  const events = Array.from({ length: 70 }, (_, n) => {
    const payload = n % 5 === 0 ? Uint8Array.of(n) : compressed(new Uint16Array(64).fill(n), [8, 8]);
    return new Event({ n, name: `n${n}`, list: [n] }, payload, { run, timeMs: n });
  });
  await write({ path }, [new Start({ scan: 8 }, { run }), ...events, new Stop({}, { run })]);
}

async function theirs(path: string): Promise<void> {
  await h5wasm.ready;
  const file = new h5wasm.File(path, "w", { libver: "latest" });
  file.create_group("entry").create_group("data");
  const options = { shape: [70, 8, 8], chunks: [1, 8, 8], maxshape: [null, 8, 8], compression: 4 };
  file.create_dataset({ name: "entry/data/data", data: new Float32Array(70 * 64).fill(1), ...options } as never);
  file.close();
}

/** Reads everything, also what is still compressed; damage is an error of ours, or is counted. */
async function tried(path: string): Promise<void> {
  try {
    const inlet = await read({ path });
    for (const message of inlet.messages) {
      if (message.type === "event" && isNdArray(message.payload)) expect(message.payload.data).toBeDefined();
    }
  } catch (error) {
    if (!(error instanceof ArroyoError)) throw error;
  }
}

describe("hdf5 - damaged files", () => {
  test.each([
    ["of ours", ours],
    ["of others", theirs],
  ])("bytes changed in files %s - are an error that says so, or do no harm", { timeout: 600_000 }, async (_, make) => {
    await using folder = await Folder.make();
    await make(folder.of("whole.h5"));
    const whole = await readFile(folder.of("whole.h5"));
    const seed = 1;
    const random = seededRandom(seed);
    for (let mutation = 0; mutation < MUTATIONS; mutation += 1) {
      const bytes = Buffer.from(whole);
      const changes = 1 + Math.floor(random() * 4);
      for (let change = 0; change < changes; change += 1) {
        const at = Math.floor(random() * bytes.length);
        bytes[at] = random() < 0.3 ? 0xff : Math.floor(random() * 256);
      }
      await writeFile(folder.of("damaged.h5"), bytes);
      await tried(folder.of("damaged.h5")).catch((error: unknown) => {
        throw new Error(`seed ${seed}, mutation ${mutation}`, { cause: error });
      });
    }
  });

  test("a file that was cut off - is an error that says so", async () => {
    await using folder = await Folder.make();
    await ours(folder.of("whole.h5"));
    const whole = await readFile(folder.of("whole.h5"));
    for (const bytes of [0, 7, 8, 47, 48, 1_000, Math.floor(whole.length / 2), whole.length - 1]) {
      await writeFile(folder.of("cut.h5"), whole.subarray(0, bytes));
      await expect(read({ path: folder.of("cut.h5") }), `${bytes} bytes`).rejects.toThrow(ArroyoError);
    }
  });

  test("what is no HDF5 file - is an error that names it", async () => {
    await using folder = await Folder.make();
    await writeFile(folder.of("a.h5"), "not an HDF5 file".repeat(100));
    await expect(read({ path: folder.of("a.h5") })).rejects.toThrow("a.h5: is no HDF5 file");
    await expect(read({ path: folder.of("none.h5") })).rejects.toThrow("it is not there");
    await expect(read({ path: folder.path })).rejects.toThrow(/is no file|it is a folder/u);
  });

  test("one bad file among others - is left out and counted", async () => {
    await using folder = await Folder.make();
    await ours(folder.of("a.h5"));
    await writeFile(folder.of("b.h5"), "nothing");
    const inlet = await read({ path: folder.of("*.h5") });
    expect(inlet.messages).toHaveLength(72);
    expect(inlet.losses).toEqual([{ messages: 1, reason: "hdf5: cannot be read" }]);
    expect(inlet.warnings[0]).toContain("b.h5 cannot be read");
  });
});
