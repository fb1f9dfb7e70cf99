import { Block, type DType, Event, NdArray, nativeCodec, Start, Stop, type Writer } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { describe, expect, test } from "vitest";
import { bytesOf, viewBytes } from "../../src/message/ndarray.ts";
import { until } from "../../src/testing/conformance/until.ts";
import { Addresses, Collected, Given } from "./ends.ts";
import { framesOf, seenIn } from "./frames.ts";
import { Program } from "./program.ts";

const PATIENCE_MS = 30_000;
const DTYPES: readonly (readonly [DType, number])[] = [
  ["bool", 1],
  ["int8", 1],
  ["uint8", 1],
  ["int16", 2],
  ["uint16", 2],
  ["int32", 4],
  ["uint32", 4],
  ["int64", 8],
  ["uint64", 8],
  ["float16", 2],
  ["float32", 4],
  ["float64", 8],
];

type Wire = ReturnType<Writer>;

function arrayOf(dtype: DType, size: number, shape: readonly number[]): NdArray<DType> {
  const count = shape.reduce((product, length) => product * length, 1);
  const bytes = new Uint8Array(count * size).map((_, at) => (dtype === "bool" ? at % 2 : (at * 37) % 251));
  return new NdArray<DType>(viewBytes(dtype, bytes), shape, dtype);
}

/** Lets the reader of examples/python read wire messages. */
async function readByPython(wire: Wire, ...topics: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  await using python = Program.python("scripts/peers/read_wire.py", ...topics);
  const line = (frames: readonly Uint8Array[]): string =>
    JSON.stringify(frames.map((frame) => Buffer.from(frame).toString("base64")));
  python.input(wire.map((frames) => `${line(frames)}\n`).join(""));
  return (await python.lines()) as Record<string, unknown>[];
}

function writer(): Writer {
  return nativeCodec.writer({ stream: "detector" });
}

describe("the reader of examples/python", () => {
  const run = "scan 42 µ";

  test("arrays - of each element type, without axes and without elements", async () => {
    const write = writer();
    const arrays = DTYPES.flatMap(([dtype, size]) => [[3, 5], [], [0, 4]].map((shape) => arrayOf(dtype, size, shape)));
    const read = await readByPython(arrays.flatMap((array) => write(new Event({}, array, { run }))));
    expect(read.map(({ payload }) => payload)).toEqual(
      arrays.map((array) => ({
        dtype: array.dtype,
        shape: array.shape,
        data: Buffer.from(bytesOf(array)).toString("base64"),
      })),
    );
  });

  test("a run - content, envelope and origin, and what it says nothing new about is left out", async () => {
    const write = writer();
    const envelope = {
      run,
      timeMs: 1_700_000_000_000.5,
      key: "module-3",
      headers: [["unit", "counts"] as const, ["unit", Uint8Array.of(0, 255)] as const],
      trace: { parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" },
      origin: { stream: "first", partition: "p", sequence: 2 ** 53 - 1 },
    };
    const wire = [
      ...write(new Start({ motor: "x", steps: [1, 2.5, null, true] }, { run })),
      ...write(new Event({ frame: 1 }, Uint8Array.of(1, 2), { run }), { topic: "camera" }),
      ...write(new Event({ big: 2 ** 40, text: "é" }, new Uint8Array(0), envelope), { topic: "camera" }),
      write.signOfLife?.() ?? [],
      ...(write.again?.() ?? []),
      ...write(new Event({ value: 1 }, new Uint8Array(0))),
      ...write(new Stop({ left: 0 }, { run, reason: "interrupted" })),
    ];
    const read = await readByPython(wire);
    expect(read).toHaveLength(7);
    expect(read[0]).toMatchObject({ kind: "start", run, content: { motor: "x", steps: [1, 2.5, null, true] } });
    expect(read[1]).toMatchObject({ kind: "event", run, content: { frame: 1 }, origin: ["detector", "camera", 0] });
    expect(read[1]).toMatchObject({ payload: { dtype: null, data: "AQI=" } });
    expect(read[2]).toMatchObject({
      content: { big: 2 ** 40, text: "é" },
      time_ms: envelope.timeMs,
      origin: ["first", "p", 2 ** 53 - 1],
      envelope: {
        key: "module-3",
        trace: [envelope.trace.parent],
        headers: [
          ["unit", "counts"],
          ["unit", "00ff"],
        ],
      },
    });
    expect(read.slice(3, 5)).toEqual([null, null]);
    expect(read[5]).toMatchObject({ kind: "event", run: null, content: { value: 1 } });
    expect(read[6]).toMatchObject({ kind: "stop", run, content: { left: 0 }, reason: "interrupted", lost: 0 });
  });

  test("header and payload as one body - are told apart", async () => {
    const write = writer();
    const array = arrayOf("int16", 2, [2, 2]);
    const wire = write(new Event({ n: 1 }, array, { run }));
    const [read] = await readByPython(wire.map((frames) => [Buffer.concat(frames)]));
    const data = Buffer.from(bytesOf(array)).toString("base64");
    expect(read).toMatchObject({ content: { n: 1 }, payload: { dtype: "int16", shape: [2, 2], data } });
  });

  test("what did not arrive - is told at the Stop, for the topics that are read", async () => {
    const write = writer();
    const event = (topic: string): Wire => write(new Event({}, Uint8Array.of(1), { run }), { topic });
    const start = write(new Start({}, { run }));
    const events = ["a/1", "b", "a/1", "a/2", "b"].map(event);
    const stop = write(new Stop({}, { run }));
    const arrived = [start, events[0], events[2], stop].flatMap((wire) => wire ?? []);
    expect((await readByPython(arrived)).at(-1)).toMatchObject({ lost: 3 });
    expect((await readByPython(arrived, "a/1")).at(-1)).toMatchObject({ lost: 0 });
    expect((await readByPython(arrived, "a/", "c")).at(-1)).toMatchObject({ lost: 1 });
  });

  test("a late joiner - gets the Start, and does not claim to know what was lost", async () => {
    const write = writer();
    write(new Start({ n: 1 }, { run }));
    write(new Event({}, Uint8Array.of(1), { run }));
    const read = await readByPython([...(write.again?.() ?? []), ...write(new Stop({}, { run }))]);
    expect(read).toMatchObject([{ kind: "start", content: { n: 1 } }, { kind: "stop" }]);
    expect(read[1]).not.toHaveProperty("lost");
  });
});

describe("the programs of examples/python", () => {
  test("publish.py - our block gets the run whole, and stays with it through its pauses", async () => {
    await using addresses = await Addresses.open();
    const address = addresses.next();
    const collected = new Collected();
    // Silence for so long ends the run, unless signs of life come.
    await using block = new Block({
      name: "ours",
      listeners: [new ZmqListener({ connect: address })],
      publishers: [collected],
      abandonAfterMs: 2_500,
    });
    await block.start();
    await using python = Program.python("examples/python/publish.py", address, 2, 3.5);
    await python.output();
    await until(() => collected.stops === 1, "the Stop", PATIENCE_MS);
    const account = await block.stop();
    expect(account).toMatchObject({ received: 4, events: 2, finished: 4, lost: 0, rejected: 0 });
    expect(account.runs).toMatchObject([{ run: "scan-42", stream: "camera", ended: "completed", lost: 0 }]);
    const [start, ...events] = collected.messages;
    expect(start).toMatchObject({ data: { images: 2 }, resumed: false });
    for (const [number, event] of events.slice(0, 2).entries()) {
      if (event.type !== "event") throw new Error("expected an event");
      expect(event.metadata).toEqual({ number });
      expect(event.envelope.origin).toEqual({ stream: "camera", partition: "", sequence: number });
      const { shape, data } = event.array("uint16");
      expect([shape, Array.from(data)]).toEqual([[4, 6], Array(24).fill(number)]);
    }
  });

  test("publish.py - whoever joins in the middle gets the Start again", async () => {
    await using addresses = await Addresses.open();
    const address = addresses.next();
    const makeBlock = (collected: Collected): Block =>
      new Block({ name: "ours", listeners: [new ZmqListener({ connect: address })], publishers: [collected] });
    const [first, second] = [new Collected(), new Collected()];
    await using early = makeBlock(first);
    await early.start();
    await using python = Program.python("examples/python/publish.py", address, 40, 0.05);
    await until(() => first.messages.length >= 3, "the first images", PATIENCE_MS);
    await using late = makeBlock(second);
    await late.start();
    await python.output();
    await until(() => first.stops === 1 && second.stops === 1, "the Stop", PATIENCE_MS);
    expect(second.messages[0]).toMatchObject({ type: "start", run: "scan-42", resumed: true });
    expect(second.messages.length).toBeLessThan(first.messages.length);
    const [whole, rest] = [await early.stop(), await late.stop()];
    expect(whole).toMatchObject({ received: 42, lost: 0 });
    expect(rest.lost).toBe(0);
    expect(rest.runs[0]).toHaveProperty("joinedAt");
  });

  test("listen.py - prints what our block sends", async () => {
    await using addresses = await Addresses.open();
    const address = addresses.next();
    await using python = Program.python("examples/python/listen.py", address);
    const image = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const messages = [
      new Start({ images: 1 }, { run: "scan-42" }),
      new Event({ number: 0 }, image, { run: "scan-42" }),
      new Stop({}, { run: "scan-42" }),
    ];
    const publisher = new ZmqPublisher({ bind: address, waitForSubscribers: 1 });
    await using block = new Block({ name: "ours", listeners: [new Given(messages)], publishers: [publisher] });
    await block.start();
    await block.finished;
    expect(await python.output()).toBe(
      "start scan-42 {'images': 1}\nevent scan-42 {'number': 0}\n  sum 21\nstop scan-42 {}\n  completed, 0 lost\n",
    );
  });

  test("arroyopy_block.py - between two of ours: origins stay, nothing is lost", async () => {
    await using addresses = await Addresses.open();
    const [before, behind] = [addresses.next(), addresses.next()];
    const messages = framesOf(1, 60, true);
    const collected = new Collected();
    await using last = new Block({
      name: "last",
      listeners: [new ZmqListener({ connect: behind })],
      publishers: [collected],
    });
    await last.start();
    await using python = Program.python("examples/python/arroyopy_block.py", before, behind);
    const publisher = new ZmqPublisher({ bind: before, waitForSubscribers: 1 });
    await using first = new Block({ name: "first", listeners: [new Given(messages)], publishers: [publisher] });
    await first.start();
    await first.finished;
    await python.output();
    await until(() => collected.stops === 1, "the Stop", PATIENCE_MS);
    const account = await last.stop();
    expect(account).toMatchObject({ received: 62, events: 60, finished: 62, lost: 0, rejected: 0 });
    expect(account.runs).toMatchObject([{ run: "run-0", stream: "upside-down", ended: "completed", lost: 0 }]);
    expect(account.hops).toMatchObject([{ block: "first", events: 60 }]);
    expect(account.runs[0]).not.toHaveProperty("missing");
    const events = collected.messages.filter((message) => message.type === "event");
    expect(events.map(({ envelope }) => envelope.origin)).toEqual(
      events.map((_, sequence) => ({ stream: "first", partition: "", sequence })),
    );
    const turned = messages.map((message) => (message.type === "event" ? upsideDown(message) : message));
    expect(seenIn(collected.messages)).toEqual(seenIn(turned));
  });
});

/** Turns the rows of an image round. */
function upsideDown(event: Event): Event {
  const image = event.payload as NdArray<DType>;
  const bytes = bytesOf(image);
  const row = bytes.length / (image.shape[0] as number);
  const rows = Array.from({ length: image.shape[0] as number }, (_, at) => bytes.subarray(at * row, (at + 1) * row));
  const turned = new Uint8Array(Buffer.concat(rows.reverse()));
  return event.with({ payload: new NdArray<DType>(viewBytes(image.dtype, turned), image.shape, image.dtype) });
}
