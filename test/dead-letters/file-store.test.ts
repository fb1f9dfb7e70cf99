import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeadLetter } from "../../src/dead-letters/dead-letter.ts";
import { type Disk, REAL_DISK } from "../../src/dead-letters/disk.ts";
import { FileStore, type FileStoreOptions } from "../../src/dead-letters/file-store.ts";
import { FULL_LETTER, letter, told } from "./letters.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "arroyo-letters-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Opening extends Partial<FileStoreOptions> {
  readonly disk?: Disk;
  readonly now?: () => number;
}

async function opened({ disk = REAL_DISK, now = Date.now, ...options }: Opening = {}): Promise<FileStore> {
  const store = new FileStore({ path: folder, ...options }, { disk, now });
  await store.open();
  return store;
}

/** Makes an error of the file system. */
function refusal(code: string): Error {
  return Object.assign(new Error(`${code}: refused`), { code });
}

/** Makes a disk whose files refuse one kind of call. */
function brokenFiles(call: "writeFile" | "sync", code: string): Disk {
  const broken = async (path: string, flags: string | number): ReturnType<typeof open> => {
    const handle = await open(path, flags);
    if (flags === "wx") handle[call] = () => Promise.reject(refusal(code));
    return handle;
  };
  return { ...REAL_DISK, open: broken as typeof open };
}

async function filled(letters: readonly DeadLetter[]): Promise<void> {
  await using store = await opened();
  for (const one of letters) await store.add(one);
}

describe("file store - files", () => {
  test("file store - a letter is a line that people can read, and then its frames", async () => {
    await filled([letter("1", { frames: [Buffer.from("first"), Buffer.from("second")] })]);
    const [head, body] = (await readFile(join(folder, "1.letter"), "utf8")).split("\n");
    expect(head).toMatch(
      /^\{"format":"arroyojs-dead-letter\/1","id":"1","codec":"arroyo\/1","block":"reduce","step":"process",.*"frameBytes":\[5,6\],"crc32":"[0-9a-f]{8}"\}$/,
    );
    expect(body).toBe("firstsecond");
  });

  test("file store - makes its folder, and counts what is there when it opens again", async () => {
    const path = join(folder, "deep", "er");
    await using first = await opened({ path });
    for (const id of ["1", "2"]) await first.add(letter(id));
    await first.remove("1");
    await using second = await opened({ path });
    expect([second.count, second.bytes]).toEqual([1, first.bytes]);
    await second.add(letter("3"));
    expect(await told(second)).toEqual(["2", "3"]);
  });

  test("file store - what was there counts in the bound", async () => {
    await filled([letter("1", { frames: [new Uint8Array(900)] })]);
    await using store = await opened({ maxBytes: 1_500 });
    await expect(store.add(letter("2", { frames: [new Uint8Array(900)] }))).rejects.toThrow("full with 1 letters");
  });

  test("file store - keeps a large letter", async () => {
    const frames = [new Uint8Array(3_000_000).fill(1), new Uint8Array(2_000_001).fill(2)];
    await filled([letter("1", { frames, run: "r".repeat(100_000) })]);
    await using store = await opened();
    const read = await store.read("1");
    expect(read.run).toBe("r".repeat(100_000));
    expect(read.frames.map((frame, index) => Buffer.compare(frame, frames[index] as Uint8Array))).toEqual([0, 0]);
  });

  test("file store - reads letters of this version as they were written by its first release", async () => {
    const line =
      '{"format":"arroyojs-dead-letter/1","id":"1","codec":"raw","block":"b","step":"publish","error":{"name":"E","message":"m"},' +
      '"attempt":2,"timeMs":5,"frameBytes":[2,1],"later":{"key":[1]},"crc32":"CRC"}\nabc';
    const covered = line.replace(/,"crc32".*/s, "}");
    const { crc32 } = await import("node:zlib");
    const crc = crc32("abc", crc32(covered)).toString(16).padStart(8, "0");
    await writeFile(join(folder, "1.letter"), line.replace("CRC", crc));
    await using store = await opened();
    expect(await store.read("1")).toMatchObject({ codec: "raw", step: "publish", attempt: 2 });
    expect((await store.read("1")).frames.map((frame) => Buffer.from(frame).toString())).toEqual(["ab", "c"]);
  });
});

describe("file store - what a crash leaves", () => {
  test("file store - a letter that was never renamed is none, and its id can be used again", async () => {
    let reached = (): void => {};
    const renaming = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const disk: Disk = {
      ...REAL_DISK,
      rename: () => {
        reached();
        return new Promise(() => {}); // killed here
      },
    };
    const killed = await opened({ disk });
    void killed.add(letter("1"));
    await renaming;
    await using store = await opened();
    expect([store.count, store.bytes]).toEqual([0, 0]);
    expect(await told(store)).toEqual([".1.tmp: it was not finished, or is being written"]);
    await store.add(letter("2"));
    expect(await told(store)).toEqual([".1.tmp: it was not finished, or is being written", "2"]);
  });

  test("file store - removes what was left behind when nobody can be writing it any more", async () => {
    for (const name of [".1.tmp", ".2.tmp", "notes.tmp"]) {
      await writeFile(join(folder, name), "half");
      await utimes(join(folder, name), 1_000, name === ".2.tmp" ? 4_000 : 1_000);
    }
    await using _store = await opened({ now: () => 5_000_000 });
    expect(await readdir(folder)).toEqual([".2.tmp", "notes.tmp"]);
  });

  test("file store - every letter that was added is whole after a kill", async () => {
    const source = new URL("../../src/dead-letters/", import.meta.url).href;
    const program = `
      const { FileStore } = await import("${source}file-store.ts");
      const { DeadLetterIds } = await import("${source}dead-letter.ts");
      const store = new FileStore({ path: ${JSON.stringify(folder)} });
      await store.open();
      const ids = new DeadLetterIds();
      const error = { name: "E", message: "m" };
      let added = 0;
      for (;;) {
        await Promise.all(Array.from({ length: 20 }, async () => {
          const id = ids.next(1);
          const frames = [Buffer.alloc(20_000, id)];
          await store.add({ id, frames, codec: "raw", block: "b", step: "process", error, attempt: 1, timeMs: 1 });
          process.stdout.write(id + "\\n");
          added += 1;
          if (added === 150) process.kill(process.pid, "SIGKILL");
        }));
      }`;
    let output = "";
    try {
      execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
    } catch (error) {
      const { signal, stdout } = error as { signal: string; stdout: Buffer };
      expect(signal).toBe("SIGKILL");
      output = stdout.toString();
    }
    const ids = output.split("\n").filter((id) => id.length > 0);
    expect(ids.length).toBeGreaterThanOrEqual(150);
    await using store = await opened();
    for (const id of ids) {
      const [frame] = (await store.read(id)).frames;
      expect(Buffer.compare(frame as Uint8Array, Buffer.alloc(20_000, id))).toBe(0);
    }
  });
});

describe("file store - what others left in the folder", () => {
  test("file store - a damaged letter is an error of its own", async () => {
    await filled([FULL_LETTER, letter("2")]);
    const path = join(folder, `${FULL_LETTER.id}.letter`);
    const bytes = await readFile(path);
    bytes.writeUInt8(0x55, bytes.byteLength - 1);
    await writeFile(path, bytes);
    await using store = await opened();
    await expect(store.read(FULL_LETTER.id)).rejects.toThrow(
      "cannot be read: its checksum is wrong; look at the file, and remove it",
    );
    expect((await store.read("2")).id).toBe("2");
    await store.remove(FULL_LETTER.id);
    expect(await told(store)).toEqual(["2"]);
  });

  test("file store - a damaged head is found by the checksum", async () => {
    await filled([letter("1", { attempt: 3 })]);
    const path = join(folder, "1.letter");
    await writeFile(path, (await readFile(path, "latin1")).replace('"attempt":3', '"attempt":4'), "latin1");
    await using store = await opened();
    await expect(store.read("1")).rejects.toThrow("its checksum is wrong");
  });

  test("file store - skips what is no letter and says why", async () => {
    await filled(["1", "2", "3"].map((id) => letter(id)));
    const at = (name: string): string => join(folder, name);
    await truncate(at("1.letter"), (await readFile(at("1.letter"))).byteLength - 1);
    await rename(at("2.letter"), at("4.letter"));
    await truncate(at("3.letter"), 20);
    await writeFile(at("5.letter"), "");
    await writeFile(at("README"), "do not touch");
    await mkdir(at("6.letter"));
    await symlink("/etc/passwd", at("7.letter"));
    execFileSync("mkfifo", [at("8.letter")]);
    await writeFile(at("9.LETTER"), "x");
    await using store = await opened();
    expect(store.count).toBe(4);
    const skipped = await told(store);
    expect(skipped.map((line) => line.replace(/ELOOP.*/, "ELOOP"))).toEqual([
      expect.stringMatching(/^1\.letter: it has \d+ bytes of \d+$/),
      "3.letter: it does not begin as a dead letter",
      "4.letter: it is a letter with another id",
      "5.letter: it does not begin as a dead letter",
      "6.letter: it is no file",
      "7.letter: ELOOP",
      "8.letter: it is no file",
      "9.LETTER: it is no dead letter",
      "README: it is no dead letter",
    ]);
  });

  test.each([
    ['"frameBytes":[-1]', "its lengths are no lengths"],
    ['"frameBytes":[9007199254740993]', "its lengths are no lengths"],
    ['"frameBytes":"all"', "its lengths are no lengths"],
    ['"frameBytes":[9e15]', "it has"],
    ['"frameBytes":[],"__proto__":{"id":"2"}', undefined],
    ['"frameBytes":[],"attempt":"1"', "its attempt is no number"],
    ['"frameBytes":[],"error":[]', "its error is no object"],
    ['"frameBytes":[],"origin":{"stream":"s"}', "its partition is no text"],
    ['"frameBytes":[]}{', "JSON"],
  ])("file store - takes no harm from a head with %s", async (fields, reason) => {
    const head = `{"format":"arroyojs-dead-letter/1","id":"1","codec":"raw","block":"b","step":"decode","error":{"name":"","message":""},"attempt":1,"timeMs":0,${fields},"crc32":"00000000"}\n`;
    await writeFile(join(folder, "1.letter"), head);
    await using store = await opened();
    expect(await told(store)).toEqual([reason === undefined ? "1" : expect.stringContaining(reason)]);
    await expect(store.read("1")).rejects.toThrow("1 cannot be read");
  });
});

describe("file store - errors of the disk", () => {
  test("file store - a full disk is one clear error, and leaves nothing behind", async () => {
    await using store = await opened({ disk: brokenFiles("writeFile", "ENOSPC") });
    await expect(store.add(letter("1"))).rejects.toThrow(
      `dead letters in ${folder}: writing 1 failed: the disk is full; make room (ENOSPC)`,
    );
    expect([store.count, store.bytes, await readdir(folder)]).toEqual([0, 0, []]);
  });

  test("file store - a letter whose content cannot be synced is not kept", async () => {
    await using store = await opened({ disk: brokenFiles("sync", "EIO") });
    await expect(store.add(letter("1"))).rejects.toThrow("the disk does not work; look at the system's log (EIO)");
    expect(await readdir(folder)).toEqual([]);
  });

  test("file store - a letter that cannot be renamed is not kept", async () => {
    const disk: Disk = { ...REAL_DISK, rename: () => Promise.reject(refusal("EACCES")) };
    await using store = await opened({ disk });
    await expect(store.add(letter("1"))).rejects.toThrow("no permission; let this user read and write there");
    expect([store.count, await readdir(folder)]).toEqual([0, []]);
  });

  test("file store - a folder that cannot be used is an error when it opens", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(opened({ path: file })).rejects.toThrow(
      "opening the folder failed: it is no folder; choose another name (EEXIST)",
    );
    await expect(opened({ path: join(file, "below") })).rejects.toThrow("a part of the path is no folder");
    const disk: Disk = { ...REAL_DISK, access: () => Promise.reject(refusal("EACCES")) };
    await expect(opened({ disk })).rejects.toThrow(
      `dead letters in ${folder}: opening the folder failed: no permission`,
    );
  });

  test("file store - a folder that went away is an error of each letter", async () => {
    const path = join(folder, "gone");
    await using store = await opened({ path });
    await rm(path, { recursive: true });
    await expect(store.add(letter("1"))).rejects.toThrow(
      "it is not there any more; do not remove it while a block runs",
    );
    expect(store.count).toBe(0);
  });
});

describe("file store - many at once", () => {
  test("file store - letters that are added together share the syncs of the folder", async () => {
    let syncs = 0;
    const counting = (path: string, flags: string | number): ReturnType<typeof open> => {
      if (flags === constants.O_RDONLY) syncs += 1;
      return open(path, flags);
    };
    await using store = await opened({ disk: { ...REAL_DISK, open: counting as typeof open } });
    const ids = Array.from({ length: 200 }, (_, index) => `${index}`.padStart(3, "0"));
    await Promise.all(ids.map((id) => store.add(letter(id))));
    expect(await told(store)).toEqual(ids);
    expect(syncs).toBeGreaterThan(0);
    expect(syncs).toBeLessThan(100);
  });

  test("file store - each letter is renamed before a sync begins that it waits for", async () => {
    const events: string[] = [];
    let syncs = 0;
    const disk: Disk = {
      ...REAL_DISK,
      rename: async (from, to) => {
        await rename(from, to);
        events.push(`${to} renamed`);
      },
      open: (async (path: string, flags: string | number) => {
        const handle = await open(path, flags);
        if (flags !== constants.O_RDONLY) return handle;
        const sync = handle.sync.bind(handle);
        handle.sync = async () => {
          syncs += 1;
          const number = syncs;
          events.push(`sync ${number} begins`);
          await sync();
          events.push(`sync ${number} ends`);
        };
        return handle;
      }) as typeof open,
    };
    await using store = await opened({ disk });
    const ids = Array.from({ length: 50 }, (_, index) => `${index}`);
    await Promise.all(
      ids.map(async (id) => {
        await store.add(letter(id));
        const after = events.slice(events.indexOf(`${join(folder, `${id}.letter`)} renamed`) + 1);
        const next = after.find((event) => event.endsWith("begins"));
        expect(after).toContain(next?.replace("begins", "ends"));
      }),
    );
    expect(syncs).toBeLessThan(ids.length);
  });
});
