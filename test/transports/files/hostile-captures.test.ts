import { readFile, rm, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { ArroyoError } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../../src/message/limits.ts";
import { rawCodec } from "../../../src/message/raw-codec.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { CaptureListener } from "../../../src/transports/files/capture/capture-listener.ts";
import { FIRST_RECORD } from "../../../src/transports/files/capture/segment-header.ts";
import { SEED, Seeded } from "../../corpus/seeded.ts";
import { aRun, play, playBytes, record } from "./captures.ts";
import { Folder } from "./folder.ts";

/** A small capture, and where it was when the records of each message had been written. */
async function small(folder: Folder): Promise<{ bytes: Uint8Array; whole: RecordingInlet }> {
  const path = folder.of("small.acap");
  await record({ path }, aRun("one", 6));
  const bytes = new Uint8Array(await readFile(path));
  return { bytes, whole: await playBytes(folder.of("whole.acap"), bytes) };
}

const payloads = ({ messages }: RecordingInlet): string[] =>
  messages.map((message) =>
    message.type === "event" ? Buffer.from(message.payload as Uint8Array).toString("hex") : "",
  );

/** Plays damaged bytes: gives what came, or the one error; anything else fails. */
async function tried(path: string, bytes: Uint8Array): Promise<RecordingInlet | ArroyoError> {
  try {
    return await playBytes(path, bytes);
  } catch (error) {
    if (error instanceof ArroyoError) return error;
    throw error;
  }
}

describe("capture, hostile", () => {
  test("truncated at every byte - the good part is read, and one error or warning says where it ends", async () => {
    await using folder = await Folder.make();
    const { bytes, whole } = await small(folder);
    const all = payloads(whole);
    const path = folder.of("cut.acap");
    let most = 0;
    for (let length = 0; length < bytes.length; length += length < FIRST_RECORD - 8 ? 127 : 1) {
      const came = await tried(path, bytes.subarray(0, length));
      if (came instanceof ArroyoError) {
        expect(length, came.message).toBeLessThan(FIRST_RECORD / 2);
        expect(came.message).toMatch(/is not there|byte \d+|is no capture/);
        continue;
      }
      const read = payloads(came);
      expect(read).toEqual(all.slice(0, read.length));
      expect(read.length).toBeGreaterThanOrEqual(most);
      most = read.length;
      expect(came.warnings.length).toBeLessThanOrEqual(1);
      for (const warning of came.warnings) expect(warning).toMatch(/bytes \d+ to \d+/);
    }
    expect(most).toBe(all.length);
  });

  test("a flipped bit anywhere - only what it hits is gone, and is told once with its place", async () => {
    await using folder = await Folder.make();
    const { bytes, whole } = await small(folder);
    const all = payloads(whole);
    const path = folder.of("flipped.acap");
    const random = new Seeded(SEED);
    for (let at = 0; at < bytes.length; at += at < FIRST_RECORD - 8 ? 61 : 1) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] as number) ^ (1 << random.below(8));
      const came = await tried(path, damaged);
      if (came instanceof ArroyoError) throw new Error(`seed ${SEED}, byte ${at}: ${came.message}`);
      const read = payloads(came);
      const lost = came.losses.reduce((sum, { messages }) => sum + messages, 0);
      const gone = came.rejections.length + lost;
      expect(gone, `byte ${at}`).toBeLessThanOrEqual(1);
      expect(read.length + came.rejections.length, `byte ${at}`).toBeGreaterThanOrEqual(all.length - 1);
      expect(all).toEqual(expect.arrayContaining(read));
      expect(came.warnings.length, `byte ${at}: ${came.warnings.join()}`).toBeLessThanOrEqual(2);
    }
  });

  test("random bytes - behind a good header, and alone", async () => {
    await using folder = await Folder.make();
    const { bytes } = await small(folder);
    const path = folder.of("random.acap");
    const random = new Seeded(SEED);
    for (let round = 0; round < 50; round += 1) {
      const noise = random.bytes(random.below(5_000));
      const alone = await tried(path, noise);
      if (noise.length > 0) expect(alone, `seed ${SEED}`).toBeInstanceOf(ArroyoError);
      const behind = await tried(path, Buffer.concat([bytes.subarray(0, FIRST_RECORD), noise]));
      expect(behind, `seed ${SEED}`).not.toBeInstanceOf(ArroyoError);
      expect((behind as RecordingInlet).taken.length).toBe(0);
    }
  });

  test("claims - a length that is not there takes no memory, and one over the limit is rejected", async () => {
    await using folder = await Folder.make();
    const path = folder.of("claims.acap");
    await record({ path, codec: rawCodec }, aRun("one", 3, 2_000_000).slice(1, -1));
    const listener = new CaptureListener({ path, codec: rawCodec });
    const inlet = new RecordingInlet(listener.codec, { ...DEFAULT_LIMITS, maxMessageBytes: 1_000_000 });
    await listener.start(inlet, new AbortController().signal);
    expect(inlet.taken.length).toBe(0);
    expect(inlet.rejections.map(({ reason }) => reason)).toEqual(Array(3).fill("more than 1000000 bytes"));
    // The last record says that it is 2 MB, and the file ends before.
    const bytes = await readFile(path);
    const before = process.memoryUsage().arrayBuffers;
    const came = await tried(folder.of("cut.acap"), bytes.subarray(0, FIRST_RECORD + 100));
    expect((came as RecordingInlet).taken.length).toBe(0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  test("what looks like headers everywhere - is passed over, and told once", async () => {
    await using folder = await Folder.make();
    const { bytes } = await small(folder);
    // Each place passes the first checks and claims 64 frames, so that its checksum has to be made.
    const words = new Uint32Array(1024 * 1024);
    for (let at = 0; at < words.length; at += 2) words.set([1 | (64 << 16), 4_096], at);
    const noise = new Uint8Array(words.buffer);
    const hostile = Buffer.concat([bytes.subarray(0, FIRST_RECORD), noise, bytes.subarray(FIRST_RECORD)]);
    const came = (await tried(folder.of("noise.acap"), hostile)) as RecordingInlet;
    // What stood behind has another place now, and is no record any more.
    expect(came.taken.length).toBe(0);
    expect(came.warnings.length).toBe(1);
  });

  test("a capture within a capture - its records are not taken for those around it", async () => {
    await using folder = await Folder.make();
    const { bytes } = await small(folder);
    const path = folder.of("outer.acap");
    const events = Array.from({ length: 3 }, () => new Event({}, bytes));
    await record({ path, codec: rawCodec }, events);
    const damaged = new Uint8Array(await readFile(path));
    // The header of the first record: what follows it is looked at for another one.
    damaged[FIRST_RECORD + 4] = (damaged[FIRST_RECORD + 4] as number) ^ 1;
    const came = (await tried(folder.of("damaged.acap"), damaged)) as RecordingInlet;
    expect(payloads(came)).toEqual(Array(2).fill(Buffer.from(bytes).toString("hex")));
  });

  test("a segment whose header was never whole - holds nothing, and is made anew", async () => {
    await using folder = await Folder.make();
    const { bytes, whole } = await small(folder);
    const path = folder.of("begun.acap");
    for (const length of [0, 5, 600]) {
      await writeFile(path, bytes);
      await writeFile(folder.of("begun.000002.acap"), bytes.subarray(0, length));
      expect(payloads(await play({ path, codec: rawCodec }))).toEqual(payloads(whole));
      await record({ path }, aRun("two", 1));
      expect((await play({ path, codec: rawCodec })).taken.length).toBe(whole.taken.length + 3);
    }
  });

  test("repair - what is torn is cut off when it is recorded into again, and nothing else", async () => {
    await using folder = await Folder.make();
    const { bytes, whole } = await small(folder);
    const all = payloads(whole);
    const path = folder.of("torn.acap");
    for (let length = FIRST_RECORD; length < bytes.length; length += 13) {
      await writeFile(path, bytes.subarray(0, length));
      const before = payloads(await play({ path, codec: rawCodec }));
      await record({ path }, aRun("two", 1));
      const after = await play({ path, codec: rawCodec });
      expect(payloads(after).slice(0, before.length)).toEqual(all.slice(0, before.length));
      expect(after.taken.length).toBe(before.length + 3);
      expect(after.warnings).toEqual([]);
      await rm(path);
      await rm(folder.of("torn.000002.acap"), { force: true });
    }
  });
});
