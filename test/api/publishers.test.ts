import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Block, Event, type Inlet, Listener, type Message, Publisher, Start, Stop } from "arroyojs";
import { drive } from "arroyojs/testing";
import { describe, expect, test } from "vitest";

type Frame = { readonly frame: number };
type In = Start | Event<Frame, Uint8Array> | Stop;

const start = new Start({ name: "scan" }, { run: "r" });
const frames = [1, 2, 3].map(
  (frame): Event<Frame, Uint8Array> => new Event({ frame }, new Uint8Array([frame]), { run: "r" }),
);
const stop = new Stop({ frames: 3 }, { run: "r" });
const run: readonly In[] = [start, ...frames, stop];
const pass = (message: In): In => message;
const frameOf = (message: In): number => (message.type === "event" ? message.metadata.frame : 0);

/** Brings messages that are there already. */
class Given extends Listener<In> {
  readonly settled: string[] = [];
  /** Resolves when every message is settled. */
  readonly allSettled: Promise<void>;
  readonly #messages: readonly In[];
  #done: () => void = () => undefined;

  constructor(messages: readonly In[]) {
    super();
    this.#messages = messages;
    this.allSettled = new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  override async start(inlet: Inlet<In>): Promise<void> {
    inlet.ready();
    for (const [index, message] of this.#messages.entries()) {
      const settle = (how: string) => () => {
        this.settled.push(`${how} ${index}`);
        if (this.settled.length === this.#messages.length) this.#done();
      };
      await inlet.put(message, { ack: settle("ack"), nack: settle("nack") });
    }
  }
}

/** Keeps what it gets, and tells of its life. */
class Kept extends Publisher<In> {
  override readonly confirms = true;
  readonly life: string[] = [];
  readonly seen: In[] = [];

  override open(signal: AbortSignal): void {
    this.life.push(signal.aborted ? "aborted" : "open");
  }

  override async publish(message: In): Promise<void> {
    await Promise.resolve();
    this.seen.push(message);
  }

  override close(): void {
    this.life.push(`close after ${this.seen.length}`);
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Takes a whole message off the front of what came: its frames, and what follows. */
function takeMessage(bytes: Buffer): { readonly frames: readonly Buffer[]; readonly rest: Buffer } | undefined {
  const frames: Buffer[] = [];
  if (bytes.length < 4) return undefined;
  let at = 4;
  for (let left = bytes.readUInt32BE(0); left > 0; left -= 1) {
    if (bytes.length < at + 4) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (bytes.length < end) return undefined;
    frames.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** Writes messages over TCP, with the number of their frames and the length of each, and waits for one byte of answer. */
class TcpPublisher extends Publisher<In> {
  override readonly confirms = true;
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(port: number) {
    super();
    this.#port = port;
  }

  override async open(signal: AbortSignal): Promise<void> {
    const socket = connect(this.#port, "127.0.0.1");
    socket.on("error", () => undefined);
    this.#socket = socket;
    await once(socket, "connect", { signal });
  }

  override async publish(message: In): Promise<void> {
    const socket = this.#socket as Socket;
    const answer = once(socket, "data");
    const closed = once(socket, "close").then(() => {
      throw Object.assign(new Error("closed without an answer"), { code: "ECONNRESET" });
    });
    for (const wire of this.encode(message)) {
      const parts = wire.flatMap((frame) => [uint32(frame.length), frame]);
      socket.write(Buffer.concat([uint32(wire.length), ...parts]));
    }
    await Promise.race([answer, closed]);
  }

  override async close(): Promise<void> {
    this.#socket?.destroy();
  }
}

describe("the contract of a publisher", () => {
  test("confirms and codec have their defaults, and open and close need not be written", async () => {
    class Least extends Publisher<In> {
      readonly types: string[] = [];
      override publish(message: In): void {
        this.types.push(message.type);
      }
    }
    const least = new Least();
    expect([least.confirms, least.codec.name]).toEqual([false, expect.stringContaining("arroyo")]);
    await drive(pass, run, { publishers: [least] });
    expect(least.types).toEqual(["start", "event", "event", "event", "stop"]);
  });

  test("open comes before the first message, close after the last", async () => {
    const kept = new Kept();
    await drive(pass, run, { publishers: [kept] });
    expect(kept.seen.map(({ type }) => type)).toEqual(["start", "event", "event", "event", "stop"]);
    expect(kept.life).toEqual(["open", "close after 5"]);
  });

  test("publish is called one at a time, and messages are acknowledged after it", async () => {
    const listener = new Given(run);
    let inside = 0;
    let most = 0;
    const order: string[] = [];
    class Slow extends Publisher<In> {
      override async publish(message: In): Promise<void> {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        order.push(`${frameOf(message)} ${listener.settled.length}`);
      }
    }
    const block = new Block({ name: "slow", listeners: [listener], publishers: [new Slow()] });
    await block.start();
    await block.finished;
    expect(most).toBe(1);
    expect(order).toEqual(["0 0", "1 1", "2 2", "3 3", "0 4"]);
    expect(listener.settled).toEqual(["ack 0", "ack 1", "ack 2", "ack 3", "ack 4"]);
  });

  test("publishBatch takes all that waits, in order", async () => {
    const batches: number[][] = [];
    class Batches extends Publisher<In> {
      override publish(_message: In): void {
        throw new Error("publishBatch is there");
      }
      override async publishBatch(messages: readonly In[]): Promise<void> {
        batches.push(messages.map(frameOf));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const { settled, error } = await drive(pass, run, { publishers: [new Batches()] });
    expect(error).toBeUndefined();
    expect(batches.flat()).toEqual([0, 1, 2, 3, 0]);
    expect(batches.length).toBeLessThan(5);
    expect(settled).toEqual(["acked", "acked", "acked", "acked", "acked"]);
  });

  test("a retryable error closes, opens and repeats the same message", async () => {
    class Flaky extends Kept {
      #failures = 2;
      override async publish(message: In): Promise<void> {
        if (frameOf(message) === 2 && this.#failures > 0) {
          this.#failures -= 1;
          throw Object.assign(new Error("gone"), { code: "EPIPE" });
        }
        await super.publish(message);
      }
    }
    const flaky = new Flaky();
    const { error, settled } = await drive(pass, run, { publishers: [flaky] });
    expect(error).toBeUndefined();
    expect(flaky.seen.map(frameOf)).toEqual([0, 1, 2, 3, 0]);
    expect(flaky.life).toEqual(["open", "close after 2", "open", "close after 2", "open", "close after 5"]);
    expect(settled).toEqual(["acked", "acked", "acked", "acked", "acked"]);
  });

  test("encode makes the frames of its codec, also over a connection that breaks", async () => {
    const received: (readonly Buffer[])[] = [];
    const server = createServer((socket) => {
      let bytes = Buffer.alloc(0);
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        const message = takeMessage(bytes);
        if (message === undefined) return;
        bytes = Buffer.from(message.rest);
        received.push(message.frames);
        if (received.length === 3) socket.resetAndDestroy();
        else socket.write("k");
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const publisher = new TcpPublisher((server.address() as AddressInfo).port);
    const block = new Block({ name: "tcp", listeners: [new Given(run)], publishers: [publisher] });
    await block.start();
    await block.finished;
    server.close();
    // The answer to the third message was lost: it came again, as the same bytes.
    expect(received).toHaveLength(6);
    expect(received[3]).toEqual(received[2]);

    class Received extends Listener {
      override async start(inlet: Inlet): Promise<void> {
        for (const frames of received) await inlet.putFrames(frames);
      }
    }
    const { published } = await drive((message: Message) => message, [], { listeners: [new Received()] });
    const seen = published.map((message) => (message.type === "event" ? message.field("frame") : message.data));
    expect(seen).toEqual([{ name: "scan" }, 1, 2, 3, { frames: 3 }]);
  });
});

describe("an entry of publishers", () => {
  test("is a publisher, or one with its place", async () => {
    const [alone, placed] = [new Kept(), new Kept()];
    const entry = { publisher: placed, required: true, overflow: "block", maxMessages: 1, maxBytes: 1_000 } as const;
    const { error } = await drive(pass, run, { publishers: [alone, entry] });
    expect(error).toBeUndefined();
    expect(alone.seen).toHaveLength(5);
    expect(placed.seen).toHaveLength(5);
  });

  test("is required unless it says otherwise: what it refuses fails the block", async () => {
    class Refusing extends Kept {
      override async publish(message: In): Promise<void> {
        if (frameOf(message) === 2) throw new Error("the disk is full");
        await super.publish(message);
      }
    }
    const required = await drive(pass, run, { publishers: [{ publisher: new Refusing() }] });
    expect(String(required.error)).toContain("the disk is full");
    expect(required.settled.slice(0, 3)).toEqual(["acked", "acked", "nacked"]);

    const optional = await drive(pass, run, { publishers: [{ publisher: new Refusing(), required: false }] });
    expect(optional.error).toBeUndefined();
    expect(optional.settled).toEqual(["acked", "acked", "acked", "acked", "acked"]);
  });

  test("that is not required delays nothing, also when it never takes anything", async () => {
    class Stuck extends Publisher<In> {
      override publish(): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const listener = new Given(run);
    const best = { publisher: new Stuck(), required: false, overflow: "latest" } as const;
    const kept = new Kept();
    const block = new Block({ name: "stuck", listeners: [listener], publishers: [kept, best] });
    await block.start();
    await listener.allSettled;
    expect(kept.seen).toHaveLength(5);
    expect(listener.settled).toEqual(["ack 0", "ack 1", "ack 2", "ack 3", "ack 4"]);
    const account = await block.stop({ deadlineMs: 50 });
    expect(account).toMatchObject({ received: 5, finished: 5, left: 0 });
  });
});
