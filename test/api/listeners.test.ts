import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import {
  AckPrefix,
  Block,
  Event,
  type Frames,
  type Inlet,
  Listener,
  type Message,
  Publisher,
  type Settlement,
  Start,
  Stop,
} from "arroyojs";
import { drive } from "arroyojs/testing";
import { describe, expect, test } from "vitest";

type Reading = Event<{ readonly n: number }, Uint8Array>;
const pass = (message: Message): Message => message;

/** Sends numbered lines and, to whoever connects again, those that were not acknowledged. */
class NumberServer implements AsyncDisposable {
  acknowledged = 0;
  readonly #server: Server;
  readonly #last: number;
  #breaks: number;

  constructor(last: number, breaks: number) {
    this.#last = last;
    this.#breaks = breaks;
    this.#server = createServer((socket) => this.#serve(socket)).listen(0, "127.0.0.1");
  }

  async port(): Promise<number> {
    if (!this.#server.listening) await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    let acks = 0;
    createInterface(socket).on("line", (line) => {
      this.acknowledged = Number(line);
      acks += 1;
      if (this.#breaks > 0 && acks === 3) {
        this.#breaks -= 1;
        socket.resetAndDestroy();
      } else if (this.acknowledged === this.#last) socket.end();
    });
    socket.on("error", () => undefined);
    for (let n = this.acknowledged + 1; n <= this.#last; n += 1) socket.write(`${n}\n`);
  }
}

/** Reads numbered lines over TCP, and acknowledges the highest number up to which all are finished. */
class NumberListener extends Listener<Reading> {
  override readonly replay = "unacked";
  attempts = 0;
  readonly #port: number;

  constructor(port: number) {
    super();
    this.#port = port;
  }

  override async start(inlet: Inlet<Reading>, signal: AbortSignal): Promise<void> {
    this.attempts += 1;
    const socket = connect(this.#port, "127.0.0.1");
    const acks = new AckPrefix((n) => void socket.write(`${n}\n`));
    const stop = (): void => void socket.destroy();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const failed = once(socket, "error").then(([error]) => Promise.reject(error));
      await Promise.race([once(socket, "connect"), failed]);
      inlet.ready();
      const read = async (): Promise<void> => {
        for await (const line of createInterface(socket)) {
          const n = Number(line);
          await inlet.put(new Event({ n }, new Uint8Array([n])), acks.track(n));
        }
      };
      await Promise.race([read(), failed]);
    } finally {
      signal.removeEventListener("abort", stop);
      socket.destroy();
    }
  }
}

class Numbers extends Publisher<Reading> {
  override readonly confirms = true;
  readonly seen: number[] = [];

  override async publish({ metadata }: Reading): Promise<void> {
    await Promise.resolve();
    this.seen.push(metadata.n);
  }
}

/** Gives what a function says, one message after the other, and then ends. */
class FromFunction extends Listener {
  attempts = 0;
  readonly #attempt: (inlet: Inlet, signal: AbortSignal, attempt: number) => Promise<void>;

  constructor(attempt: (inlet: Inlet, signal: AbortSignal, attempt: number) => Promise<void>) {
    super();
    this.#attempt = attempt;
  }

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    this.attempts += 1;
    await this.#attempt(inlet, signal, this.attempts);
  }
}

describe("a listener over TCP, written from the contract", () => {
  test("brings everything in, acknowledges in order, and ends with its source", async () => {
    await using server = new NumberServer(50, 0);
    const numbers = new Numbers();
    const listener = new NumberListener(await server.port());
    const block = new Block({ name: "tcp", guarantee: "at-least-once", listeners: [listener], publishers: [numbers] });
    await block.start();
    const account = await block.finished;
    expect(numbers.seen).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(server.acknowledged).toBe(50);
    expect(account).toMatchObject({ received: 50, finished: 50, published: 50, left: 0 });
  });

  test("is started again when its connection breaks, and what was not acknowledged comes again", async () => {
    await using server = new NumberServer(40, 2);
    const numbers = new Numbers();
    const listener = new NumberListener(await server.port());
    const block = new Block({ name: "tcp", listeners: [listener], publishers: [numbers] });
    await block.start();
    await block.finished;
    expect(listener.attempts).toBe(3);
    expect(new Set(numbers.seen)).toEqual(new Set(Array.from({ length: 40 }, (_, index) => index + 1)));
    expect(server.acknowledged).toBe(40);
  });

  test("works without a block, with any inlet that has the three members", async () => {
    await using server = new NumberServer(5, 0);
    const seen: string[] = [];
    const inlet: Inlet<Reading> = {
      ready: () => void seen.push("ready"),
      put: async (message: Reading, settlement?: Settlement) => {
        seen.push(`put ${message.metadata.n}`);
        await settlement?.ack();
      },
      putFrames: (_frames: Frames) => void seen.push("frames"),
    };
    const listener = new NumberListener(await server.port());
    await listener.start(inlet, new AbortController().signal);
    expect(seen).toEqual(["ready", "put 1", "put 2", "put 3", "put 4", "put 5"]);
    expect(server.acknowledged).toBe(5);
  });
});

describe("the contract of a listener", () => {
  test("replay and codec have their defaults, and a subclass overrides them as plain properties", () => {
    const listener = new FromFunction(async () => {});
    expect([listener.replay, listener.codec.name]).toEqual(["none", expect.stringContaining("arroyo")]);
    expect(new NumberListener(1).replay).toBe("unacked");
  });

  test("put returns nothing while there is room, and a promise while the queue is full", async () => {
    let free: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    const returned: string[] = [];
    const source = new FromFunction(async (inlet) => {
      for (const n of [1, 2, 3, 4]) {
        const full = inlet.put(new Event({ n }, new Uint8Array(1)));
        returned.push(full === undefined ? "room" : "full");
        if (full === undefined) continue;
        free();
        await full;
        returned.push("taken");
      }
    });
    const operator = async (message: Message): Promise<Message> => {
      await held;
      return message;
    };
    const block = new Block({ name: "full", listeners: [source], operator, maxMessages: 2 });
    await block.start();
    const account = await block.finished;
    expect(returned).toContain("room");
    expect(returned).toContain("full");
    expect(account).toMatchObject({ received: 4, finished: 4, dropped: 0 });
  });

  const codes = [
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ERR_STREAM_PREMATURE_CLOSE",
  ];
  test.for(codes)("%s means: try me again", async (code) => {
    const source = new FromFunction(async (inlet, _signal, attempt) => {
      if (attempt < 3) throw Object.assign(new Error("gone"), { code });
      inlet.ready();
      await inlet.put(new Event({}, new Uint8Array(1)));
    });
    const { published, error } = await drive(pass, [], { listeners: [source] });
    expect([source.attempts, published.length, error]).toEqual([3, 1, undefined]);
  });

  test("of other errors, `retryable` decides", async () => {
    const source = new FromFunction(async (_inlet, _signal, attempt) => {
      if (attempt === 1) throw Object.assign(new Error("busy"), { retryable: true });
      if (attempt === 2) throw Object.assign(new Error("not this time"), { code: "ECONNRESET", retryable: false });
    });
    const { error } = await drive(pass, [], { listeners: [source] });
    expect(source.attempts).toBe(2);
    expect(String(error)).toContain("not this time");
  });

  test("another error fails the block", async () => {
    const source = new FromFunction(async () => {
      throw new Error("the file is not there");
    });
    const { error } = await drive(pass, [], { listeners: [source] });
    expect(source.attempts).toBe(1);
    expect(String(error)).toContain("the file is not there");
  });

  test("an error thrown after the signal aborted is the end of the source, not a failure", async () => {
    const source = new FromFunction(async (inlet, signal) => {
      inlet.ready();
      await once(signal, "abort");
      throw new Error("the socket was closed under me");
    });
    const block = new Block({ name: "aborted", listeners: [source] });
    await block.ready();
    await expect(block.stop()).resolves.toMatchObject({ received: 0 });
    await expect(block.finished).resolves.toMatchObject({ block: "aborted" });
  });

  test("returning means that the source ended: its open runs end abandoned, and the block with its last source", async () => {
    const source = new FromFunction(async (inlet) => {
      await inlet.put(new Start({}, { run: "open" }));
      await inlet.put(new Start({}, { run: "closed" }));
      await inlet.put(new Stop({}, { run: "closed" }));
    });
    const { published } = await drive(pass, [], { listeners: [source] });
    const stops = published.filter((message) => message.type === "stop");
    expect(stops.map(({ run, reason }) => [run, reason])).toEqual([
      ["closed", "completed"],
      ["open", "abandoned"],
    ]);
  });
});

describe("AckPrefix", () => {
  test("commits the highest sequence before which nothing is unfinished", async () => {
    const commits: number[] = [];
    const acks = new AckPrefix((sequence) => void commits.push(sequence));
    const [first, second, third] = [acks.track(10), acks.track(20), acks.track(30)];
    await second.ack();
    expect(commits).toEqual([]);
    await first.ack();
    expect(commits).toEqual([20]);
    await third.ack();
    expect(commits).toEqual([20, 30]);
  });

  test("commits nothing beyond what was given back", async () => {
    const commits: number[] = [];
    const acks = new AckPrefix(async (sequence) => void commits.push(sequence));
    const [first, second, third] = [acks.track(1), acks.track(2), acks.track(3)];
    await first.ack();
    await second.nack("failed");
    await third.ack();
    expect(commits).toEqual([1]);
  });

  test("is the settlement of a source that acknowledges positions", async () => {
    const commits: number[] = [];
    const acks = new AckPrefix((sequence) => void commits.push(sequence));
    const source = new FromFunction(async (inlet) => {
      for (const n of [1, 2, 3]) await inlet.put(new Event({ n }, new Uint8Array(1)), acks.track(n));
    });
    const fail = (message: Message): Message => {
      if (message.type === "event" && message.metadata["n"] === 3) throw new Error("no");
      return message;
    };
    await drive(fail, [], { listeners: [source] });
    expect(commits.at(-1)).toBe(2);
  });
});
