import { Block, type Codec } from "arroyojs";
import { arroyopyCodec } from "arroyojs/formats/arroyopy";
import { arroyosasCodec } from "arroyojs/formats/arroyosas";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/conformance/until.ts";
import { Addresses, Collected, Given } from "./ends.ts";
import { framesOf, type Seen, seenIn } from "./frames.ts";
import { Program } from "./program.ts";

const RUNS = 3;
const IMAGES = 40;
const PATIENCE_MS = 30_000;
const FORMS: readonly (readonly [string, Codec])[] = [
  ["map", arroyosasCodec],
  ["msgpack-numpy", arroyopyCodec],
];
const KINDS = [
  ["pub", "sub"],
  ["push", "pull"],
] as const;

/** What stands in the account of a block that passed everything on. */
const COMPLETE = {
  received: RUNS * (IMAGES + 2),
  events: RUNS * IMAGES,
  finished: RUNS * (IMAGES + 2),
  dropped: 0,
  failed: 0,
  rejected: 0,
  left: 0,
  lost: 0,
};

const isImage = (line: unknown): line is Seen => Array.isArray(line);

describe.each(FORMS)("a block of arroyopy, %s", (form, codec) => {
  // The codec of arroyosas adds what its applications insist on; that of arroyopy in general cannot know.
  const isComplete = codec !== arroyosasCodec;

  test.each(KINDS)("before ours, %s - every run, id and array arrives byte for byte", async (writes, reads) => {
    await using addresses = await Addresses.open();
    const address = addresses.next();
    const collected = new Collected();
    await using block = new Block({
      name: "ours",
      listeners: [new ZmqListener({ connect: address, socket: reads, codec })],
      publishers: [collected],
    });
    await using source = Program.python("scripts/peers/frame_source.py", address, writes, form, RUNS, IMAGES);
    await block.start();
    const sent = await source.lines();
    await until(() => collected.stops === RUNS, "the last Stop", PATIENCE_MS);
    const account = await block.stop();
    expect(seenIn(collected.messages)).toEqual(sent);
    expect(sent).toHaveLength(RUNS * IMAGES);
    expect(account).toMatchObject(COMPLETE);
    expect(account.runs.map(({ run, ended, lost }) => [run, ended, lost])).toEqual(
      Array.from({ length: RUNS }, (_, index) => [`run-${index}`, "completed", 0]),
    );
    const [start] = collected.messages;
    expect(start).toMatchObject({ type: "start", run: "run-0", data: { run_id: "run-0", width: 7, height: 5 } });
    expect(collected.messages.at(-1)).toMatchObject({ type: "stop", run: "run-2", data: { num_frames: IMAGES } });
  });

  test.each(KINDS)("behind ours, %s - every run, id and array arrives byte for byte", async (writes, reads) => {
    await using addresses = await Addresses.open();
    const address = addresses.next();
    const messages = framesOf(RUNS, IMAGES, isComplete);
    await using sink = Program.python("scripts/peers/frame_sink.py", address, reads, RUNS);
    const waits = writes === "pub" ? { waitForSubscribers: 1 } : {};
    const publisher = new ZmqPublisher({ bind: address, socket: writes, codec, ...waits });
    await using block = new Block({ name: "ours", listeners: [new Given(messages)], publishers: [publisher] });
    await block.start();
    const account = await block.finished;
    const lines = await sink.lines();
    expect(lines.filter(isImage)).toEqual(seenIn(messages));
    expect(lines.filter((line) => !isImage(line)).slice(0, 2)).toEqual([
      {
        msg_type: "start",
        run_name: "run-0",
        run_id: "run-0",
        width: 7,
        height: 5,
        data_type: "mixed",
        tiled_url: "",
      },
      { msg_type: "stop", num_frames: IMAGES },
    ]);
    expect(account).toMatchObject(COMPLETE);
  });

  test.each(KINDS)("before and behind ours, %s - gets out what it put in", async (writes, reads) => {
    await using addresses = await Addresses.open();
    const [before, behind] = [addresses.next(), addresses.next()];
    await using sink = Program.python("scripts/peers/frame_sink.py", behind, reads, RUNS);
    const waits = writes === "pub" ? { waitForSubscribers: 1 } : {};
    await using block = new Block({
      name: "ours",
      listeners: [new ZmqListener({ connect: before, socket: reads, codec })],
      publishers: [new ZmqPublisher({ bind: behind, socket: writes, codec, ...waits })],
    });
    await block.start();
    await using source = Program.python("scripts/peers/frame_source.py", before, writes, form, RUNS, IMAGES);
    const sent = await source.lines();
    const received = await sink.lines();
    expect(received.filter(isImage)).toEqual(sent);
    expect(received.filter((line) => !isImage(line))).toHaveLength(2 * RUNS);
    expect(await block.stop()).toMatchObject(COMPLETE);
  });

  test.each(KINDS)("between ours, %s - passes on what it gets", async (writes, reads) => {
    await using addresses = await Addresses.open();
    const [before, behind] = [addresses.next(), addresses.next()];
    const messages = framesOf(RUNS, IMAGES, isComplete);
    const collected = new Collected();
    await using last = new Block({
      name: "last",
      listeners: [new ZmqListener({ connect: behind, socket: reads, codec })],
      publishers: [collected],
    });
    await last.start();
    const hop = "scripts/peers/frame_hop.py";
    await using theirs = Program.python(hop, before, reads, behind, writes, form, RUNS);
    const waits = writes === "pub" ? { waitForSubscribers: 1 } : {};
    const publisher = new ZmqPublisher({ bind: before, socket: writes, codec, ...waits });
    await using first = new Block({ name: "first", listeners: [new Given(messages)], publishers: [publisher] });
    await first.start();
    await first.finished;
    await theirs.output();
    await until(() => collected.stops === RUNS, "the last Stop", PATIENCE_MS);
    expect(seenIn(collected.messages)).toEqual(seenIn(messages));
    expect(await last.stop()).toMatchObject(COMPLETE);
  });
});
