import { getEventListeners } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  Block,
  compose,
  Event,
  type Message,
  NdArray,
  nativeCodec,
  type Operator,
  parallel,
  Start,
  Stop,
} from "arroyojs";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";
import { drive } from "arroyojs/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compress } from "../../../src/compression/compress.ts";
import { compressedArray } from "../../../src/message/documents/compressed-array.ts";
import { DEFAULT_LIMITS } from "../../../src/message/limits.ts";
import { moduleOf } from "./module-of.ts";

const run = "r";
const numbered = (count: number): Event<{ n: number }, NdArray<"uint16">>[] =>
  Array.from(
    { length: count },
    (_, n) => new Event({ n }, new NdArray(new Uint16Array(64).fill(n), [8, 8]), { run, origin: origin(n) }),
  );
const origin = (sequence: number) => ({ stream: "s", partition: "", sequence });

describe("parallel", () => {
  test("events - are spread over the threads and come back in order, whole", async () => {
    const operator = parallel(moduleOf("doubled.ts"), { threads: 2 });
    const { published, account, error } = await drive(operator, [
      new Start({ sample: "a" }, { run }),
      ...numbered(20),
      new Stop({}, { run }),
    ]);
    expect(error).toBeUndefined();
    expect(published.map(({ type }) => type)).toEqual(["start", ...Array<string>(20).fill("event"), "stop"]);
    const events = published.filter((one) => one.type === "event");
    expect(events.map(({ metadata }) => metadata.n)).toEqual([...Array(20).keys()]);
    expect(new Set(events.map(({ metadata }) => metadata.thread)).size).toBe(2);
    for (const [n, event] of events.entries()) {
      const { data, shape } = event.array("uint16");
      expect(data).toEqual(new Uint16Array(64).fill(2 * n));
      expect(shape).toEqual([8, 8]);
      expect(event.envelope.origin).toEqual(origin(n));
    }
    expect(account).toMatchObject({ received: 22, finished: 22, published: 22, failed: 0 });
  });

  test("concurrency - a block that does not say runs as many calls as keep all threads busy", () => {
    expect(parallel(moduleOf("doubled.ts"), { threads: 3 }).concurrency).toBe(6);
  });

  test("modules - a JavaScript file, an absolute path and the text of a URL do as well", async () => {
    for (const module of [moduleOf("plain.js"), fileURLToPath(moduleOf("doubled.ts")), moduleOf("one.ts").href]) {
      const options = { threads: 1, ...(String(module).endsWith("one.ts") && { export: "default" }) };
      const { published, error } = await drive(parallel(module, options), [new Start({}, { run }), ...numbered(1)]);
      expect(error).toBeUndefined();
      expect(published.map(({ type }) => type)).toEqual(["start", "event", "stop"]);
    }
  });

  test("received events - go with their header as it came, and their header leaves as it came", async () => {
    const [header, payload] = written(
      new Event({ n: 7, deep: { list: [1, "two"] } }, new Uint8Array(9).fill(3), envelope),
    );
    const decoded = nativeCodec.reader(DEFAULT_LIMITS)([header, payload])[0]?.message as Event;
    const start = new Start({}, { run });
    const through = await drive(parallel(moduleOf("plain.js"), { threads: 1 }), [start, decoded]);
    expect(through.published[1]).toBe(decoded);
    const cut = await drive(parallel(moduleOf("misbehaving.ts"), { threads: 1, export: "Cut", options: { from: 4 } }), [
      start,
      decoded,
    ]);
    const result = cut.published[1] as Event;
    expect(result.field("n")).toBe(7);
    expect(result.metadata).toEqual({ n: 7, deep: { list: [1, "two"] } });
    expect(result.envelope).toMatchObject(envelope);
    expect([...(result.payload as Uint8Array)]).toEqual([3, 3, 3, 3, 3]);
  });

  test("contents - arrays, views and dates in metadata and data arrive; a payload's buffer is not detached", async () => {
    const pool = new Uint8Array(1_000);
    const flat = new NdArray(new Float32Array([1, 2, 3, 4]), [2, 2]);
    const data = { flat, list: [{ part: pool.subarray(2, 4) }], when: new Date(5) };
    const event = new Event({ roi: new NdArray(new Int16Array([-1, 1])), ...data }, pool.subarray(10, 20), { run });
    const { published } = await drive(parallel(moduleOf("misbehaving.ts"), { threads: 1, export: "Looking" }), [
      new Start(data, { run }),
      event,
    ]);
    expect((published[0] as Start).data).toBe(data);
    const { metadata, payload } = published[1] as Event;
    expect(metadata).toMatchObject({ flat: [1, 2, 3, 4], shape: [2, 2], when: new Date(5), roi: true, part: 2 });
    expect((metadata.again as NdArray).data).toEqual(new Int16Array([-1, 1]));
    expect(payload).toBe(event.payload);
    expect(pool.buffer.byteLength).toBe(1_000);
  });

  test("compressed arrays - go as they are and are decompressed in the thread", async () => {
    const raw = new Uint16Array(4_096).fill(21);
    const compression = { name: "bslz4", elementSize: 2, framing: "framed" } as const;
    const bytes = compress(compression, new Uint8Array(raw.buffer));
    const claim = { type: { dtype: "uint16", bigEndian: false }, shape: [64, 64], compression, maxBytes: 1e6 } as const;
    const event = new Event({ n: 1 }, compressedArray(claim, bytes, "frame"), { run });
    const { published, error } = await drive(parallel(moduleOf("doubled.ts"), { threads: 1 }), [
      new Start({}, { run }),
      event as never,
    ]);
    expect(error).toBeUndefined();
    expect((published[1] as Event).array("uint16").data).toEqual(new Uint16Array(4_096).fill(42));
  });

  test("slots - an event that is kept and not held survives what comes after it in its slot", async () => {
    const { published } = await drive(parallel(moduleOf("misbehaving.ts"), { threads: 1, export: "Keeper" }), [
      new Start({}, { run }),
      ...numbered(30),
      new Stop({}, { run }),
    ]);
    const first = published.find((one) => one.type === "event" && one.metadata.first === true) as Event;
    expect(first.array("uint16").data).toEqual(new Uint16Array(64).fill(0));
  });

  test("slots - a result that is most of its slot stays there, and no later event is written over it", async () => {
    const frames = Array.from({ length: 20 }, (_, n) => new Event({ n }, new Uint8Array(65_536).fill(n), { run }));
    const { published } = await drive(parallel(moduleOf("misbehaving.ts"), cutting(8)), [
      new Start({}, { run }),
      ...frames,
      new Stop({}, { run }),
    ]);
    const events = published.filter((one) => one.type === "event");
    expect(events).toHaveLength(20);
    for (const [n, { payload }] of events.entries()) {
      expect(payload.byteLength).toBe(65_528);
      expect((payload as Uint8Array).buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(Buffer.compare(payload as Uint8Array, Buffer.alloc(65_528, n))).toBe(0);
    }
  });

  test("order - random latencies and numbers of results change nothing in it", async () => {
    const seed = Number(process.env.ARROYO_SEED ?? 1);
    const event = fc.record({ ms: fc.constantFrom(0, 0, 0, 1, 3), makes: fc.integer({ min: 0, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (list, threads) => {
        const events = list.map((how, n) => new Event({ n, ...how }, Uint8Array.of(n), { run }));
        const { published, error, account } = await drive(parallel(moduleOf("latency.ts"), { threads }), [
          new Start({}, { run }),
          ...events,
          new Stop({}, { run }),
        ]);
        expect(error).toBeUndefined();
        const got = published.flatMap((one) => (one.type === "event" ? [[one.metadata.n, one.metadata.part]] : []));
        expect(got).toEqual(list.flatMap(({ makes }, n) => Array.from({ length: makes }, (_, part) => [n, part])));
        expect(published[0]?.type).toBe("start");
        expect(published.at(-1)?.type).toBe("stop");
        expect(account.finished).toBe(list.length + 2);
      }),
      { seed, numRuns: 6 },
    );
  });
});

describe("parallel: runs", () => {
  test("Stops - the threads' own are one only where the class makes one of them", async () => {
    // As many for each thread: what the Stops say is the same, and still wrong.
    const messages = [new Start({}, { run }), ...numbered(8), new Stop({}, { run })];
    const apart = await drive(parallel(moduleOf("misbehaving.ts"), { threads: 2, export: "Counting" }), messages);
    expect(String(apart.error)).toContain("give the class a static mergeStops(stops)");
    const together = await drive(
      parallel(moduleOf("misbehaving.ts"), { threads: 2, export: "CountingTogether" }),
      messages,
    );
    expect(together.error).toBeUndefined();
    expect(together.published.map(({ type }) => type)).toEqual(["start", "stop"]);
    expect((together.published[1] as Stop).data).toEqual({ events: 8 });
  });

  test("holding - each thread holds and releases for itself; what is left comes before the Stop", async () => {
    const events = Array.from({ length: 23 }, (_, n) => new Event({ n }, Uint8Array.of(n), { run }));
    const { published, settled, error, account } = await drive(
      parallel(moduleOf("misbehaving.ts"), { threads: 2, export: "Batches" }),
      [new Start({}, { run }), ...events, new Stop({}, { run })],
    );
    expect(error).toBeUndefined();
    const sums = published.filter((one) => one.type === "event");
    expect(sums.flatMap(({ metadata }) => metadata.ns as number[]).sort((a, b) => a - b)).toEqual([
      ...Array(23).keys(),
    ]);
    expect(sums.reduce((sum, { metadata }) => sum + (metadata.sum as number), 0)).toBe((22 * 23) / 2);
    expect(published.filter(({ type }) => type === "start")).toHaveLength(1);
    expect(published.filter(({ type }) => type === "stop")).toHaveLength(1);
    expect(published.at(-1)?.type).toBe("stop");
    expect(new Set(settled)).toEqual(new Set(["acked"]));
    expect(account.finished).toBe(25);
  });

  test("holding - flushIn leads to flush in the threads that asked, and what they hold is settled", async () => {
    const held = await held5();
    expect(held.sums).toEqual([0, 1, 2]);
    expect(held.account).toMatchObject({ finished: 5, left: 0 });
  });

  test("a crash - what its thread held is given again to the next one, and nothing is lost", async () => {
    const flag = join(folder, "batches");
    const events = Array.from(
      { length: 12 },
      (_, n) => new Event({ n, ...(n === 7 && { exit: flag }) }, Uint8Array.of(n), { run }),
    );
    const { published, error, settled } = await drive(
      parallel(moduleOf("misbehaving.ts"), { threads: 2, export: "Batches" }),
      [new Start({}, { run }), ...events, new Stop({}, { run })],
    );
    expect(error).toBeUndefined();
    expect((await readFile(flag, "utf8")).length).toBeGreaterThanOrEqual(2);
    const sums = published.filter((one) => one.type === "event");
    expect(sums.flatMap(({ metadata }) => metadata.ns as number[]).sort((a, b) => a - b)).toEqual([
      ...Array(12).keys(),
    ]);
    expect(sums.reduce((sum, { metadata }) => sum + (metadata.sum as number), 0)).toBe(66);
    expect(new Set(settled)).toEqual(new Set(["acked"]));
  });
});

describe("parallel: composed", () => {
  test("compose - what the threads make goes into the next part in order", async () => {
    const seen: unknown[] = [];
    const operator = compose(parallel(moduleOf("latency.ts"), { threads: 2 }), (message: Message) => {
      if (message.type === "event") seen.push(message.metadata.n);
      return message;
    });
    expect(operator.concurrency).toBeUndefined();
    const events = [3, 0, 2, 0].map((ms, n) => new Event({ n, ms, makes: 1 }, new Uint8Array(1), { run }));
    const { error, published } = await drive(operator, [new Start({}, { run }), ...events, new Stop({}, { run })]);
    expect(error).toBeUndefined();
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(published.map(({ type }) => type)).toEqual(["start", "event", "event", "event", "event", "stop"]);
  });

  test("compose - holding in threads keeps what it was made from, behind another part too", async () => {
    const events = Array.from({ length: 7 }, (_, n) => new Event({ n }, Uint8Array.of(n), { run }));
    const batches = parallel(moduleOf("misbehaving.ts"), { threads: 2, export: "Batches" });
    const operator = compose((message: Message) => message, batches);
    const { error, settled, published } = await drive(operator, [
      new Start({}, { run }),
      ...events,
      new Stop({}, { run }),
    ]);
    expect(error).toBeUndefined();
    expect(new Set(settled)).toEqual(new Set(["acked"]));
    const sums = published.filter((one) => one.type === "event");
    expect(sums.flatMap(({ metadata }) => metadata.ns as number[]).sort((a, b) => a - b)).toEqual([...Array(7).keys()]);
  });
});

describe("parallel: crashes", () => {
  for (const does of ["exit", "throw in a timer", "reject"]) {
    test(`${does} - costs the message a retry in a fresh thread, which has the state of the run`, async () => {
      const { published, error, account, notes } = await misbehaved([{ n: 0 }, { n: 1, does }, { n: 2 }]);
      expect(error).toBeUndefined();
      const events = published.filter((one) => one.type === "event");
      expect(events.map(({ metadata }) => metadata.n)).toEqual([0, 1, 2]);
      expect(events[1]?.metadata.resumed).toBe(true);
      expect(notes.filter((line) => line === "start true")).toHaveLength(1);
      expect(account).toMatchObject({ received: 5, finished: 5, failed: 0 });
    });
  }

  test("between messages - what a finished call left behind ends the thread later, and costs nobody more than a retry", async () => {
    const { published, error, notes, account } = await misbehaved(
      [{ n: 0, does: "fall behind" }, { n: 1, ms: 300 }, { n: 2, ms: 300 }, { n: 3 }, { n: 4 }, { n: 5 }],
      { concurrency: 1 },
    );
    expect(error).toBeUndefined();
    expect(published.flatMap((one) => (one.type === "event" ? [one.metadata.n] : []))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(notes).toContain("start true");
    expect(account).toMatchObject({ finished: 8, failed: 0 });
  });

  test("poison - fails after three threads, as a process that throws would, and the others go on", async () => {
    const { published, account, notes, error } = await misbehaved(
      [{ n: 0 }, { n: 1, does: "exit", times: 100 }, { n: 2 }, { n: 3 }],
      { onError: "skip" },
    );
    expect(error).toBeUndefined();
    expect(published.flatMap((one) => (one.type === "event" ? [one.metadata.n] : []))).toEqual([0, 2, 3]);
    expect(notes.filter((line) => line === "exit 1")).toHaveLength(3);
    expect(account).toMatchObject({ failed: 1, finished: 5 });
    expect(Object.keys(account.reasons).join()).toContain("the thread ended (exit code 3)");
  });

  test("poison - fails the block by default, and says which thread ended why", async () => {
    const { error } = await misbehaved([{ n: 1, does: "exit", times: 100 }]);
    expect(String(error)).toMatch(
      /Misbehaving in thread \d: the thread ended \(exit code 3\) while it worked on this message, 3 times; look at/,
    );
  });

  test("warnings - name the thread and why it ended", async () => {
    const warnings: string[] = [];
    const channel = new MemoryChannel<Message>();
    const log = await logFile();
    const block = new Block<Message, Message>({
      name: "b",
      listeners: [new MemoryListener({ channel })],
      operator: parallel(moduleOf("misbehaving.ts"), { threads: 1, export: "Misbehaving", options: { log } }),
    });
    block.on("warning", ({ message }) => warnings.push(message));
    const source = new MemoryPublisher({ channel });
    await block.ready();
    await source.open(new AbortController().signal);
    await source.publish(new Event({ n: 1, does: "exit" }, new Uint8Array(0)));
    source.close();
    await block.finished;
    expect(warnings).toEqual([
      "Misbehaving in thread 1: the thread ended (exit code 3); its messages are tried again in a new one",
    ]);
  });
});

describe("parallel: errors", () => {
  test("thrown - come back with their name, message, stack and code", async () => {
    const { error } = await misbehaved([{ n: 1, does: "throw", times: 100 }]);
    const cause = (error as Error).cause as Error & { code: string };
    expect(cause).toBeInstanceOf(Error);
    expect(cause).toMatchObject({ name: "RangeError", message: "out of range", code: "E_RANGE" });
    expect(cause.stack).toContain("misbehaving.ts");
  });

  test("retries - the attempt is counted in the thread", async () => {
    // biome-ignore lint/suspicious/noThenProperty: the option of a block is called so
    const onError = { retries: 2, then: "fail" } as const;
    const { published, error } = await misbehaved([{ n: 1, does: "throw text" }], { onError });
    expect(error).toBeUndefined();
    expect((published[1] as Event).metadata).toMatchObject({ n: 1, attempt: 2 });
  });

  for (const [does, says] of [
    ["give back a function", /a result cannot leave its thread: .*; give back plain data/],
    ["give back 7", /expected a Start, Event or Stop, several of them, or nothing as the result, got 7/],
    ["change the block", /addListener: an operator in a thread cannot change its block/],
  ] as const) {
    test(`${does} - is refused`, async () => {
      expect(String((await misbehaved([{ n: 1, does, times: 100 }])).error)).toMatch(says);
    });
  }

  test("metadata that cannot be cloned - fail their message alone", async () => {
    const events = [new Event({ f: () => 1 }, new Uint8Array(1)), new Event({ n: 2 }, new Uint8Array(1))];
    const { published, account } = await drive(parallel(moduleOf("plain.js"), { threads: 1 }), events, {
      onError: "skip",
    });
    expect(published).toEqual([events[1]]);
    expect(account.failed).toBe(1);
    expect(Object.keys(account.reasons)[0]).toContain("Plain in thread 1: the message cannot go to a thread");
  });
});

describe("parallel: time", () => {
  test("a stuck thread - is ended by the time-out of its call, and the block goes on in a new one", async () => {
    const { published, account, error } = await misbehaved([{ n: 0 }, { n: 1, does: "spin", times: 100 }, { n: 2 }], {
      processTimeoutMs: 1_000,
      onError: "skip",
    });
    expect(error).toBeUndefined();
    expect(published.flatMap((one) => (one.type === "event" ? [one.metadata.n] : []))).toEqual([0, 2]);
    expect(account.failed).toBe(1);
  });

  test("the signal - is that of the call, in the thread too", async () => {
    const { account, notes } = await misbehaved([{ n: 1, does: "wait for the signal", times: 100 }, { n: 2 }], {
      processTimeoutMs: 800,
      onError: "skip",
    });
    expect(account.failed).toBe(1);
    // The thread was not ended: its operator had its one Start.
    expect(notes.filter((line) => line === "start true")).toHaveLength(0);
  });

  test("time-outs - a message that waits for its thread is not late", async () => {
    const events = Array.from({ length: 12 }, (_, n) => ({ n, ms: 200 }));
    const { error, account } = await misbehaved(events, { processTimeoutMs: 1_000, concurrency: 12 });
    expect(error).toBeUndefined();
    expect(account.failed).toBe(0);
  });

  test("abandoned - a stop without a deadline ends threads that compute for ever", async () => {
    const channel = new MemoryChannel<Message>();
    const log = await logFile();
    const block = new Block<Message, Message>({
      name: "b",
      listeners: [new MemoryListener({ channel })],
      operator: parallel(moduleOf("misbehaving.ts"), { threads: 2, export: "Misbehaving", options: { log } }),
    });
    const source = new MemoryPublisher({ channel });
    await block.ready();
    await source.open(new AbortController().signal);
    await source.publish(new Event({ n: 1, does: "spin", times: 100 }, new Uint8Array(0)));
    await expect.poll(async () => readFile(log, "utf8")).toContain("spin 1");
    const account = await block.stop({ abandon: true });
    expect(account).toMatchObject({ received: 1, left: 1 });
  });

  test("nothing is left - no thread, no listener on the signal", async () => {
    const before = threads();
    const abort = new AbortController();
    const operator = parallel(moduleOf("doubled.ts"), { threads: 2 });
    await operator.open(abort.signal);
    expect(threads()).toBe(before + 2);
    await operator.close();
    await operator.close();
    expect(threads()).toBe(before);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
  });
});

describe("parallel: refused", () => {
  const opened = async (name: string, options: object = {}): Promise<string> => {
    const operator = parallel(moduleOf(name), { threads: 2, ...options }) as Operator;
    const before = threads();
    const error = await Promise.resolve(operator.open(new AbortController().signal)).then(
      () => "opened",
      (thrown: Error) => thrown.message,
    );
    expect(threads()).toBe(before);
    return error;
  };

  for (const [what, name, options, says] of [
    ["a module that throws", "throws.ts", {}, /throws\.ts does not load: no beam today$/],
    ["a module that exits", "exits.ts", {}, /the thread ended before it was ready \(exit code 4\)/],
    ["a module that is not there", "absent.ts", {}, /absent\.ts does not load: Cannot find module/],
    ["no operator", "empty.ts", {}, /empty\.ts exports no operator, only nothing; export a class that extends/],
    ["several", "abstract.ts", {}, /exports several operators: Abstract, BadOpen, Joins; say which one by export/],
    ["a missing export", "one.ts", { export: "Full" }, /has no export "Full"; there are: Half, default, number/],
    ["no class", "one.ts", { export: "number" }, /the export "number" of .*one\.ts is no operator; expected a class/],
    ["an abstract class", "abstract.ts", { export: "Abstract" }, /Abstract of .* is abstract: it has no process/],
    ["one that does not open", "abstract.ts", { export: "BadOpen" }, /^no licence$/],
    ["one that joins runs", "abstract.ts", { export: "Joins" }, /Joins joins runs of several streams/],
  ] as const) {
    test(`${what} - when it opens, and no thread is left`, async () => {
      expect(await opened(name, options)).toMatch(says);
    });
  }

  for (const [what, make, says] of [
    ["a relative path", () => parallel("./x.ts", { threads: 1 }), 'write new URL("./name.ts", import.meta.url)'],
    ["code", () => parallel("data:text/javascript,1", { threads: 1 }), "the module must be a file, got data:"],
    ["a website", () => parallel("https://example.org/x.js", { threads: 1 }), "the module must be a file, got https:"],
    ["no threads", () => parallel("/x.js", { threads: 0 }), "threads must be a whole number from 1 to 256, got 0"],
    ["a function", () => parallel("/x.js", { threads: 1, options: { f: () => 1 } }), "options cannot be copied into"],
    ["a slip", () => parallel("/x.js", { threads: 1, option: 1 } as never), 'there is no option "option"'],
    ["no name", () => parallel("/x.js", { threads: 1, export: "" }), 'export must be the name of a class, got ""'],
  ] as const) {
    test(`${what} - at once`, () => {
      expect(make).toThrow(says);
    });
  }
});

const envelope = { run, key: "k", timeMs: 5, origin: origin(3), headers: [["a", "b"]] as const };
const cutting = (from: number) => ({ threads: 1, export: "Cut", options: { from } });

let folder = "";
let logs = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arroyo-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function logFile(): Promise<string> {
  logs += 1;
  const path = join(folder, `log-${logs}`);
  await writeFile(path, "");
  return path;
}

/** Drives an operator in two threads with events that say what it is to do. */
async function misbehaved(events: readonly Record<string, unknown>[], options: Parameters<typeof drive>[2] = {}) {
  const log = await logFile();
  const operator = parallel(moduleOf("misbehaving.ts"), { threads: 2, export: "Misbehaving", options: { log } });
  const driven = await drive(
    operator,
    [
      new Start({}, { run }),
      ...events.map((metadata) => new Event(metadata, new Uint8Array(4), { run })),
      new Stop({}, { run }),
    ],
    options as never,
  );
  return { ...driven, notes: (await readFile(log, "utf8")).split("\n") };
}

/** Sends three events and the Stop only after they came out of a flush. */
async function held5() {
  const channel = new MemoryChannel<Message>();
  const out = new MemoryChannel<Message>({ mode: "log" });
  const block = new Block<Message, Message>({
    name: "b",
    listeners: [new MemoryListener({ channel })],
    operator: parallel(moduleOf("misbehaving.ts"), { threads: 2, export: "Batches" }),
    publishers: [new MemoryPublisher({ channel: out })],
  });
  const source = new MemoryPublisher({ channel });
  await block.ready();
  await source.open(new AbortController().signal);
  await source.publish(new Start({}, { run }));
  for (let n = 0; n < 3; n += 1) await source.publish(new Event({ n }, Uint8Array.of(n), { run }));
  await expect.poll(() => block.account.finished).toBe(4);
  await source.publish(new Stop({}, { run }));
  source.close();
  const account = await block.finished;
  const sums: number[] = [];
  const reader = new Block<Message, Message>({
    name: "reader",
    listeners: [new MemoryListener({ channel: out })],
    operator: (message) => void (message.type === "event" && sums.push(...(message.metadata.ns as number[]))),
  });
  await reader.start();
  await reader.finished;
  return { account, sums: sums.sort((a, b) => a - b) };
}

function written(event: Event): [Uint8Array, Uint8Array] {
  return nativeCodec.writer()(event as Message)[0] as unknown as [Uint8Array, Uint8Array];
}

function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Worker" || name === "MessagePort").length;
}
