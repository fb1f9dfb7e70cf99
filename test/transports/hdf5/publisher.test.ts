import { chmod, open, readdir, rename, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { assertSameMessages } from "../../../src/testing/conformance/same-messages.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import type { OpenFile } from "../../../src/transports/hdf5/writing/growing-file.ts";
import { Hdf5Publisher } from "../../../src/transports/hdf5/writing/hdf5-publisher.ts";
import { Folder, opened, read, write } from "./files.ts";

function scan(run: string, frames = 3, timeMs = 1_700_000_000_000): AnyMessage[] {
  const origin = { stream: "detector", partition: "", sequence: 0 };
  const events = Array.from({ length: frames }, (_, n) => {
    return new Event({ n }, new NdArray(new Float64Array(1_000).fill(n)), { run });
  });
  return [new Start({ run }, { run, timeMs, origin }), ...events, new Stop({}, { run })];
}

async function names(folder: Folder): Promise<readonly string[]> {
  return (await folder.files()).map((path) => path.slice(folder.path.length + 1));
}

describe("hdf5 publisher - names of files", () => {
  test("places - are filled from the Start", async () => {
    await using folder = await Folder.make();
    await write({ path: folder.of("{date}/{stream}/{run}_{time}.nxs") }, scan("scan-8"));
    expect(await names(folder)).toEqual(["2023-11-14/detector/scan-8_221320.nxs"]);
  });

  test("a place that there is not - is refused with the one that was meant", () => {
    expect(() => new Hdf5Publisher({ path: "/data/{rum}.nxs" })).toThrow("there is no place");
    expect(() => new Hdf5Publisher({ path: "/data/{run.nxs" })).toThrow("a brace without its other half");
    expect(() => new Hdf5Publisher({ path: "/data/{run}.nxs", syncMS: 1 } as never)).toThrow('"syncMS"');
  });

  const hostile = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a/b",
    "a\\b",
    ".hidden",
    "nul\0",
    "é/".repeat(200),
  ];
  test.each([...hostile, "{run}", "con:1", "a\nb"])(
    "the run %j - stays in its folder, under a name of its own",
    async (run) => {
      await using folder = await Folder.make();
      await write({ path: folder.of("in", "{run}.nxs").replace("/in/", "/") }, scan(run));
      const found = await readdir(folder.path);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(/^[^./\\][^/\\]*\.nxs$/u);
      const inlet = await read({ path: folder.of(found[0] as string) });
      expect(inlet.messages[0]?.run).toBe(run);
    },
  );

  test("runs that differ in what cannot stand in a name - have different files", async () => {
    await using folder = await Folder.make();
    await write({ path: folder.of("{run}.nxs") }, [...scan("a/b"), ...scan("a:b"), ...scan("a_b")]);
    expect(await names(folder)).toHaveLength(3);
  });

  test("another run of the same name - gets a number; the same run again takes the place of its file", async () => {
    await using folder = await Folder.make();
    const path = folder.of("{run}.nxs");
    await write({ path }, scan("r", 3, 1_000));
    await write({ path }, scan("r", 4, 2_000));
    expect(await names(folder)).toEqual(["r-2.nxs", "r.nxs"]);
    await write({ path }, scan("r", 5, 1_000));
    expect(await names(folder)).toEqual(["r-2.nxs", "r.nxs"]);
    expect((await read({ path: folder.of("r.nxs") })).messages).toHaveLength(7);
    expect((await read({ path: folder.of("r-2.nxs") })).messages).toHaveLength(6);
  });

  test("a run that is resumed - never takes the place of a file", async () => {
    await using folder = await Folder.make();
    const path = folder.of("{run}.nxs");
    const [start, ...rest] = scan("r") as [Start, ...AnyMessage[]];
    await write({ path }, [start, ...rest]);
    await write({ path }, [new Start(start.data, { ...start.envelope, resumed: true }), ...rest.slice(2)]);
    expect(await names(folder)).toEqual(["r-2.nxs", "r.nxs"]);
    expect((await read({ path: folder.of("r.nxs") })).messages).toHaveLength(5);
  });
});

describe("hdf5 publisher - several runs, and unfinished ones", () => {
  test("runs at once - each has its file, also where two streams have one id", async () => {
    await using folder = await Folder.make();
    const of = (stream: string): AnyMessage[] => {
      return scan("r", 20).map((message) => {
        const envelope = { ...message.envelope, run: "r", origin: { stream, partition: "", sequence: 1 } };
        if (message.type === "start") return new Start({ stream }, envelope);
        return message.type === "stop" ? new Stop({}, envelope) : new Event({ stream }, message.payload, envelope);
      });
    };
    const [one, other, third] = [of("one"), of("other"), scan("s", 20)];
    const mixed = one.flatMap((message, index) => [message, other[index], third[index]] as AnyMessage[]);
    await write({ path: folder.of("{stream}-{run}.nxs") }, mixed);
    expect(await names(folder)).toEqual(["detector-s.nxs", "one-r.nxs", "other-r.nxs"]);
    assertSameMessages((await read({ path: folder.of("one-r.nxs") })).messages, one);
    assertSameMessages((await read({ path: folder.of("other-r.nxs") })).messages, other);
  });

  test("the reason of the Stop - is in the file", async () => {
    await using folder = await Folder.make();
    const [start, event] = scan("r") as [Start, Event];
    await write({ path: folder.of("a.nxs") }, [start, event, new Stop({}, { run: "r", reason: "abandoned" })]);
    expect((await read({ path: folder.of("a.nxs") })).messages.at(-1)).toMatchObject({ reason: "abandoned" });
  });

  test("a run without Stop - keeps an unfinished file that can be read, and is named at the next start", async () => {
    await using folder = await Folder.make();
    const path = folder.of("{run}.nxs");
    await write({ path }, scan("r").slice(0, 3));
    const [left = ""] = await names(folder);
    expect(left).toMatch(/^r\.nxs\.[0-9a-f]{12}\.part$/u);
    const warnings: string[] = [];
    const next = new Hdf5Publisher({ path });
    next.onWarning = (message) => warnings.push(message);
    next.begin("detector");
    await next.open(new AbortController().signal);
    await next.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(left);
    await rename(folder.of(left), folder.of("rescued.nxs"));
    const { messages } = await read({ path: folder.of("rescued.nxs") });
    expect(messages.map(({ type }) => type)).toEqual(["start", "event", "event"]);
  });

  test("sync interval - the file can be read a moment later, while the run goes on", async () => {
    await using folder = await Folder.make();
    const clock = new VirtualClock();
    const publisher = await opened({ path: folder.of("a.nxs"), syncMs: 500 }, { clock });
    for (const message of scan("r").slice(0, 3)) await publisher.publish(message as never);
    await clock.advance(500);
    await publisher.publish(scan("r")[3] as never);
    const [path = ""] = await folder.files();
    const { messages } = await read({ path });
    expect(messages.length).toBeGreaterThanOrEqual(3);
    await publisher.close();
  });

  test("a batch - is one sync, and what confirms says so", async () => {
    await using folder = await Folder.make();
    const publisher = await opened({ path: folder.of("a.nxs"), sync: "message" });
    expect([publisher.confirms, publisher.confirmsRuns]).toEqual([true, true]);
    await publisher.publishBatch(scan("r").slice(0, 4) as never);
    const [path = ""] = await folder.files();
    expect((await read({ path })).messages).toHaveLength(4);
    await publisher.close();
    const other = new Hdf5Publisher({ path: folder.of("b.nxs") });
    expect([other.confirms, other.confirmsRuns]).toEqual([false, true]);
  });
});

/** Opens files of a disk that takes so many bytes more. */
function smallDisk(room: number): { room: number; readonly open: OpenFile } {
  const disk = {
    room,
    open: (async (...given: Parameters<OpenFile>) => {
      const handle = await open(...given);
      const write = handle.write.bind(handle) as (...all: unknown[]) => Promise<{ bytesWritten: number }>;
      // What stands in the file already takes no more room.
      let length = (await handle.stat()).size;
      const limited = async (bytes: Uint8Array, from: number, count: number, at: number): Promise<unknown> => {
        const fits = Math.min(count, Math.max(0, length + disk.room - at));
        if (fits === 0 && count > 0) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
        disk.room -= Math.max(0, at + fits - length);
        length = Math.max(length, at + fits);
        return write(bytes, from, fits, at);
      };
      return Object.assign(handle, { write: limited });
    }) as OpenFile,
  };
  return disk;
}

describe("hdf5 publisher - disks", () => {
  test.each([0, 100, 3_000, 20_000, 100_000, 500_000])(
    "a disk that is full after %i bytes - is tried again, and nothing is missing or there twice",
    async (room) => {
      await using folder = await Folder.make();
      const disk = smallDisk(room);
      const publisher = await opened({ path: folder.of("{run}.nxs"), sync: "message" }, { open: disk.open });
      const big = new NdArray(new Float64Array(20_000).fill(7));
      const messages = scan("r", 40);
      messages.splice(
        5,
        0,
        new Event({ n: "big" }, big, { run: "r" }),
        new Event({ bytes: 1 }, new Uint8Array(70_000), { run: "r" }),
      );
      let refusals = 0;
      for (let at = 0; at < messages.length; ) {
        const batch = messages.slice(at, at + 4);
        // As an outlet does: close, open, and each message of the batch alone.
        try {
          await publisher.publishBatch(batch as never);
        } catch (error) {
          refusals += 1;
          expect(error).toMatchObject({ retryable: true, message: expect.stringContaining("the disk is full") });
          // What a file took that was given up is gone here, so that room comes faster than it goes.
          let more = 5_000;
          for (const message of batch) {
            for (let isDone = false; !isDone; more *= 2) {
              await publisher.close().catch(() => undefined);
              disk.room += more;
              await publisher.open(new AbortController().signal);
              isDone = await publisher.publish(message as never).then(
                () => true,
                () => false,
              );
            }
          }
        }
        at += 4;
      }
      await publisher.close();
      expect(refusals).toBeGreaterThan(0);
      const path = folder.of("r.nxs");
      assertSameMessages((await read({ path })).messages, messages);
    },
  );

  test("a folder that is not there - is an error that is not tried again", async () => {
    await using folder = await Folder.make();
    const publisher = new Hdf5Publisher({ path: folder.of("none", "{run}.nxs") });
    const opening = publisher.open(new AbortController().signal);
    await expect(opening).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining("it is not there"),
    });
  });

  test.skipIf(process.getuid?.() === 0)(
    "a folder that cannot be written - is an error that is not tried again",
    async () => {
      await using folder = await Folder.make();
      await chmod(folder.path, 0o555);
      const publisher = await opened({ path: folder.of("{run}.nxs") });
      const publishing = publisher.publish(new Start({}, { run: "r" }));
      await expect(publishing).rejects.toMatchObject({
        retryable: false,
        message: expect.stringContaining("no permission"),
      });
      await publisher.close();
    },
  );

  test("a part of the path that is a file - is an error that says so", async () => {
    await using folder = await Folder.make();
    await writeFile(folder.of("detector"), "");
    const publisher = await opened({ path: folder.of("{stream}", "{run}.nxs") });
    await expect(publisher.publish(new Start({}, { run: "r" }))).rejects.toThrow(/EEXIST|is no folder/u);
    await publisher.close();
  });
});
