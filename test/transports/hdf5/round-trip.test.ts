import { describe, expect, test } from "vitest";
import { compress } from "../../../src/compression/index.ts";
import { compressedArray } from "../../../src/message/documents/compressed-array.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { bytesOf, encodedBytes, NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { oneOfEverything } from "../../../src/testing/conformance/one-of-everything.ts";
import { seededRandom } from "../../../src/testing/conformance/random.ts";
import { assertSameMessages } from "../../../src/testing/conformance/same-messages.ts";
import { compressed, Folder, read, write } from "./files.ts";

const run = "scan-8";

function frame(number: number): Uint16Array {
  return Uint16Array.from({ length: 32 * 32 }, (_, pixel) => (pixel + number) % 61);
}

describe("hdf5 - what was written comes back", () => {
  test("one of everything - a file for each run, byte for byte", async () => {
    await using folder = await Folder.make();
    const messages = oneOfEverything();
    await write({ path: folder.of("{run}.nxs") }, messages);
    const files = await folder.files();
    expect(files).toHaveLength(4);
    for (const path of files) {
      const { messages: got } = await read({ path });
      const expected = messages.filter((message) => message.run === got[0]?.run);
      assertSameMessages(got, expected);
    }
  });

  test("compressed frames - stay as they came, in the file and out of it", async () => {
    await using folder = await Folder.make();
    const events = Array.from({ length: 200 }, (_, number) => {
      return new Event({ number }, compressed(frame(number), [32, 32]), { run, timeMs: 1_000 + number });
    });
    await write({ path: folder.of("{run}.nxs") }, [new Start({}, { run }), ...events, new Stop({}, { run })]);
    const inlet = await read({ path: folder.of("scan-8.nxs") });
    const got = inlet.messages.filter((message) => message.type === "event");
    expect(got).toHaveLength(200);
    for (const [number, event] of got.entries()) {
      const array = event.payload as NdArray<"uint16">;
      expect(encodedBytes(array)).toEqual(encodedBytes((events[number] as Event).payload as NdArray<"uint16">));
      expect(array.data).toEqual(frame(number));
    }
  });

  const forms = [
    { name: "bslz4", elementSize: 2, framing: "headerless" },
    { name: "bslz4", elementSize: 2, framing: "either" },
    { name: "lz4", framing: "framed" },
    { name: "lz4", framing: "block" },
    { name: "lz4", framing: "sized-little" },
    { name: "lz4", framing: "sized-big" },
    { name: "lz4", framing: "any" },
  ] as const;
  test.each(forms)("compressed as $name $framing - the elements come back", async (compression) => {
    await using folder = await Folder.make();
    const elements = frame(3);
    const bytes = compress(compression, new Uint8Array(elements.buffer));
    const claim = { type: { dtype: "uint16", bigEndian: false }, shape: [32, 32], compression, maxBytes: 1e6 } as const;
    const payload = compressedArray(claim, bytes, "frame");
    const event = new Event({}, payload, { run });
    await write({ path: folder.of("a.h5") }, [new Start({}, { run }), event, event, new Stop({}, { run })]);
    const inlet = await read({ path: folder.of("a.h5") });
    for (const got of inlet.messages.filter((message) => message.type === "event")) {
      expect((got.payload as NdArray<"uint16">).data).toEqual(elements);
    }
  });

  test("a dataset whose frames come in several forms - each comes back", async () => {
    await using folder = await Folder.make();
    const raw = new NdArray(frame(1), [32, 32]);
    const payloads = [compressed(frame(0), [32, 32]), raw, compressed(frame(2), [32, 32])];
    const events = payloads.map((payload) => new Event({}, payload, { run }));
    await write({ path: folder.of("a.h5"), compression: "bslz4" }, [new Start({}, { run }), ...events]);
    const [path = ""] = await folder.files();
    const { messages } = await read({ path });
    assertSameMessages(messages, [new Start({}, { run }), ...events]);
  });

  test("compression bslz4 - shrinks what came uncompressed", async () => {
    await using folder = await Folder.make();
    const events = [0, 1, 2].map((n) => new Event({ n }, new NdArray(frame(n), [32, 32]), { run }));
    const messages = [new Start({}, { run }), ...events, new Stop({}, { run })];
    await write({ path: folder.of("a.h5"), compression: "bslz4" }, messages);
    const inlet = await read({ path: folder.of("a.h5") });
    assertSameMessages(inlet.messages, messages);
    const event = inlet.messages[1] as Event<unknown, NdArray<"uint16">>;
    expect(encodedBytes(event.payload)?.length).toBeLessThan(bytesOf(event.payload).length);
  });

  test("many events of changing metadata - come back, over several levels of each index", {
    timeout: 30_000,
  }, async () => {
    await using folder = await Folder.make();
    const seed = 20_261_122;
    const random = seededRandom(seed);
    const keys = ["a", "b/c", ".", "", "ü", "%", "late", "x".repeat(300)];
    const values = [1.5, -0, true, "text", "", "nul\0", null, 12n, Number.NaN, [1, 2], { deep: { er: 1 } }];
    const events = Array.from({ length: 9_000 }, (_, number) => {
      const metadata: Record<string, unknown> = {};
      for (const key of keys) {
        if (random() < 0.3) metadata[key] = values[Math.floor(random() * values.length)];
        if (key === "late" && number > 5_000) metadata[key] = number;
      }
      const payload = new NdArray(Float64Array.from({ length: 600 }, (_, n) => n * number));
      const origin = { stream: random() < 0.1 ? "other" : "detector", partition: "", sequence: number };
      return new Event(metadata, number % 7 === 0 ? Uint8Array.of(number % 256) : payload, {
        run,
        ...(random() < 0.8 && { timeMs: 1_700_000_000_000 + number }),
        ...(random() < 0.9 && { origin }),
      });
    });
    const messages: AnyMessage[] = [new Start({ scan: 8 }, { run }), ...events, new Stop({ ok: true }, { run })];
    await write({ path: folder.of("a.h5") }, messages);
    const { messages: got } = await read({ path: folder.of("a.h5") });
    try {
      assertSameMessages(got, messages);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  });

  test("8 MB of bytes - come back", async () => {
    await using folder = await Folder.make();
    const payload = Uint8Array.from({ length: 8 * 1024 * 1024 }, (_, at) => (at * 2_654_435_761) >>> 24);
    const events = [new Event({ n: 1 }, payload, { run }), new Event({ n: 2 }, payload.subarray(1, 9), { run })];
    await write({ path: folder.of("a.h5") }, events);
    assertSameMessages((await read({ path: folder.of("a.h5") })).messages, events);
  });
});
