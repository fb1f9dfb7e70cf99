import { describe, expect, test, vi } from "vitest";
import { TimedOutError } from "../../src/errors.ts";
import { Event } from "../../src/message/event.ts";
import type { Message } from "../../src/message/message.ts";
import type { Context, FlushReason, Result } from "../../src/operator/context.ts";
import type { Process } from "../../src/operator/function-operator.ts";
import { Operator } from "../../src/operator/operator.ts";
import { event, events, free, handDriven, type Later, later, name, start, stop } from "../block/hand-driven.ts";

/** Works on each message until the test says that it is done. */
class Slow {
  readonly begun: string[] = [];
  readonly #calls = new Map<string, Later<Message | undefined>>();

  readonly process: Process = (message) => {
    const call = later<Message | undefined>();
    this.begun.push(name(message));
    this.#calls.set(name(message), call);
    return call.promise.then((result) => result ?? message);
  };

  done(...names: readonly string[]): void {
    for (const one of names) this.#calls.get(one)?.resolve(undefined);
  }
}

describe("process loop: order", () => {
  test("one at a time - the next call begins when the one before is over", async () => {
    const slow = new Slow();
    const { put, clock } = await handDriven({ operator: slow.process });
    await put(free(1), free(2));
    expect(slow.begun).toEqual(["1"]);
    slow.done("1");
    await clock.settle();
    expect(slow.begun).toEqual(["1", "2"]);
  });

  test("concurrency - so many run at once, and leave in the order of what came in", async () => {
    const slow = new Slow();
    const { put, clock, publisher, listener } = await handDriven({ operator: slow.process, concurrency: 3 });
    await put(free(1), free(2), free(3), free(4));
    expect(slow.begun).toEqual(["1", "2", "3"]);
    slow.done("3", "2");
    await clock.settle();
    expect([publisher.seen, listener.settled]).toEqual([[], []]);
    slow.done("1");
    await clock.settle();
    expect(publisher.seen).toEqual(["1", "2", "3"]);
    expect(slow.begun.at(-1)).toBe("4");
  });

  test("unordered - results leave as they are done", async () => {
    const slow = new Slow();
    const { put, clock, publisher } = await handDriven({ operator: slow.process, concurrency: 3, unordered: true });
    await put(free(1), free(2), free(3));
    for (const one of ["3", "1", "2"]) {
      slow.done(one);
      await clock.settle();
    }
    expect(publisher.seen).toEqual(["3", "1", "2"]);
  });

  test("a quick call beside a slow one - waits for its turn to leave", async () => {
    const slow = new Slow();
    const operator: Process = (message) => (name(message) === "1" ? slow.process(message, {} as Context) : message);
    const { put, clock, publisher } = await handDriven({ operator, concurrency: 4 });
    await put(free(1), free(2), free(3));
    expect(publisher.seen).toEqual([]);
    slow.done("1");
    await clock.settle();
    expect(publisher.seen).toEqual(["1", "2", "3"]);
  });
});

describe("process loop: barriers", () => {
  for (const unordered of [false, true]) {
    test(`a run with concurrency 4${unordered ? ", unordered" : ""} - nothing passes its Start, and its Stop passes nothing`, async () => {
      const slow = new Slow();
      const { put, clock, publisher } = await handDriven({ operator: slow.process, concurrency: 4, unordered });
      await put(start(), event(1), event(2), stop());
      expect(slow.begun).toEqual(["start r"]);
      slow.done("start r");
      await clock.settle();
      expect(slow.begun.slice(1)).toEqual(["r 1", "r 2"]);
      slow.done("r 2");
      await clock.settle();
      expect(slow.begun).toHaveLength(3);
      slow.done("r 1");
      await clock.settle();
      expect(slow.begun.at(-1)).toBe("stop r");
      slow.done("stop r");
      await clock.settle();
      expect(publisher.seen.toSorted()).toEqual(["r 1", "r 2", "start r", "stop r"]);
      expect([publisher.seen[0], publisher.seen[3]]).toEqual(["start r", "stop r"]);
    });
  }

  test("two runs - the Start of one does not wait for the events of the other", async () => {
    const slow = new Slow();
    const { put, clock } = await handDriven({ operator: slow.process, concurrency: 4 });
    await put(start("a"));
    slow.done("start a");
    await clock.settle();
    await put(event(1, "a"), start("b"));
    expect(slow.begun.slice(1)).toEqual(["a 1", "start b"]);
  });

  test("the same run id again - its Start waits for the Stop before it", async () => {
    const slow = new Slow();
    const { put, clock } = await handDriven({ operator: slow.process, concurrency: 4 });
    await put(start());
    slow.done("start r");
    await clock.settle();
    await put(stop(), start());
    expect(slow.begun).toEqual(["start r", "stop r"]);
    slow.done("stop r");
    await clock.settle();
    expect(slow.begun).toEqual(["start r", "stop r", "start r"]);
  });

  test("confirmations and what is held - are not waited for", async () => {
    const operator: Process = (message, context) => (message.type === "event" ? context.hold() : message);
    const { put, publisher, listener } = await handDriven({ operator });
    const confirmed = later();
    publisher.before = () => confirmed.promise;
    await put(start(), event(1), stop());
    confirmed.resolve();
    await vi.waitUntil(() => listener.settled.length === 2);
    expect(publisher.seen).toEqual(["start r", "stop r"]);
    expect(listener.settled).toEqual(["ack start r", "ack stop r"]);
  });
});

describe("process loop: results", () => {
  test("async iterable - its message is finished when all that came of it is out", async () => {
    const gate = later();
    const operator: Process = async function* (message) {
      yield message;
      await gate.promise;
      yield new Event({ n: "last" }, new Uint8Array(1));
    };
    const { put, clock, listener, publisher } = await handDriven({ operator });
    await put(free(1));
    expect(listener.settled).toEqual([]);
    gate.resolve();
    await clock.settle();
    expect([publisher.seen, listener.settled]).toEqual([["1", "last"], ["ack 1"]]);
  });

  test("something that is only like a promise - is waited for, and its error counts", async () => {
    const operator: Process = (message) =>
      ({
        // biome-ignore lint/suspicious/noThenProperty: this is what is tested
        then(keep: (result: unknown) => void, fail: (error: unknown) => void): void {
          if (message.type === "event" && message.metadata["n"] === 2) fail(new Error("two"));
          else keep(message);
        },
      }) as unknown as Promise<Message>;
    const { put, publisher, listener, end } = await handDriven({ operator });
    await put(free(1), free(2));
    expect(String(await end())).toContain("two");
    expect([publisher.seen, listener.settled]).toEqual([["1"], ["ack 1", "nack 2 failed"]]);
  });

  for (const [kind, operator] of Object.entries<Process>({
    "an async iterable": async function* (message) {
      yield message;
      throw new Error("halfway");
    },
    "a generator": function* (message) {
      yield message;
      throw new Error("halfway");
    },
  })) {
    test(`${kind} that throws halfway - gives out nothing of what it made`, async () => {
      const { put, publisher, listener, end } = await handDriven({ operator });
      await put(free(1));
      expect(String(await end())).toContain("halfway");
      expect([publisher.seen, listener.settled]).toEqual([[], ["nack 1 failed"]]);
    });
  }

  const wrong: Readonly<Record<string, readonly [result: unknown, got: string]>> = {
    "a number": [7, "7"],
    "a text": ["done", "done"],
    "a boolean": [false, "false"],
    "a function": [() => undefined, "() => undefined"],
    "a plain object": [{ type: "event" }, "Object"],
    "an object without a class": [Object.create(null), "object"],
    "a list of something else": [[new Event({}, new Uint8Array(1)), 7], "7"],
    "a list with a hole": [[undefined], "undefined"],
    "a list with null": [[null], "null"],
    bytes: [new Uint8Array([1]), "1"],
    "a promise of something else": [Promise.resolve(new Date(0)), "Date"],
    "an async iterable of something else": [
      (async function* () {
        yield null;
      })(),
      "null",
    ],
  };
  for (const [kind, [result, got]] of Object.entries(wrong)) {
    test(`wrong: ${kind} - is refused, and the error says what came`, async () => {
      const { put, listener, end } = await handDriven({ operator: () => result as Result<Message> });
      await put(free(1));
      const error = (await end()) as Error;
      expect(error).toMatchObject({ code: "PROCESS" });
      expect(error.message).toContain("expected a Start, Event or Stop, several of them, or nothing as the result");
      expect(error.message).toMatch(new RegExp(`got ${got.replace(/[()]/g, "\\$&")}$`));
      expect(listener.settled).toEqual(["nack 1 failed"]);
    });
  }
});

describe("process loop: retries and time-outs", () => {
  // biome-ignore lint/suspicious/noThenProperty: the name of the option
  const retries = (times: number) => ({ onError: { retries: times, then: "skip" } }) as const;

  test("retries - wait 100 ms, doubled each time up to 5 s, on the clock of the block", async () => {
    const at: number[] = [];
    const clockOf = { now: () => 0 };
    const operator: Process = () => {
      at.push(clockOf.now());
      throw new Error("not yet");
    };
    const { put, clock, listener } = await handDriven({ operator, ...retries(8) });
    clockOf.now = () => clock.now();
    await put(free(1));
    await clock.advance(60_000);
    expect(at.map((ms, index) => ms - (at[index - 1] ?? ms))).toEqual([
      0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000,
    ]);
    expect(listener.settled).toEqual(["ack 1"]);
  });

  test("retries - later messages wait behind", async () => {
    const operator: Process = (message, { attempt }) => {
      if (name(message) === "1" && attempt < 3) throw new Error("not yet");
      return message;
    };
    const { put, clock, publisher } = await handDriven({ operator, ...retries(2) });
    await put(free(1), free(2));
    await clock.advance(299);
    expect(publisher.seen).toEqual([]);
    await clock.advance(1);
    expect(publisher.seen).toEqual(["1", "2"]);
  });

  test("an attempt that fails - changes nothing: what it held is not held, what it released is", async () => {
    const operator: Process = (message, context) => {
      if (name(message) === "r 1") {
        context.hold();
        if (context.attempt === 1) throw new Error("after hold");
        return undefined;
      }
      if (name(message) !== "r 2") return message;
      context.release();
      if (context.attempt === 1) throw new Error("after release");
      return message;
    };
    const { put, clock, listener, block } = await handDriven({ operator, ...retries(1) });
    await put(start(), event(1), event(2));
    expect(block.load.held).toBe(0);
    await clock.advance(100);
    expect(block.load.held).toBe(1);
    expect(listener.settled).toEqual(["ack start r"]);
    await clock.advance(100);
    expect(listener.settled.slice(1).toSorted()).toEqual(["ack r 1", "ack r 2"]);
    expect(block.load.held).toBe(0);
  });

  test("a Start that is tried again - begins with new state", async () => {
    class Counting extends Operator {
      readonly states: number[] = [];
      readonly runs = this.perRun(() => ({ calls: 0 }));
      override process(message: Message, { attempt }: Context): Message {
        const state = this.runs.of(message);
        state.calls += 1;
        this.states.push(state.calls);
        if (attempt < 3) throw new Error("not yet");
        return message;
      }
    }
    const operator = new Counting();
    const { put, clock } = await handDriven({ operator, ...retries(2) });
    await put(start());
    await clock.advance(300);
    expect(operator.states).toEqual([1, 1, 1]);
    await put(event(1));
    await clock.advance(300);
    expect(operator.states.slice(3)).toEqual([2, 3, 4]);
  });

  test("time-out - aborts the signal of this call alone, with the reason, and what comes later is ignored", async () => {
    const signals = new Map<string, AbortSignal>();
    const slow = new Slow();
    const operator: Process = (message, context) => {
      signals.set(name(message), context.signal);
      return slow.process(message, context);
    };
    const hand = await handDriven({ operator, concurrency: 2, processTimeoutMs: 500, onError: "skip" });
    const { put, clock, publisher, listener, block } = hand;
    await put(free(1));
    await clock.advance(300);
    await put(free(2));
    await clock.advance(200);
    expect(signals.get("1")?.reason).toBeInstanceOf(TimedOutError);
    expect(String(signals.get("1")?.reason)).toContain("FunctionOperator.process: not finished after 500 ms; raise");
    expect(signals.get("2")?.aborted).toBe(false);
    slow.done("1", "2");
    await clock.settle();
    expect([publisher.seen, listener.settled]).toEqual([["2"], ["ack 1", "ack 2"]]);
    expect(block.account).toMatchObject({ finished: 1, failed: 1 });
    expect(clock.timers).toBe(0);
  });

  test("time-out - a call that never returns does not keep the block from draining", async () => {
    const operator: Process = () => new Promise(() => undefined);
    const { put, end, block } = await handDriven({ operator, processTimeoutMs: 500, onError: "skip" });
    await put(free(1));
    expect(await end()).toBeUndefined();
    expect(block.account).toMatchObject({ received: 1, failed: 1, left: 0 });
  });

  test("signal - without a time-out it aborts when nobody waits any more", async () => {
    let signal: AbortSignal | undefined;
    const operator: Process = (_message, context) => {
      signal = context.signal;
      return new Promise(() => undefined);
    };
    const { put, clock, block, listener } = await handDriven({ operator });
    await put(free(1));
    const stopped = block.stop({ deadlineMs: 700 });
    await clock.advance(699);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(signal?.aborted).toBe(true);
    await clock.runUntil(stopped);
    expect(listener.settled).toEqual(["nack 1 stopped"]);
    expect(block.account).toMatchObject({ received: 1, left: 1 });
  });
});

/** Holds events; says why it was flushed, and releases there unless it is told not to. */
class Holding extends Operator {
  readonly flushes: string[] = [];
  releases = true;
  readonly #waitMs: number;
  readonly #bytes: number;

  constructor(waitMs = Number.POSITIVE_INFINITY, bytes = 1) {
    super();
    this.#waitMs = waitMs;
    this.#bytes = bytes;
  }

  override process(message: Message, context: Context): Result<Message> {
    if (message.type !== "event") return message;
    context.hold();
    if (Number.isFinite(this.#waitMs)) context.flushIn(this.#waitMs);
    return undefined;
  }

  override flush(reason: FlushReason, context: Context): Result<Message> {
    this.flushes.push(reason);
    if (!this.releases) return undefined;
    context.release();
    return new Event({ n: reason }, new Uint8Array(this.#bytes));
  }
}

describe("process loop: flush", () => {
  test("timer - comes once, when the first one who asked wanted it, and again when asked again", async () => {
    const operator = new Holding(50);
    const { put, clock, listener } = await handDriven({ operator });
    await put(free(1));
    await clock.advance(30);
    await put(free(2));
    await clock.advance(19);
    expect(operator.flushes).toEqual([]);
    await clock.advance(1);
    expect(operator.flushes).toEqual(["timer"]);
    expect(listener.settled).toEqual(["ack 1", "ack 2"]);
    await clock.advance(500);
    expect(operator.flushes).toEqual(["timer"]);
    await put(free(3));
    await clock.advance(50);
    expect(operator.flushes).toEqual(["timer", "timer"]);
  });

  test("pressure - comes once when what is held fills the queue, and lets those in who wait", async () => {
    const operator = new Holding();
    const { put, listener, publisher } = await handDriven({ operator, maxMessages: 3 });
    await put(...[1, 2, 3, 4, 5].map(free));
    expect(operator.flushes).toEqual(["pressure"]);
    expect(publisher.seen).toEqual(["pressure"]);
    expect(listener.settled).toEqual(["ack 1", "ack 2", "ack 3"]);
  });

  test("pressure - without a release fails the block, with the figures; what is held is given back", async () => {
    const operator = new Holding();
    operator.releases = false;
    const { put, end, listener } = await handDriven({ operator, maxMessages: 2 });
    await put(free(1), free(2), free(3));
    const error = await end();
    expect(error).toMatchObject({ code: "HELD_TOO_MUCH" });
    expect(String(error)).toMatch(/holds 2 messages \(\d+ bytes\)/);
    expect(operator.flushes).toEqual(["pressure"]);
    expect(listener.settled.toSorted()).toEqual(["nack 1 stopped", "nack 2 stopped", "nack 3 stopped"]);
  });

  test("drain - comes once, however many runs are open", async () => {
    const operator = new Holding();
    const { put, end, publisher } = await handDriven({ operator });
    await put(start("a"), start("b"), event(1, "a"), event(2, "b"));
    expect(await end()).toBeUndefined();
    expect(operator.flushes).toEqual(["drain"]);
    expect(publisher.seen).toEqual(["start a", "start b", "b drain", "stop a abandoned", "stop b abandoned"]);
  });

  test("drain - comes also where no run is open", async () => {
    const operator = new Holding();
    const { put, end, listener } = await handDriven({ operator });
    await put(free(1));
    expect(await end()).toBeUndefined();
    expect([operator.flushes, listener.settled]).toEqual([["drain"], ["ack 1"]]);
  });

  test("drain - what it does not release is given back", async () => {
    const operator = new Holding();
    operator.releases = false;
    const { put, end, listener, block } = await handDriven({ operator });
    await put(free(1));
    expect(await end()).toBeUndefined();
    expect(listener.settled).toEqual(["nack 1 stopped"]);
    expect(block.account).toMatchObject({ received: 1, finished: 0, left: 1 });
  });

  test("a flush that takes its time - nothing is processed meanwhile", async () => {
    const gate = later();
    class Gated extends Holding {
      override async flush(reason: FlushReason, context: Context): Promise<Message> {
        await gate.promise;
        return super.flush(reason, context) as Message;
      }
    }
    const { put, clock, publisher, block } = await handDriven({ operator: new Gated(50) });
    await put(free(1));
    await clock.advance(50);
    await put(start());
    expect(block.load.queued).toBe(1);
    gate.resolve();
    await clock.settle();
    expect(publisher.seen).toEqual(["timer", "start r"]);
  });

  for (const [kind, flush] of Object.entries({
    throws: () => {
      throw new Error("no flush");
    },
    rejects: () => Promise.reject(new Error("no flush")),
  })) {
    test(`a flush that ${kind} - fails the block, and what it released is given back`, async () => {
      class Failing extends Holding {
        override flush(_reason: FlushReason, context: Context): Result<Message> {
          context.release();
          return flush();
        }
      }
      const { put, end, clock, listener } = await handDriven({ operator: new Failing(50) });
      await put(free(1));
      await clock.advance(50);
      expect(String(await end())).toContain("no flush");
      expect(listener.settled).toEqual(["nack 1 stopped"]);
    });
  }
});

describe("process loop: turns and back-pressure", () => {
  test("time budget - timers and sockets have their turn while much is queued", async () => {
    let ms = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (ms += 3));
    const turns: number[] = [];
    let done = 0;
    const operator: Process = () => {
      if (done === 0) setImmediate(() => turns.push(done));
      done += 1;
    };
    const { put } = await handDriven({ operator });
    await put(...events(100).map(({ metadata }) => free(metadata["n"] as number)));
    expect(done).toBe(100);
    expect(turns[0]).toBeGreaterThan(0);
    expect(turns[0]).toBeLessThan(50);
  });

  test("a call that computes for seconds - is reported once, with the operator's name and what helps", async () => {
    let ms = 0;
    vi.spyOn(performance, "now").mockImplementation(() => ms);
    class Heavy extends Operator {
      override process(): undefined {
        ms += 2_500;
      }
    }
    const { put, warnings } = await handDriven({ operator: new Heavy() });
    await put(free(1), free(2), free(3));
    expect(warnings).toEqual([expect.stringMatching(/^Heavy: process computed for 2500 ms .*parallel\(\)/)]);
  });

  test("a full outlet - nothing more is processed until there is room", async () => {
    const begun: string[] = [];
    const operator: Process = (message) => {
      begun.push(name(message));
      return message;
    };
    const confirmed = later();
    const { put, clock, publisher, block } = await handDriven({ operator });
    publisher.before = () => confirmed.promise;
    await put(...Array.from({ length: 1_200 }, (_, n) => free(n)));
    // One is under way, a thousand wait, and one waits to wait.
    expect(begun).toHaveLength(1_002);
    expect(block.load).toMatchObject({ outgoing: 1_000, queued: 198 });
    confirmed.resolve();
    await clock.settle();
    expect(begun).toHaveLength(1_200);
    expect(publisher.seen).toHaveLength(1_200);
  });
});
