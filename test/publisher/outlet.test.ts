import { describe, expect, test } from "vitest";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { AnyMessage, Message } from "../../src/message/message.ts";
import { nativeCodec } from "../../src/message/native/native-codec.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { Outgoing } from "../../src/publisher/outgoing.ts";
import { Outlet, type OutletOptions } from "../../src/publisher/outlet.ts";
import { Publisher } from "../../src/publisher/publisher.ts";
import type { Owner } from "../../src/queue/delivery.ts";
import type { Overflow } from "../../src/queue/queue-bounds.ts";
import { Tally } from "../../src/runs/tally.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { type Later, later } from "../block/hand-driven.ts";

const run = {};
const start = new Start({}, { run: "r" });
const event = (n: number, bytes = 1): Event => new Event({ n }, new Uint8Array(bytes), { run: "r" });
const stop = new Stop({}, { run: "r" });
const name = (message: AnyMessage): string => (message.type === "event" ? String(message.field("n")) : message.type);

const away = (): Error => Object.assign(new Error("away"), { code: "ECONNRESET" });

/** Writes wire messages, of which the other side gets those that `answer` lets through. */
class Wire extends Publisher {
  override readonly confirms: boolean;
  /** Every attempt at a message, as bytes. */
  readonly attempts: { readonly name: string; readonly bytes: string }[] = [];
  /** What the other side has. */
  readonly arrived: (readonly Uint8Array[])[] = [];
  readonly life: string[] = [];
  answer: (name: string, attempt: number) => void | Promise<void> = () => undefined;
  onOpen: (times: number) => void | Promise<void> = () => undefined;
  onClose: () => void | Promise<void> = () => undefined;
  #opened = 0;

  constructor(confirms = true) {
    super();
    this.confirms = confirms;
  }

  override open(): void | Promise<void> {
    this.#opened += 1;
    this.life.push("open");
    return this.onOpen(this.#opened);
  }

  override publish(message: Message): void | Promise<void> {
    const frames = this.encode(message)[0] as readonly Uint8Array[];
    this.attempts.push({ name: name(message), bytes: Buffer.concat(frames).toString("hex") });
    const attempt = this.attempts.filter((one) => one.name === name(message)).length;
    const wait = this.answer(name(message), attempt);
    const arrived = (): void => void this.arrived.push(frames);
    return wait === undefined ? arrived() : wait.then(arrived);
  }

  override close(): void | Promise<void> {
    this.life.push("close");
    return this.onClose();
  }

  /** What a reader makes of what arrived: names with sequences and what was left out. */
  read(): string[] {
    const read = nativeCodec.reader(DEFAULT_LIMITS);
    return this.arrived.flatMap((frames) =>
      read(frames).map(({ message, sequence = "-", hop }) => {
        const skipped = hop?.skipped ?? 0;
        return `${name(message)} #${sequence}${skipped > 0 ? ` skipped ${skipped}` : ""}`;
      }),
    );
  }

  /** What the Stop that arrived says was sent. */
  sent(): unknown {
    const read = nativeCodec.reader(DEFAULT_LIMITS);
    const hops = this.arrived.flatMap((frames) => read(frames).map(({ hop }) => hop));
    return hops.findLast((hop) => hop?.sent !== undefined)?.sent;
  }
}

/** Sends what waits as one batch. */
class Batches extends Wire {
  readonly batches: string[][] = [];
  /** Is called when all of a batch was encoded. */
  after: (batch: readonly string[]) => void | Promise<void> = () => undefined;

  override publishBatch(messages: readonly Message[]): void | Promise<void> {
    const names = messages.map(name);
    this.batches.push(names);
    const frames = messages.map((message) => {
      const one = this.encode(message)[0] as readonly Uint8Array[];
      this.attempts.push({ name: name(message), bytes: Buffer.concat(one).toString("hex") });
      return one;
    });
    const arrived = (): void => void this.arrived.push(...frames);
    const wait = this.after(names);
    return wait === undefined ? arrived() : wait.then(arrived);
  }
}

interface Subject {
  readonly outlet: Outlet;
  readonly clock: VirtualClock;
  readonly work: AbortController;
  /** What became of each message, in the order in which that happened. */
  readonly fates: string[];
  readonly tally: Tally;
  readonly broken: unknown[];
  put(...messages: readonly AnyMessage[]): Promise<void>[];
}

async function subject<P extends Publisher>(
  publisher: P,
  options: Partial<Pick<OutletOptions, "required" | "refused">> & {
    readonly overflow?: Overflow;
    readonly maxMessages?: number;
    readonly opens?: boolean;
  } = {},
): Promise<Subject> {
  const { required = true, refused = () => false, overflow = "block", maxMessages = 100, opens = true } = options;
  const clock = new VirtualClock();
  const work = new AbortController();
  const fates: string[] = [];
  const broken: unknown[] = [];
  const tally = new Tally();
  const outlet = new Outlet({
    publisher: publisher as Publisher<AnyMessage>,
    required,
    bounds: { overflow, maxMessages, maxBytes: 1_000_000 },
    stream: "block",
    clock,
    random: () => 0,
    tell: () => undefined,
    signal: work.signal,
    refused: (outgoing, error, attempt) => {
      const again = refused(outgoing, error, attempt);
      if (again === false) outgoing.owner?.spoil("failed", `refused: ${(error as Error).message}`);
      return again;
    },
    broken: (error) => void broken.push(error),
  });
  if (opens) await outlet.open();
  const put = (...messages: readonly AnyMessage[]): Promise<void>[] =>
    messages.map(async (message) => {
      let fate = "confirmed";
      const owner: Owner = {
        more: () => undefined,
        done: () => void fates.push(`${name(message)} ${fate}`),
        spoil: (outcome, reason) => {
          fate = `${outcome}: ${reason}`;
        },
      };
      const bytes = message.type === "event" ? message.payload.byteLength : 0;
      await outlet.put(new Outgoing(message, run, bytes, required ? owner : undefined, tally, true));
    });
  return { outlet, clock, work, fates, tally, broken, put };
}

describe("outlet: repetition", () => {
  for (const confirms of [true, false]) {
    test(`a message that is repeated${confirms ? "" : " by a publisher that does not confirm"} - has the same bytes and number, and the next one the next`, async () => {
      const wire = new Wire(confirms);
      wire.answer = (which, attempt) => {
        if (which === "2" && attempt < 3) throw away();
      };
      const { put, clock, fates } = await subject(wire);
      void put(start, event(1), event(2), event(3), stop);
      await clock.advance(1_000);
      const two = wire.attempts.filter((one) => one.name === "2").map(({ bytes }) => bytes);
      expect(two).toHaveLength(3);
      expect(new Set(two).size).toBe(1);
      expect(wire.read()).toEqual(["start #0", "1 #0", "2 #1", "3 #2", "stop #1"]);
      expect(wire.sent()).toEqual([{ topic: "", events: 3, skipped: 0 }]);
      expect(wire.life).toEqual(["open", "close", "open", "close", "open"]);
      expect(fates.map((fate) => fate.split(" ")[1])).toEqual(new Array(5).fill("confirmed"));
    });
  }

  test("a batch that is repeated - comes message by message, each with its bytes and number", async () => {
    const wire = new Batches();
    let failures = 1;
    wire.after = () => {
      if (failures-- > 0) throw away();
    };
    const { put, clock, outlet } = await subject(wire, { opens: false });
    void put(start, event(1), event(2), event(3), stop);
    await outlet.open();
    await clock.advance(1_000);
    expect(wire.batches).toEqual([["start", "1", "2", "3", "stop"]]);
    expect(wire.attempts.slice(5)).toEqual(wire.attempts.slice(0, 5));
    expect(wire.read()).toEqual(["start #0", "1 #0", "2 #1", "3 #2", "stop #1"]);
    expect(wire.sent()).toEqual([{ topic: "", events: 3, skipped: 0 }]);
    void put(event(4));
    await clock.settle();
    expect(wire.read().at(-1)).toBe("4 #3");
  });

  test("a batch whose repetition breaks again - goes on where it was", async () => {
    const wire = new Batches();
    wire.after = () => {
      throw away();
    };
    wire.answer = (which, attempt) => {
      if (which === "2" && attempt === 2) throw away();
    };
    const { put, clock, outlet, fates } = await subject(wire, { opens: false });
    void put(event(1), event(2), event(3));
    await outlet.open();
    await clock.advance(1_000);
    expect(wire.attempts.map((one) => one.name)).toEqual(["1", "2", "3", "1", "2", "2", "3"]);
    expect(wire.read()).toEqual(["1 #0", "2 #1", "3 #2"]);
    expect(fates).toEqual(["1 confirmed", "2 confirmed", "3 confirmed"]);
  });

  test("the same object twice in a batch - is two messages, also when repeated", async () => {
    const wire = new Batches();
    wire.after = () => {
      throw away();
    };
    wire.answer = (_, attempt) => {
      if (attempt === 4) throw away();
    };
    const { put, clock, outlet } = await subject(wire, { opens: false });
    const twice = event(1);
    void put(twice, twice);
    await outlet.open();
    await clock.advance(1_000);
    expect(wire.read()).toEqual(["1 #0", "1 #1"]);
  });

  test("back-off - doubles from attempt to attempt and begins again after one that came through", async () => {
    const wire = new Wire();
    const at: number[] = [];
    const { put, clock } = await subject(wire);
    const first = clock.now();
    wire.answer = () => {
      throw away();
    };
    wire.onOpen = (times) => {
      at.push(clock.now() - first);
      if (times < 5) throw away();
      wire.answer = () => undefined;
    };
    void put(event(1));
    await clock.advance(1_000);
    // Half of 100, 200, 400, 800 ms, as the random numbers are 0.
    expect(at).toEqual([50, 150, 350, 750]);
    expect(wire.read()).toEqual(["1 #0"]);
  });

  test("a close that hangs - does not keep the publisher from being opened again", async () => {
    const wire = new Wire();
    wire.answer = (_, attempt) => {
      if (attempt === 1) throw away();
    };
    wire.onClose = () => new Promise(() => undefined);
    const { put, clock, fates } = await subject(wire);
    void put(event(1));
    await clock.advance(5_050);
    expect(fates).toEqual(["1 confirmed"]);
  });

  test("an open that cannot come true any more - breaks the outlet, and everything is given back", async () => {
    const wire = new Wire();
    wire.answer = () => {
      throw away();
    };
    wire.onOpen = (times) => {
      if (times > 1) throw new Error("no such topic");
    };
    const { put, clock, fates, broken, outlet } = await subject(wire);
    void put(event(1), event(2));
    await clock.advance(100);
    expect(broken).toEqual([expect.objectContaining({ message: "no such topic" })]);
    void put(event(3));
    expect(fates).toEqual(["2 stopped: stopped", "1 stopped: stopped", "3 stopped: stopped"]);
    expect(outlet.empty).toBe(true);
  });

  test("a first open that is refused - is the error of open", async () => {
    const wire = new Wire();
    wire.onOpen = () => {
      throw new Error("address in use");
    };
    await expect(subject(wire)).rejects.toThrow("address in use");
    expect(wire.life).toEqual(["open", "close"]);
  });
});

describe("outlet: refusal", () => {
  test("poison in a batch - only that message is refused; the others keep their numbers", async () => {
    const wire = new Batches();
    const attempts: number[] = [];
    wire.after = (batch) => {
      if (batch.includes("2")) throw new Error("too large");
    };
    wire.answer = (which) => {
      if (which === "2") throw new Error("too large");
    };
    const { put, clock, outlet, fates } = await subject(wire, {
      opens: false,
      refused: (_outgoing, _error, attempt) => {
        attempts.push(attempt);
        return false;
      },
    });
    void put(event(1), event(2), event(3));
    await outlet.open();
    await clock.settle();
    expect(fates).toEqual(["1 confirmed", "2 failed: refused: too large", "3 confirmed"]);
    // The batch's refusal is held against nobody.
    expect(attempts).toEqual([1]);
    expect(wire.read()).toEqual(["1 #0", "3 #2 skipped 1"]);
    expect(wire.life).toEqual(["open"]);
  });

  test("a refusal that is to be tried again - is, with the same bytes, and counted", async () => {
    const wire = new Wire();
    const attempts: number[] = [];
    wire.answer = (_, attempt) => {
      if (attempt < 3) throw new Error("not now");
    };
    const { put, clock, fates } = await subject(wire, {
      refused: (_outgoing, _error, attempt) => {
        attempts.push(attempt);
        return true;
      },
    });
    void put(event(1));
    await clock.settle();
    expect([attempts, fates]).toEqual([[1, 2], ["1 confirmed"]]);
    expect(new Set(wire.attempts.map(({ bytes }) => bytes)).size).toBe(1);
  });

  test("a connection that breaks between - is not held against the message", async () => {
    const wire = new Wire();
    const attempts: number[] = [];
    wire.answer = (_, attempt) => {
      if (attempt === 1) throw new Error("not now");
      if (attempt === 2) throw away();
      if (attempt === 3) throw new Error("not now");
    };
    const { put, clock } = await subject(wire, {
      refused: (_outgoing, _error, attempt) => {
        attempts.push(attempt);
        return true;
      },
    });
    void put(event(1));
    await clock.advance(1_000);
    expect(attempts).toEqual([1, 2]);
    expect(wire.read()).toEqual(["1 #0"]);
  });
});

describe("outlet: bounds", () => {
  /** Confirms nothing before the test says so. */
  function stuck(): { readonly wire: Wire; readonly gate: Later } {
    const wire = new Wire();
    const gate = later();
    wire.answer = () => gate.promise;
    return { wire, gate };
  }

  test("block - who puts waits for room, and nothing is lost", async () => {
    const { wire, gate } = stuck();
    const { put, clock, outlet } = await subject(wire, { maxMessages: 2 });
    const waits = put(event(1), event(2), event(3), event(4));
    let through = 0;
    for (const wait of waits) void wait.then(() => (through += 1));
    await clock.settle();
    expect([through, outlet.queued, outlet.empty]).toEqual([3, 2, false]);
    gate.resolve();
    await Promise.all(waits);
    await outlet.drained();
    expect(wire.read()).toEqual(["1 #0", "2 #1", "3 #2", "4 #3"]);
  });

  test("drop-oldest - what falls out keeps its number, and the next message says so", async () => {
    const { wire, gate } = stuck();
    const { put, clock, fates } = await subject(wire, { overflow: "drop-oldest", maxMessages: 2 });
    void put(start, event(1), event(2), event(3), event(4));
    gate.resolve();
    await clock.settle();
    void put(stop);
    await clock.settle();
    expect(wire.read()).toEqual(["start #0", "3 #2 skipped 2", "4 #3", "stop #1"]);
    expect(wire.sent()).toEqual([{ topic: "", events: 2, skipped: 2 }]);
    expect(fates.slice(0, 2)).toEqual(["1 dropped: queue-full-oldest", "2 dropped: queue-full-oldest"]);
  });

  test("drop-newest - the message behind what was left out says so", async () => {
    const { wire, gate } = stuck();
    const { put, clock } = await subject(wire, { overflow: "drop-newest", maxMessages: 1 });
    void put(start, event(1), event(2), event(3));
    gate.resolve();
    await clock.settle();
    void put(event(4));
    await clock.settle();
    // The numbers of 2 and 3 were taken before 1 left; nothing is lost, whoever counts.
    const skipped = wire.read().flatMap((one) => /skipped (\d)/.exec(one)?.[1] ?? []);
    expect(skipped.reduce((sum, count) => sum + Number(count), 0)).toBe(2);
    expect(wire.read().map((one) => one.split(" ")[0])).toEqual(["start", "1", "4"]);
  });

  test("best effort - delays nobody and says in the account what it left out", async () => {
    const { wire } = stuck();
    const { put, fates, tally } = await subject(wire, { required: false, overflow: "drop-oldest", maxMessages: 1 });
    await Promise.all(put(event(1), event(2), event(3), event(4)));
    expect(fates).toEqual([]);
    expect(tally.counts().reasons).toEqual({ "Wire: queue-full-oldest": 2 });
  });

  test("best effort - while it is away nobody waits for it", async () => {
    const wire = new Wire();
    wire.onOpen = () => new Promise(() => undefined);
    const { put, outlet } = await subject(wire, { required: false, overflow: "latest", opens: false });
    void outlet.open();
    await Promise.all(put(event(1), event(2)));
    expect(outlet.empty).toBe(true);
    await outlet.drained();
  });

  test("best effort - what waits does not pin the buffer that it came in", async () => {
    const { wire } = stuck();
    let kept: AnyMessage | undefined;
    const { put, clock, work } = await subject(wire, { required: false, overflow: "drop-oldest" });
    const publish = wire.publish.bind(wire);
    wire.publish = (message) => {
      kept = message;
      return publish(message);
    };
    wire.answer = (which) => (which === "2" ? undefined : Promise.resolve());
    const payload = new Uint8Array(new ArrayBuffer(65_536), 0, 10);
    void put(event(1), new Event({ n: 2 }, payload, { run: "r" }));
    await clock.settle();
    expect(kept?.type === "event" && (kept.payload as Uint8Array).buffer.byteLength).toBeLessThan(100);
    work.abort();
  });
});

describe("outlet: order and end", () => {
  test("before it is open - messages wait, and leave in order", async () => {
    const wire = new Wire();
    const { put, outlet, clock } = await subject(wire, { opens: false });
    void put(event(1), event(2));
    expect(wire.attempts).toEqual([]);
    await outlet.open();
    void put(event(3));
    await clock.settle();
    expect(wire.read()).toEqual(["1 #0", "2 #1", "3 #2"]);
  });

  test("a later message - does not pass one that is under way", async () => {
    const wire = new Wire();
    const gates = new Map([1, 2].map((n) => [String(n), later()]));
    wire.answer = (which) => gates.get(which)?.promise;
    const { put, clock, fates } = await subject(wire);
    void put(event(1), event(2), event(3));
    gates.get("2")?.resolve();
    await clock.settle();
    expect([wire.attempts.length, fates]).toEqual([1, []]);
    gates.get("1")?.resolve();
    await clock.settle();
    expect(fates).toEqual(["1 confirmed", "2 confirmed", "3 confirmed"]);
  });

  test("nobody waits any more - what is queued and under way is given back, and counts once", async () => {
    const wire = new Wire();
    const gate = later();
    wire.answer = () => gate.promise;
    const { put, clock, work, fates, tally, outlet } = await subject(wire);
    void put(event(1), event(2));
    work.abort();
    expect(fates.toSorted()).toEqual(["1 stopped: stopped", "2 stopped: stopped"]);
    gate.resolve();
    await clock.settle();
    expect(fates).toHaveLength(2);
    expect(tally.published).toBe(0);
    await outlet.drained();
    await outlet.close();
    expect(wire.life).toEqual(["open", "close"]);
  });

  test("close - comes once, and not for what is not open", async () => {
    const wire = new Wire();
    const { outlet } = await subject(wire);
    await outlet.close();
    await outlet.close();
    expect(wire.life).toEqual(["open", "close"]);
    const unopened = new Wire();
    await (await subject(unopened, { opens: false })).outlet.close();
    expect(unopened.life).toEqual([]);
  });

  test("closed while it opens - is closed when it has opened", async () => {
    const wire = new Wire();
    const gate = later();
    wire.onOpen = () => gate.promise;
    const { outlet } = await subject(wire, { opens: false });
    const opening = outlet.open();
    await outlet.close();
    gate.resolve();
    await opening;
    expect(wire.life).toEqual(["open", "close"]);
  });

  test("the account on a Stop - is put on once, at the moment it leaves", async () => {
    const wire = new Wire();
    wire.answer = (_, attempt) => {
      if (attempt === 1) throw away();
    };
    const { outlet, clock } = await subject(wire);
    let sealed = 0;
    const seal = (message: AnyMessage): AnyMessage => {
      sealed += 1;
      return message;
    };
    void outlet.put(new Outgoing(stop, run, 0, undefined, undefined, true, seal));
    await clock.advance(1_000);
    expect([wire.attempts.length, sealed]).toEqual([2, 1]);
  });
});
