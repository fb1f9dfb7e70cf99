import { readdir, rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import { jsonCodec } from "../../../src/message/json-codec.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { rawCodec } from "../../../src/message/raw-codec.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { CaptureListener } from "../../../src/transports/files/capture/capture-listener.ts";
import { CapturePublisher } from "../../../src/transports/files/capture/capture-publisher.ts";
import { aRun, play, record, steppingClock, story } from "./captures.ts";
import { Folder } from "./folder.ts";

const SEGMENT = { segmentBytes: 64 * 1024 };
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => String(from + at));

describe("capture, replayed", () => {
  test("end - start returns after the last message", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    await record({ path }, aRun("one", 3));
    expect(story(await play({ path }))).toEqual(["start one", "0", "1", "2", "stop one"]);
  });

  test("frames - are what was recorded, byte for byte, at multiples of 8 in memory", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    const frames = [[0], [1, 5], [0, 0, 3], [7, 70_000, 9], [200_001]].map((lengths) =>
      lengths.map((length) => new Uint8Array(length).fill(length)),
    );
    const events = frames.map((all) => new Event({ frames: all.slice(0, -1) }, all.at(-1) as Uint8Array));
    await record({ path, codec: rawCodec }, events);
    const { messages } = await play({ path, codec: rawCodec });
    const came = messages.map((message) => {
      const { metadata, payload } = message as Event<{ frames: Uint8Array[] }, Uint8Array>;
      return [...metadata.frames, payload];
    });
    expect(came).toEqual(frames);
    expect(came.flat().filter(({ byteOffset }) => byteOffset % 8 !== 0)).toEqual([]);
  });

  test("rotation - segments follow each other as one log, and can be begun in any", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    const messages = [...aRun("one", 40, 10_000), ...aRun("two", 30, 10_000)];
    await record({ path, ...SEGMENT }, messages);
    const files = await readdir(folder.path);
    expect(files.length).toBeGreaterThan(8);
    expect(files).toContain("a.000002.acap");
    const all = ["start one", ...numbers(0, 40), "stop one", "start two", ...numbers(0, 30), "stop two"];
    expect(story(await play({ path }))).toEqual(all);
    for (const position of [0, 1, 7, 41, 42, 43, 60, 73]) {
      const again = position > 0 && position <= 41 ? ["start one again"] : position > 42 ? ["start two again"] : [];
      const came = story(await play({ path, from: { position } }));
      expect(came, `from ${position}`).toEqual([...again, ...all.slice(position)]);
    }
    expect(story(await play({ path, from: { run: "two" } }))).toEqual(all.slice(42));
    expect(story(await play({ path, from: "newest" }))).toEqual([]);
  });

  test("rotation - a segment that was removed is counted as lost", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    await record({ path, ...SEGMENT }, aRun("one", 40, 10_000));
    const before = await play({ path });
    await rm(folder.of("a.000003.acap"));
    const { taken, losses } = await play({ path });
    const lost = losses.reduce((sum, { messages }) => sum + messages, 0);
    expect(lost).toBeGreaterThan(0);
    expect(taken.length + lost).toBe(before.taken.length);
  });

  test("time - the first message at or after it, wherever the segments end", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    const events = Array.from({ length: 100 }, (_, number) => new Event({ number }, new Uint8Array(10_000)));
    const begin = Date.UTC(2026, 5, 1);
    const times: number[] = [];
    const clock = steppingClock(begin, 1_000);
    const watched = { ...clock, now: () => times[times.push(clock.now()) - 1] as number };
    await record({ path, ...SEGMENT }, events, watched);
    const first = times.find((ms) => ms > begin + 50_000) as number;
    const from = await play({ path, from: { time: new Date(begin + 50_000) } });
    expect(from.taken.length).toBeGreaterThan(30);
    expect(from.taken.length).toBeLessThan(80);
    const later = await play({ path, from: { time: first + 1_000_000 } });
    expect(later.taken.length).toBe(0);
    expect((await play({ path, from: { time: 0 } })).taken.length).toBe(100);
  });

  test("places - what cannot be is refused with the way out", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    await expect(play({ path })).rejects.toThrow(/is not there; correct the path/);
    await record({ path }, aRun("one", 3));
    await expect(play({ path, from: { position: 6 } })).rejects.toThrow(/expected a position up to 5/);
    await expect(play({ path, from: { run: "two" } })).rejects.toThrow(/there is no run "two"/);
    await expect(play({ path, codec: jsonCodec })).rejects.toThrow(/was recorded as arroyo\/1.*give the codec/);
    await expect(record({ path, codec: jsonCodec }, [])).rejects.toThrow(/record into another file/);
    expect(() => new CaptureListener({ path, speed: -1 })).toThrow(/speed: expected a factor/);
    expect(() => new CaptureListener({ path, from: { posit: 1 } as never })).toThrow(/from: expected/);
    expect(() => new CapturePublisher({ path, sync: "often" as never })).toThrow(
      /sync: expected "close" or "interval" or "message"/,
    );
    expect(() => new CapturePublisher({ path, segmentbytes: 1 } as never)).toThrow(/there is no option "segmentbytes"/);
  });

  test("raw - runs of a format are found where the format is named", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    const write = jsonCodec.writer();
    const wires = [...aRun("one", 3), ...aRun("two", 2)].flatMap((message) => write(message as never));
    const events = wires.map((frames) => new Event({}, frames[0] as Uint8Array));
    await record({ path, codec: rawCodec, format: jsonCodec }, events);
    const came = await play({ path, codec: jsonCodec, from: { run: "two" } });
    expect(story(came)).toEqual(["start two", "0", "1", "stop two"]);
  });

  test("append - a second life goes on in the next segment, and its runs do not mix with those left open", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    await record({ path }, aRun("one", 3).slice(0, -1));
    await record({ path }, aRun("two", 3));
    expect(story(await play({ path, from: { position: 2 } }))).toEqual([
      ...["start one again", "1", "2", "start two", "0", "1", "2", "stop two"],
    ]);
    expect(story(await play({ path, from: { position: 5 } }))).toEqual(["start two again", "0", "1", "2", "stop two"]);
  });

  test("two writers - the second is refused", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    const first = new CapturePublisher({ path });
    await first.open(new AbortController().signal);
    await expect(record({ path }, [])).rejects.toThrow(/is written already by this process/);
    await first.close();
    await record({ path }, aRun("one", 1));
  });
});

describe("capture, speed", () => {
  async function playing(speed: number | "step", maxGapMs?: number) {
    const folder = await Folder.make();
    const path = folder.of("a.acap");
    const events = Array.from({ length: 4 }, (_, number) => new Event({ number }, new Uint8Array(8)));
    // The clock is asked once for a header and once for a message.
    await record({ path }, events as AnyMessage[], steppingClock(1_000_000, 10_000));
    const clock = new VirtualClock();
    const listener = new CaptureListener<AnyMessage>(
      { path, speed, ...(maxGapMs === undefined ? {} : { maxGapMs }) },
      { clock },
    );
    const inlet = new RecordingInlet(listener.codec);
    const stop = new AbortController();
    const ended = listener.start(inlet, stop.signal);
    await until(() => inlet.readyAt.length === 1, "ready");
    return { listener, inlet, clock, ended, stop, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
  }

  /** Lets time pass until so many were taken; only while the listener waits for it, and not while it reads the file. */
  async function advanced(
    { inlet, clock }: { readonly inlet: RecordingInlet; readonly clock: VirtualClock },
    stepMs: number,
    count: number,
  ): Promise<void> {
    for (;;) {
      await until(() => inlet.taken.length >= count || clock.timers > 0, "the next wait");
      if (inlet.taken.length >= count) return;
      await clock.advance(stepMs);
    }
  }

  test("factor - messages come in the time between them, divided by it", async () => {
    await using playback = await playing(10);
    const { inlet, clock, ended } = playback;
    const begin = clock.now();
    await until(() => inlet.taken.length === 1, "the first at once");
    const at: number[] = [];
    for (let count = 2; count <= 4; count += 1) {
      await advanced(playback, 100, count);
      at.push(clock.now() - begin);
    }
    await ended;
    expect(at).toEqual([1_000, 2_000, 3_000]);
  });

  test("silences - are shortened to maxGapMs, and mean nothing to the runs", async () => {
    await using playback = await playing(1, 2_000);
    const { inlet, clock, ended } = playback;
    const begin = clock.now();
    await advanced(playback, 500, 4);
    await ended;
    expect(clock.now() - begin).toBe(6_000);
    expect(inlet.connections.slice(0, 2)).toEqual([false, true]);
  });

  test("steps - only what is asked for comes, until it plays on", async () => {
    await using playback = await playing("step");
    const { listener, inlet, ended } = playback;
    expect(inlet.taken.length).toBe(0);
    listener.step();
    await until(() => inlet.taken.length === 1, "one step");
    listener.step(2);
    await until(() => inlet.taken.length === 3, "two steps");
    await new Promise((resolve) => setImmediate(resolve));
    expect(inlet.taken.length).toBe(3);
    listener.play("max");
    await ended;
    expect(inlet.taken.length).toBe(4);
  });

  test("steps - a stop ends the wait", async () => {
    await using playback = await playing("step");
    playback.stop.abort();
    await playback.ended;
    expect(playback.inlet.taken.length).toBe(0);
  });
});

describe("capture, memory of threads", () => {
  test("shared memory - payloads in it are recorded as others are, small and large", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    const payloads = [100, 200_001].map((bytes) => new Uint8Array(new SharedArrayBuffer(bytes)).fill(bytes % 251));
    await record(
      { path, sync: "message" },
      payloads.map((payload, number) => new Event({ number }, payload)),
    );
    const { messages } = await play({ path });
    expect(messages.map((message) => Buffer.from((message as Event).payload as Uint8Array).toString("hex"))).toEqual(
      payloads.map((payload) => Buffer.from(payload).toString("hex")),
    );
  });
});
