import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Account,
  Block,
  type Data,
  Event,
  type Inlet,
  Listener,
  type Message,
  Operator,
  Publisher,
  run,
  Start,
  Stop,
} from "arroyojs";
import { drive } from "arroyojs/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const start = new Start({ user: "ann" }, { run: "r" });
const event = (number: number): Event => new Event({ number }, new Uint8Array(1), { run: "r" });
const stop = new Stop({}, { run: "r" });
const scan: readonly Message[] = [start, event(1), event(2), event(3), stop];
const pass = (message: Message): Message => message;
const numberOf = (message: Message): unknown => (message.type === "event" ? message.field("number") : message.type);

/** Brings messages; then ends, or stays until it is told to stop. */
class Source extends Listener {
  override readonly replay = "unacked";
  readonly settled: string[];
  readonly #messages: readonly Message[];
  readonly #stays: boolean;
  readonly #told: (news: string) => void;

  constructor(messages: readonly Message[], stays = false, told: (news: string) => void = () => undefined) {
    super();
    this.#messages = messages;
    this.#stays = stays;
    this.#told = told;
    this.settled = messages.map(() => "open");
  }

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    this.#told("listener starts");
    inlet.ready();
    for (const [index, message] of this.#messages.entries()) {
      const settle = (how: string) => () => {
        this.settled[index] = how;
      };
      await inlet.put(message, { ack: settle("acked"), nack: settle("nacked") });
    }
    if (this.#stays && !signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    this.#told("listener ends");
  }
}

class Sink extends Publisher {
  override readonly confirms = true;
  readonly seen: unknown[] = [];
  readonly #told: (news: string) => void;

  constructor(told: (news: string) => void = () => undefined) {
    super();
    this.#told = told;
  }

  override async open(): Promise<void> {
    await Promise.resolve();
    this.#told("publisher opens");
  }

  override publish(message: Message): void {
    this.seen.push(numberOf(message));
  }

  override close(): void {
    this.#told("publisher closes");
  }
}

describe("a block's life", () => {
  test("publishers open first, then the operator, and listeners start last; closing is in reverse", async () => {
    const life: string[] = [];
    const told = (news: string): void => void life.push(news);
    class Worker extends Operator {
      override async open(): Promise<void> {
        await Promise.resolve();
        told("operator opens");
      }
      override process(message: Message): Message {
        return message;
      }
      override close(): void {
        told("operator closes");
      }
    }
    const block = new Block({
      name: "life",
      listeners: [new Source(scan, true, told)],
      operator: new Worker(),
      publishers: [new Sink(told)],
    });
    expect(life).toEqual([]);
    await block.start();
    await block.ready();
    expect(life).toEqual(["publisher opens", "operator opens", "listener starts"]);
    await block.stop();
    expect(life.slice(3)).toEqual(["listener ends", "operator closes", "publisher closes"]);
  });

  test("without an operator everything passes", async () => {
    const sink = new Sink();
    const block = new Block({ name: "pass", listeners: [new Source(scan)], publishers: [sink] });
    await block.start();
    await block.finished;
    expect(sink.seen).toEqual(["start", 1, 2, 3, "stop"]);
  });

  test("finished resolves to the account, which adds up, for the block and for each run", async () => {
    const source = new Source([...scan, new Event({ number: 9 }, new Uint8Array(1))]);
    const block = new Block({ name: "sums", description: "adds up", listeners: [source], publishers: [new Sink()] });
    await block.start();
    const account: Account = await block.finished;
    expect(account).toMatchObject({
      block: "sums",
      received: 6,
      finished: 6,
      published: 6,
      lost: 0,
      rejected: 0,
      hops: [],
    });
    for (const counts of [account, ...account.runs]) {
      const { finished, dropped, failed, dead, left } = counts;
      expect(counts.received).toBe(finished + dropped + failed + dead + left);
    }
    expect(account.runs).toEqual([expect.objectContaining({ run: "r", received: 5 })]);
    expect(block.account).toEqual(account);
    expect(block.name).toBe("sums");
  });

  test("stop drains: what was taken in is finished, open runs end interrupted; a second stop does nothing", async () => {
    const source = new Source([start, event(1), event(2)], true);
    const sink = new Sink();
    const block = new Block({ name: "drains", listeners: [source], publishers: [sink] });
    await block.ready();
    const account = await block.stop({ deadlineMs: 5_000 });
    expect(sink.seen).toEqual(["start", 1, 2, "stop"]);
    expect(source.settled).toEqual(["acked", "acked", "acked"]);
    expect(account).toMatchObject({ received: 3, finished: 3, left: 0 });
    expect(await block.stop()).toEqual(account);
    expect(await block.finished).toEqual(account);
  });

  test("stop with abandon finishes nothing and gives back what is there", async () => {
    const source = new Source([start, event(1), event(2)], true);
    const stuck = (message: Message): Message | Promise<Message> =>
      message.type === "event" ? new Promise<Message>(() => undefined) : message;
    const block = new Block({ name: "abandons", listeners: [source], operator: stuck, publishers: [new Sink()] });
    await block.ready();
    const account = await block.stop({ abandon: true });
    expect(source.settled).toEqual(["acked", "nacked", "nacked"]);
    expect(account).toMatchObject({ received: 3, finished: 1, left: 2 });
  });

  test("is disposed of by draining", async () => {
    const sink = new Sink();
    {
      await using block = new Block({ name: "disposed", listeners: [new Source(scan, true)], publishers: [sink] });
      await block.ready();
    }
    expect(sink.seen).toEqual(["start", 1, 2, 3, "stop"]);
  });

  test("tells its news to whoever listens, and has no methods of an emitter beside on, once and off", async () => {
    const news: Data[] = [];
    const removed: Data[] = [];
    const first: Data[] = [];
    const drop = (one: Data): void => void removed.push(one);
    const block = new Block({ name: "tells", listeners: [new Source(scan)] });
    expect(block.on("run", (one: Data) => void news.push(one))).toBe(block);
    block.on("state", drop).off("state", drop);
    block.once("run", (one: Data) => void first.push(one));
    await block.start();
    await block.finished;
    expect(news.map(({ what, run: id }) => [what, id])).toEqual([
      ["opened", "r"],
      ["ended", "r"],
    ]);
    expect(first).toHaveLength(1);
    expect(removed).toEqual([]);
    expect("addListener" in block || "emit" in block).toBe(false);
  });

  test("a listener and a publisher can be added while it runs, by its operator, and taken away", async () => {
    class Passing extends Operator {
      override process(message: Message): Message {
        return message;
      }
    }
    const operator = new Passing();
    const [sink, late] = [new Sink(), new Sink()];
    const block = new Block({ name: "changes", listeners: [new Source([start], true)], operator, publishers: [sink] });
    await block.ready();
    await vi.waitUntil(() => sink.seen.length === 1);
    await operator.addPublisher({ publisher: late, required: true });
    const second = new Source(
      [new Start({}, { run: "second" }), new Event({ number: 7 }, new Uint8Array(1), { run: "second" })],
      true,
    );
    await operator.addListener(second);
    await vi.waitUntil(() => late.seen.length === 3);
    await operator.removeListener(second);
    await operator.removePublisher(sink);
    await block.stop();
    // Who joins late gets the Starts of the open runs, and every Start has its Stop.
    expect(late.seen).toEqual(["start", "start", 7, "stop", "stop"]);
    expect(sink.seen).toEqual(["start", "start", 7, "stop", "stop"]);
  });
});

describe("guarantees and errors", () => {
  test("without a guarantee settlement works the same", async () => {
    const results = await Promise.all([drive(pass, scan), drive(pass, scan, { guarantee: "at-least-once" })]);
    for (const { settled, error } of results) {
      expect(error).toBeUndefined();
      expect(settled).toEqual(new Array(5).fill("acked"));
    }
  });

  test("a guarantee that the parts cannot keep is refused at the start, naming the part", async () => {
    class Live extends Listener {
      override async start(): Promise<void> {}
    }
    const block = new Block({
      name: "claims",
      guarantee: "at-least-once",
      listeners: [new Live()],
      publishers: [new Sink()],
    });
    await expect(block.start()).rejects.toThrow("Live");
  });

  test("a failed block: what left process is published and settled, the failed message and later ones are nacked", async () => {
    const fail = (message: Message): Message => {
      if (numberOf(message) === 2) throw new TypeError("the second frame is odd");
      return message;
    };
    const { published, settled, account, error } = await drive(fail, scan);
    expect(published.map(numberOf)).toEqual(["start", 1]);
    expect(settled).toEqual(["acked", "acked", "nacked", "nacked", "nacked"]);
    expect(account).toMatchObject({ finished: 2, failed: 1 });
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toContain("the second frame is odd");
    expect((error as Error).cause).toBeInstanceOf(TypeError);
  });

  test("onError skip: the message is given up and counted, and the block goes on", async () => {
    const fail = (message: Message): Message => {
      if (numberOf(message) === 2) throw new Error("odd");
      return message;
    };
    const { published, settled, account, error } = await drive(fail, scan, { onError: "skip" });
    expect(error).toBeUndefined();
    expect(published.map(numberOf)).toEqual(["start", 1, 3, "stop"]);
    expect(settled).toEqual(new Array(5).fill("acked"));
    expect(account).toMatchObject({ received: 5, finished: 4, failed: 1 });
  });

  describe("onError dead-letter", () => {
    const before = process.cwd();
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "arroyojs-api-"));
      process.chdir(folder);
    });
    afterEach(() => {
      process.chdir(before);
      rmSync(folder, { recursive: true, force: true });
    });
    const fail = (message: Message, { attempt }: { readonly attempt: number }): Message => {
      if (numberOf(message) === 2) throw new Error(`odd at attempt ${attempt}`);
      return message;
    };

    test("retries first, and without deadLetters uses ./dead-letters/NAME", async () => {
      const news: Data[] = [];
      const block = new Block({
        name: "buries",
        listeners: [new Source(scan)],
        operator: fail,
        // biome-ignore lint/suspicious/noThenProperty: the name of the option
        onError: { retries: 1, then: "dead-letter" },
      });
      block.on("dead-letter", (one: Data) => void news.push(one));
      await block.start();
      const account = await block.finished;
      expect(account).toMatchObject({ received: 5, finished: 4, dead: 1 });
      expect(news).toEqual([expect.objectContaining({ block: "buries", reason: "odd at attempt 2" })]);
      expect(readdirSync(join(folder, "dead-letters", "buries")).length).toBeGreaterThan(0);
    });

    test("deadLetters says where else", async () => {
      const path = join(folder, "elsewhere");
      const { account, settled } = await drive(fail, scan, {
        onError: "dead-letter",
        deadLetters: { path, maxBytes: 1_000_000 },
      });
      expect(account).toMatchObject({ dead: 1 });
      expect(settled).toEqual(new Array(5).fill("acked"));
      expect(readdirSync(path).length).toBeGreaterThan(0);
      expect(readdirSync(folder)).toEqual(["elsewhere"]);
    });
  });

  test("an option that does not exist, or a value that cannot be, is refused with its name", () => {
    const listeners = [new Source([])];
    // @ts-expect-error -- there is no such option
    expect(() => new Block({ name: "b", listeners, retries: 3 })).toThrow("retries");
    expect(() => new Block({ name: "b", listeners, concurrency: 0 })).toThrow("concurrency");
    expect(() => new Block({ name: "", listeners })).toThrow("name");
  });
});

describe("run", () => {
  const exitCode = process.exitCode;
  let said: string;
  beforeEach(() => {
    said = "";
    process.exitCode = undefined;
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      said += String(text);
      return true;
    });
  });
  afterEach(() => {
    process.exitCode = exitCode;
  });

  test("resolves to the accounts in the order of its arguments, whichever ends first", async () => {
    const slow = (message: Message): Promise<Message> => new Promise((resolve) => setImmediate(() => resolve(message)));
    const first = new Block({ name: "first", listeners: [new Source(scan)], operator: slow });
    const second = new Block({ name: "second", listeners: [new Source(scan.slice(0, 2))] });
    const accounts = await run(first, second);
    expect(accounts.map(({ block, received }) => [block, received])).toEqual([
      ["first", 5],
      ["second", 2],
    ]);
    expect(process.exitCode ?? 0).toBe(0);
  });

  test("rejects with a block's error and sets the exit code; the others end", async () => {
    const fail = (): never => {
      throw new Error("no light");
    };
    const other = new Source([start], true);
    const broken = new Block({ name: "broken", listeners: [new Source(scan)], operator: fail });
    const whole = new Block({ name: "whole", listeners: [other] });
    await expect(run(whole, broken)).rejects.toThrow("no light");
    expect(process.exitCode).toBe(1);
    expect(said).toContain("no light");
    await expect(whole.finished).resolves.toMatchObject({ received: 1, finished: 1 });
  });

  test("sets the exit code of wrong use for a claim that cannot be kept", async () => {
    class Live extends Listener {
      override async start(): Promise<void> {}
    }
    await expect(
      run(new Block({ name: "claims", guarantee: "at-least-once", listeners: [new Live()] })),
    ).rejects.toThrow();
    expect(process.exitCode).toBe(2);
  });
});
