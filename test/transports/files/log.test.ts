import { describe, expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { rawCodec } from "../../../src/message/raw-codec.ts";
import { Publisher } from "../../../src/publisher/publisher.ts";
import { CaptureListener } from "../../../src/transports/files/capture/capture-listener.ts";
import { aRun, record } from "./captures.ts";
import { Folder } from "./folder.ts";

/** Takes some messages and fails at the next one. */
class Breaking extends Publisher<AnyMessage> {
  override readonly confirms = true;
  readonly taken: string[] = [];
  #left: number;

  constructor(left: number) {
    super();
    this.#left = left;
  }

  override publish(message: AnyMessage): void {
    if (this.#left === 0) throw new Error("broken");
    this.#left -= 1;
    const { run, type } = message;
    const number = type === "event" ? (message.metadata as { number: number }).number : "";
    const resumed = type === "start" && message.resumed ? " again" : "";
    this.taken.push(`${type} ${run}${resumed} ${number}`.trim());
  }
}

async function pass(path: string, recover: "message" | "run", left: number): Promise<Breaking> {
  const publisher = new Breaking(left);
  const block = new Block<AnyMessage, AnyMessage>({
    name: "replay",
    listeners: [new CaptureListener<AnyMessage>({ path, group: "reduce" })],
    publishers: [publisher],
    guarantee: "at-least-once",
    recover,
  });
  await block.start();
  await block.finished.catch(() => undefined);
  await block.stop().catch(() => undefined);
  return publisher;
}

const one = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `event one ${from + at}`);

describe("capture, as a log of a block", () => {
  test("raw frames of another publisher - are its stream again, with topics, signs of life and nothing lost", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    const writer = nativeCodec.writer({ stream: "detector" });
    const wires = aRun("one", 6).flatMap((message, at) => {
      const topic = message.type === "event" ? { topic: at % 2 === 0 ? "even" : "odd" } : undefined;
      const alive = writer.signOfLife?.();
      return [...(alive === undefined ? [] : [alive]), ...writer(message as never, topic)];
    });
    const raw = wires.map((frames) => new Event({ frames: frames.slice(0, -1) }, frames.at(-1) as Uint8Array));
    await record({ path, codec: rawCodec, format: nativeCodec }, raw);
    const publisher = new Breaking(100);
    const listener = new CaptureListener<AnyMessage>({ path });
    const block = new Block<AnyMessage, AnyMessage>({ name: "replay", listeners: [listener], publishers: [publisher] });
    await block.start();
    const { received, finished, lost, rejected, runs } = await block.finished;
    expect(publisher.taken).toEqual(["start one", ...one(0, 6), "stop one"]);
    expect({ received, finished, lost, rejected }).toEqual({ received: 8, finished: 8, lost: 0, rejected: 0 });
    expect(runs).toMatchObject([{ run: "one", stream: "detector", ended: "completed" }]);
  });

  test("recover message - goes on behind what was finished, with the Start again", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    await record({ path }, [...aRun("one", 6), ...aRun("two", 1)]);
    expect((await pass(path, "message", 3)).taken).toEqual(["start one", ...one(0, 2)]);
    const rest = ["stop one", "start two", "event two 0", "stop two"];
    expect((await pass(path, "message", 100)).taken).toEqual(["start one again", ...one(2, 6), ...rest]);
    expect((await pass(path, "message", 100)).taken).toEqual([]);
  });

  test("recover run - the run that was not finished comes again from its Start", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.acap");
    await record({ path }, [...aRun("two", 1), ...aRun("one", 6)]);
    const two = ["start two", "event two 0", "stop two"];
    const first = (await pass(path, "run", 6)).taken;
    expect(first).toEqual([...two, "start one", ...one(0, 2)]);
    expect((await pass(path, "run", 100)).taken).toEqual(["start one", ...one(0, 6), "stop one"]);
  });
});
