import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeadLetterStore } from "../../src/dead-letters/dead-letter-store.ts";
import { FileStore } from "../../src/dead-letters/file-store.ts";
import { MemoryStore } from "../../src/dead-letters/memory-store.ts";
import { DeadLettersError, DeadLettersFullError, UsageError } from "../../src/errors.ts";
import { FULL_LETTER, letter, listed, told } from "./letters.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "arroyo-letters-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const STORES: Readonly<Record<string, (maxBytes?: number) => DeadLetterStore>> = {
  memory: (maxBytes = 100_000) => new MemoryStore({ maxBytes }),
  file: (maxBytes = 100_000) => new FileStore({ path: join(folder, "letters"), maxBytes }),
};

describe.each(Object.entries(STORES))("dead-letter store - %s", (_name, make) => {
  test("dead-letter store - gives back a letter as it was", async () => {
    await using store = make();
    await store.open();
    await store.add(FULL_LETTER);
    const read = await store.read(FULL_LETTER.id);
    expect({ ...read, frames: read.frames.map((frame) => Buffer.from(frame)) }).toEqual({
      ...FULL_LETTER,
      frames: FULL_LETTER.frames.map((frame) => Buffer.from(frame)),
    });
  });

  test("dead-letter store - keeps a letter without frames", async () => {
    await using store = make();
    await store.open();
    await store.add(letter("1", { frames: [] }));
    expect((await store.read("1")).frames).toEqual([]);
  });

  test("dead-letter store - keeps bytes of a shared buffer, which may change later", async () => {
    await using store = make();
    await store.open();
    const slot = new Uint8Array(new SharedArrayBuffer(64));
    slot.fill(5);
    await store.add(letter("1", { frames: [slot.subarray(8, 12)] }));
    slot.fill(6);
    expect(Buffer.from((await store.read("1")).frames[0] as Uint8Array)).toEqual(Buffer.from([5, 5, 5, 5]));
  });

  test("dead-letter store - lists what is there in order of ids, without the frames", async () => {
    await using store = make();
    await store.open();
    for (const id of ["b", "c", "a"]) await store.add(letter(id));
    const summaries = await listed(store);
    const { frames: _, ...facts } = letter("a");
    expect(summaries[0]).toEqual({ type: "letter", ...facts, bytes: expect.any(Number), frameBytes: [3] });
    expect(await told(store)).toEqual(["a", "b", "c"]);
    expect(store.count).toBe(3);
    expect(store.bytes).toBe(summaries.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  test("dead-letter store - removes a letter, and is content when there is none", async () => {
    await using store = make();
    await store.open();
    await store.add(letter("1"));
    await store.remove("1");
    await store.remove("1");
    expect([store.count, store.bytes, await told(store)]).toEqual([0, 0, []]);
    await expect(store.read("1")).rejects.toThrow(/there is no letter 1; list\(\) gives those there are/);
    await store.add(letter("1"));
    expect(store.count).toBe(1);
  });

  test("dead-letter store - refuses what would pass its bound, also of letters that come at the same time", async () => {
    await using store = make(2_000);
    await store.open();
    const adds = ["1", "2", "3"].map((id) => store.add(letter(id, { frames: [new Uint8Array(700)] })));
    const ends = await Promise.allSettled(adds);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    await expect(adds[2]).rejects.toThrow(DeadLettersFullError);
    await expect(adds[2]).rejects.toThrow(
      /full with 2 letters of \d+ bytes, \d+ more would pass 2000; remove some, or/,
    );
    await store.remove("1");
    await store.add(letter("3", { frames: [new Uint8Array(700)] }));
    expect(await told(store)).toEqual(["2", "3"]);
  });

  test("dead-letter store - refuses an id a second time", async () => {
    await using store = make();
    await store.open();
    await store.add(letter("1"));
    await expect(store.add(letter("1"))).rejects.toThrow("1 is there already; make a new id");
    expect(store.count).toBe(1);
  });

  test.each(["", "../1", "a/b", ".a", "A", "a\u0000", "-a", "a".repeat(101)])(
    "dead-letter store - refuses %j as an id",
    async (id) => {
      await using store = make();
      await store.open();
      for (const call of [store.add(letter(id)), store.read(id), store.remove(id)]) {
        await expect(call).rejects.toThrow(UsageError);
      }
    },
  );

  test.each([
    [{ timeMs: Number.NaN }, "its timeMs is no number"],
    [{ step: "open" as "decode" }, "its step is none"],
    [{ run: 7 as unknown as string }, "its run is no text"],
  ])("dead-letter store - refuses a letter with %j", async (wrong, message) => {
    await using store = make();
    await store.open();
    await expect(store.add(letter("1", wrong))).rejects.toThrow(message);
    expect([store.count, store.bytes]).toEqual([0, 0]);
  });

  test("dead-letter store - takes nothing before it is open and after it was closed", async () => {
    const store = make();
    await expect(store.add(letter("1"))).rejects.toThrow(DeadLettersError);
    await store.open();
    const adding = store.add(letter("1"));
    await store.close();
    await store.close();
    await adding;
    await expect(store.add(letter("2"))).rejects.toThrow("the store is closed; open() it first");
    await expect(store.read("1")).rejects.toThrow("the store is closed");
  });

  test.each([0, 1.5, Number.POSITIVE_INFINITY])("dead-letter store - refuses %s as a bound", (maxBytes) => {
    expect(() => make(maxBytes)).toThrow(`maxBytes is ${maxBytes}; give a whole number above 0`);
  });
});
