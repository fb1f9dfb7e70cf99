import { appendFile, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/message/limits.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { FileEvent } from "../../../src/transports/files/watch/files-codec.ts";
import { FilesListener, type FilesListenerOptions } from "../../../src/transports/files/watch/files-listener.ts";
import type { SeenFile } from "../../../src/transports/files/watch/folder-look.ts";
import { pathTest } from "../../../src/transports/files/watch/pattern.ts";
import { Settling } from "../../../src/transports/files/watch/settling.ts";
import { Folder } from "./folder.ts";

const QUICK = { settleMs: 10, lookMs: 10, watch: false };
const paths = (inlet: RecordingInlet): string[] =>
  inlet.messages.map((message) => (message as unknown as FileEvent).metadata.path).sort();

async function read(options: FilesListenerOptions, acks = true, maxMessageBytes = 1_000_000): Promise<RecordingInlet> {
  const listener = new FilesListener({ ...QUICK, ...options });
  const inlet = new RecordingInlet(listener.codec, { ...DEFAULT_LIMITS, maxMessageBytes });
  await listener.start(inlet as never, new AbortController().signal);
  if (acks) for (const { settlement } of inlet.taken) await settlement?.ack();
  return inlet;
}

describe("files", () => {
  test("content - bytes are the payload; path, size and time the metadata", async () => {
    await using folder = await Folder.make();
    await mkdir(folder.of("in", "ner"), { recursive: true });
    await writeFile(folder.of("in", "ner", "a.tif"), "pixels");
    await writeFile(folder.of("empty"), "");
    const inlet = await read({ folder: folder.path });
    const events = inlet.messages as unknown as FileEvent[];
    const event = events.find(({ metadata }) => metadata.size > 0) as FileEvent;
    expect(Buffer.from(event.payload).toString()).toBe("pixels");
    expect(event.metadata).toMatchObject({ path: "in/ner/a.tif", size: 6 });
    expect(event.envelope).toMatchObject({ key: "in/ner/a.tif", timeMs: event.metadata.mtimeMs });
    expect(paths(inlet)).toEqual(["empty", "in/ner/a.tif"]);
    expect(paths(await read({ folder: folder.path, recursive: false, journal: false }))).toEqual(["empty"]);
  });

  test("restart - what was finished does not come again, what was not does, and what was written anew", async () => {
    await using folder = await Folder.make();
    for (const name of ["a", "b", "c"]) await writeFile(folder.of(name), name);
    const first = await read({ folder: folder.path }, false);
    expect(paths(first)).toEqual(["a", "b", "c"]);
    for (const { decoded, settlement } of first.taken) {
      if ((decoded.message as unknown as FileEvent).metadata.path !== "b") await settlement?.ack();
    }
    expect(paths(await read({ folder: folder.path }))).toEqual(["b"]);
    expect(paths(await read({ folder: folder.path }))).toEqual([]);
    await writeFile(folder.of("c"), "another c");
    expect(paths(await read({ folder: folder.path }))).toEqual(["c"]);
    await rm(folder.of("a"));
    expect(paths(await read({ folder: folder.path }))).toEqual([]);
  });

  test("journal - a torn or damaged line costs only its file", async () => {
    await using folder = await Folder.make();
    for (const name of ["a", "b"]) await writeFile(folder.of(name), name);
    await read({ folder: folder.path });
    const journal = folder.of(".arroyo-files.journal");
    const { length } = await readFile(journal);
    await truncate(journal, length - 5);
    expect(paths(await read({ folder: folder.path })).length).toBe(1);
    expect(paths(await read({ folder: folder.path }))).toEqual([]);
    await appendFile(journal, "no line of ours\n");
    const inlet = await read({ folder: folder.path });
    expect(paths(inlet)).toEqual([]);
    expect(inlet.warnings.join()).toMatch(/1 damaged lines are left out/);
  });

  test("journal - a place that cannot be written names the way out", async () => {
    await using folder = await Folder.make();
    await writeFile(folder.of("a"), "a");
    await expect(read({ folder: folder.path, journal: folder.of("a", "journal") })).rejects.toThrow(/journal: false/);
  });

  test("a folder that is not there - is told, and not made", async () => {
    await using folder = await Folder.make();
    await expect(read({ folder: folder.of("absent") })).rejects.toThrow(/absent: looking failed: it is not there/);
    await expect(read({ folder: folder.of("absent") })).rejects.toThrow(/ENOENT/);
  });

  test("too large - is rejected and counted, and does not come again", async () => {
    await using folder = await Folder.make();
    await writeFile(folder.of("large"), new Uint8Array(2_000));
    await writeFile(folder.of("small"), new Uint8Array(10));
    const inlet = await read({ folder: folder.path, maxFileBytes: 1_000 });
    expect(paths(inlet)).toEqual(["small"]);
    expect(inlet.rejections.map(({ reason }) => reason)).toEqual(["the file has more than 1000 bytes"]);
    expect(inlet.warnings.join()).toMatch(/large is left out: it has 2000 bytes/);
    const again = await read({ folder: folder.path, maxFileBytes: 1_000 });
    expect(again.rejections).toEqual([]);
  });

  test("links and hidden files - are left alone", async () => {
    await using folder = await Folder.make();
    await using outside = await Folder.make();
    await writeFile(outside.of("secret"), "secret");
    await symlink(outside.of("secret"), folder.of("link"));
    await symlink(outside.path, folder.of("folder"));
    await writeFile(folder.of(".hidden"), "hidden");
    await writeFile(folder.of("plain"), "plain");
    expect(paths(await read({ folder: folder.path }))).toEqual(["plain"]);
  });

  test("watch - a file that grows comes once, when it is complete", async () => {
    await using folder = await Folder.make();
    const listener = new FilesListener({ folder: folder.path, settleMs: 200, lookMs: 10, patterns: "*.dat" });
    const inlet = new RecordingInlet(listener.codec);
    const stop = new AbortController();
    const ended = listener.start(inlet as never, stop.signal);
    await until(() => inlet.readyAt.length === 1, "ready");
    await writeFile(folder.of("a.dat"), "a");
    await appendFile(folder.of("a.dat"), "b");
    await writeFile(folder.of("b.tmp"), "whole");
    await until(() => inlet.taken.length === 1, "a.dat");
    await rename(folder.of("b.tmp"), folder.of("b.dat"));
    await until(() => inlet.taken.length === 2, "b.dat");
    stop.abort();
    await ended;
    const content = inlet.messages.map((message) => Buffer.from((message as unknown as FileEvent).payload).toString());
    expect(content).toEqual(["ab", "whole"]);
  });

  test("options - what cannot be is refused", () => {
    expect(() => new FilesListener({ folder: "" })).toThrow(/folder: expected a text/);
    expect(() => new FilesListener({ folder: "x", patterns: [] })).toThrow(/patterns: expected a glob/);
    expect(() => new FilesListener({ folder: "x", patterns: "a{b" })).toThrow(/bracket without its other half/);
    expect(() => new FilesListener({ folder: "x", setlleMs: 1 } as never)).toThrow(/there is no option "setlleMs"/);
  });
});

describe("files, settling", () => {
  const file = (path: string, size: number, mtimeMs: number, identity = path): SeenFile => {
    return { path, size, mtimeMs, ctimeMs: mtimeMs, identity };
  };
  const look = (settling: Settling, atMs: number, ...files: SeenFile[]) =>
    settling.look(new Map(files.map((one) => [one.path, one])), atMs);

  test("time - begins anew whenever size or time change", () => {
    const settling = new Settling(
      100,
      () => true,
      () => false,
    );
    expect(look(settling, 0, file("a", 1, 0))).toMatchObject({ ready: [], waitMs: 100 });
    expect(look(settling, 90, file("a", 2, 0))).toMatchObject({ ready: [], waitMs: 100 });
    expect(look(settling, 180, file("a", 2, 5))).toMatchObject({ ready: [], waitMs: 100 });
    expect(look(settling, 250, file("a", 2, 5))).toMatchObject({ ready: [], waitMs: 30 });
    expect(look(settling, 280, file("a", 2, 5)).ready.map(({ path }) => path)).toEqual(["a"]);
  });

  test("rename - a file that was there under another name is complete at once", () => {
    const settling = new Settling(
      100,
      (path) => path.endsWith(".tif"),
      () => false,
    );
    look(settling, 0, file("a.tmp", 9, 0, "inode 1"));
    expect(look(settling, 10, file("a.tif", 9, 0, "inode 1")).ready.map(({ path }) => path)).toEqual(["a.tif"]);
    look(settling, 20, file("b.tmp", 9, 0, "inode 2"));
    expect(look(settling, 30, file("b.tif", 10, 25, "inode 2")).ready).toEqual([]);
  });

  test("rename - a finished file does not come again under its new name", () => {
    const settling = new Settling(
      0,
      () => true,
      ({ path }) => path === "a",
    );
    look(settling, 0, file("a", 9, 0, "inode 1"));
    const { ready, renamed } = look(settling, 10, file("done/a", 9, 0, "inode 1"));
    expect([ready, renamed.map(({ path }) => path)]).toEqual([[], ["done/a"]]);
  });

  test("order - the oldest first; what is gone before it was ready is counted", () => {
    const settling = new Settling(
      10,
      () => true,
      () => false,
    );
    look(settling, 0, file("a", 1, 5), file("b", 1, 3), file("c", 1, 1), file("d", 1, 1));
    const { ready, gone } = look(settling, 20, file("a", 1, 5), file("b", 1, 3), file("c", 1, 1));
    expect(ready.map(({ path }) => path)).toEqual(["c", "b", "a"]);
    expect(gone).toBe(1);
  });
});

describe("files, patterns", () => {
  test.each([
    [["*.tif"], ["a.tif", "b/c.tif"], ["a.tiff", ".a.tif"]],
    [["scan-*/*.{cbf,h5}"], ["scan-1/a.cbf", "scan-/b.h5"], ["a.cbf", "x/scan-1/a.cbf", "scan-1/a.tif"]],
    [["**/raw/*"], ["raw/a", "x/y/raw/b"], ["raw/x/a", "a"]],
    [["data/**"], ["data/a", "data/b/c"], ["a", "data/.hidden"]],
    [["**"], ["a", "b/c"], [".a", "b/.c", ".b/c"]],
    [[".state"], [".state", "a/.state"], ["state"]],
    [["img_??[0-9].[!x]"], ["img_ab1.y"], ["img_ab1.x", "img_a1.y"]],
    [["*.tif", "!*.part.tif"], ["a.tif"], ["a.part.tif"]],
    [["a+b(1).x"], ["a+b(1).x"], ["aab1.x"]],
  ])("%j", (patterns, meant, others) => {
    const isMeant = pathTest(patterns);
    expect([meant.filter((path) => !isMeant(path)), others.filter(isMeant)]).toEqual([[], []]);
  });
});
