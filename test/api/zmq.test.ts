import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block, Event, type Inlet, Listener, type Message, NdArray, Publisher, Start, Stop } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

type Scan = { readonly energy: number };
type Frame = { readonly frame: number };
type In = Start<Scan> | Event<Frame, NdArray<"uint16">> | Stop;
type Mean = { readonly mean: number };
type Out = Start<Scan> | Event<Mean, NdArray<"float64">> | Stop;

class Detector extends Listener<In> {
  readonly #frames: number;
  constructor(frames: number) {
    super();
    this.#frames = frames;
  }
  override async start(inlet: Inlet<In>): Promise<void> {
    inlet.ready();
    const { run } = new Start({}, { run: "r" });
    await inlet.put(new Start({ energy: 8 }, { run, headers: [["beamline", "X"]] }));
    for (let frame = 1; frame <= this.#frames; frame += 1) {
      await inlet.put(
        new Event({ frame }, new NdArray(new Uint16Array([frame, frame + 2]), [1, 2]), { run, key: `k${frame}` }),
      );
    }
    await inlet.put(new Stop({ frames: this.#frames }, { run }));
  }
}

/** Keeps what it gets, until a Stop is among it. */
class Kept<M extends Start<Scan> | Event<unknown, NdArray<"uint16"> | NdArray<"float64">> | Stop> extends Publisher<M> {
  readonly seen: M[] = [];
  readonly stopped: Promise<void>;
  #stop: () => void = () => undefined;
  constructor() {
    super();
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }
  override publish(message: M): void {
    this.seen.push(message);
    if (message.type === "stop") this.#stop();
  }
}

const mean = (message: In): Out => {
  if (message.type !== "event") return message;
  const { data } = message.array("uint16");
  const value = data.reduce((sum, one) => sum + one, 0) / data.length;
  return message.with({ metadata: { mean: value }, payload: new NdArray(new Float64Array([value])) });
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "arroyojs-api-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string): string => `ipc://${join(folder, name)}`;

describe("ZmqListener and ZmqPublisher, from the page", () => {
  test("carry typed runs through a chain of blocks; waitForSubscribers holds the first open", async () => {
    const kept = new Kept<Out>();
    const [frames, means] = [place("frames"), place("means")];
    const source = new Block({
      name: "source",
      listeners: [new Detector(20)],
      publishers: [new ZmqPublisher({ bind: frames, waitForSubscribers: 1, socket: "pub", engine: "auto" })],
    });
    const reduce = new Block({
      name: "reduce",
      listeners: [new ZmqListener({ connect: frames, socket: "sub" })],
      operator: mean,
      publishers: [new ZmqPublisher({ bind: [means], waitForSubscribers: 1 })],
    });
    const end = new Block({ name: "end", listeners: [new ZmqListener<Out>({ connect: [means] })], publishers: [kept] });
    await end.start();
    await Promise.all([reduce.start(), source.start()]);
    await kept.stopped;
    await Promise.all([source.finished, reduce.stop(), end.stop()]);

    const [first, ...rest] = kept.seen;
    expect(first).toMatchObject({
      type: "start",
      run: "r",
      data: { energy: 8 },
      envelope: { headers: [["beamline", "X"]] },
    });
    const last = rest.pop();
    const values = rest.map((message) =>
      message.type === "event" ? [message.field("mean"), message.envelope.key] : [],
    );
    expect(values).toEqual(Array.from({ length: 20 }, (_, index) => [index + 2, `k${index + 1}`]));
    expect(rest.every((message) => message.type === "event" && message.array("float64").shape.length === 1)).toBe(true);
    // The Stop brings the accounts of all hops so far.
    expect(last).toMatchObject({ type: "stop", reason: "completed", data: { frames: 20 } });
    const account = last?.type === "stop" ? last.account : undefined;
    expect([account?.block, ...(account?.hops ?? []).map(({ block }) => block)]).toEqual(["end", "source", "reduce"]);
    expect(end.account).toMatchObject({ received: 22, finished: 22, lost: 0 });
  });

  test("push and pull; expect checks each message, and what it throws is a rejection", async () => {
    const kept = new Kept<In>();
    const expectFrame = (message: Message): In => {
      if (message.type === "event" && (message.field("frame") as number) % 2 === 0) throw new Error("an even frame");
      return message as In;
    };
    const place1 = place("work");
    const pull = new ZmqListener({ bind: place1, socket: "pull", expect: expectFrame });
    const end = new Block({ name: "end", listeners: [pull], publishers: [kept] });
    await end.ready();
    const push = new ZmqPublisher({ connect: place1, socket: "push" });
    const source = new Block({ name: "source", listeners: [new Detector(4)], publishers: [push] });
    await source.start();
    await kept.stopped;
    await Promise.all([source.finished, end.stop()]);
    expect(kept.seen.map((message) => (message.type === "event" ? message.metadata.frame : message.type))).toEqual([
      "start",
      1,
      3,
      "stop",
    ]);
    expect(end.account).toMatchObject({ rejected: 2 });
    expect(Object.keys(end.account.reasons).join()).toContain("an even frame");
  });

  test("a constructor does no I/O: parts that are never started keep nothing alive and bind nothing", async () => {
    const bind = place("nothing");
    const [publisher, listener] = [new ZmqPublisher({ bind }), new ZmqListener({ bind, topics: ["a", "b"] })];
    expect([publisher.confirms, listener.replay]).toEqual([false, "none"]);
    await expect(import("node:fs/promises").then(({ readdir }) => readdir(folder))).resolves.toEqual([]);
  });

  test("start works with any inlet, outside of a block too", async () => {
    const controller = new AbortController();
    const bind = place("alone");
    const publisher = new ZmqPublisher({ bind, waitForSubscribers: 1 });
    const seen: number[] = [];
    const listener = new ZmqListener({ connect: bind });
    const listening = listener.start(
      {
        ready: () => undefined,
        put: () => undefined,
        putFrames: (frames) => {
          seen.push(frames instanceof Uint8Array ? 1 : frames.length);
          if (seen.length === 3) controller.abort();
        },
      },
      controller.signal,
    );
    await publisher.open(controller.signal);
    for (const message of [
      new Start({}, { run: "r" }),
      new Event({}, new Uint8Array(3), { run: "r" }),
      new Stop({}, { run: "r" }),
    ]) {
      await publisher.publish(message);
    }
    await listening;
    await publisher.close();
    expect(seen.every((count) => count >= 1)).toBe(true);
  });

  test("waitForSubscribers: open ends when the signal aborts, though nobody came", async () => {
    const controller = new AbortController();
    const publisher = new ZmqPublisher({ bind: place("lonely"), waitForSubscribers: 1 });
    let opened = false;
    const opening = Promise.resolve(publisher.open(controller.signal)).then(() => {
      opened = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(opened).toBe(false);
    controller.abort();
    await opening.catch(() => undefined);
    await publisher.close();
  });
});
