import { describe, expect, test } from "vitest";
import { Block } from "../../src/block/block.ts";
import type { BlockEvents } from "../../src/events.ts";
import type { Message } from "../../src/message/message.ts";
import { Operator } from "../../src/operator/operator.ts";
import { Publisher } from "../../src/publisher/publisher.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { event, free, HandListener, HandPublisher, handDriven, later, start } from "./hand-driven.ts";

/** Tells of its life. */
class Living extends Operator {
  readonly #life: string[];
  constructor(life: string[]) {
    super();
    this.#life = life;
  }
  override open(): void {
    this.#life.push("operator opens");
  }
  override process(message: Message): Message {
    return message;
  }
  override close(): void {
    this.#life.push("operator closes");
  }
}

describe("block: opening", () => {
  test("several publishers - are opened side by side, and the operator waits for all; closing is in reverse", async () => {
    const life: string[] = [];
    const gate = later();
    const [first, second] = [new HandPublisher("first", life), new HandPublisher("second", life)];
    first.open = () => {
      life.push("first opens");
      return gate.promise;
    };
    const clock = new VirtualClock();
    const listener = new HandListener();
    const block = new Block(
      { name: "b", listeners: [listener], operator: new Living(life), publishers: [first, second] },
      { clock },
    );
    const starting = block.start();
    await clock.settle();
    expect([life, listener.attempts]).toEqual([["first opens", "second opens"], 0]);
    gate.resolve();
    await starting;
    expect([life.at(-1), listener.attempts]).toEqual(["operator opens", 1]);
    await clock.runUntil(block.stop());
    expect(life.slice(3)).toEqual(["operator closes", "second closes", "first closes"]);
  });

  test("a best-effort publisher - is not waited for", async () => {
    class Away extends Publisher {
      override open(): Promise<void> {
        return new Promise(() => undefined);
      }
      override publish(): void {}
    }
    const { put, listener } = await handDriven({ publishers: [{ publisher: new Away(), required: false }] });
    await put(free(1));
    expect(listener.settled).toEqual(["ack 1"]);
  });

  test("a publisher that is refused - fails the start; what was opened is closed, and no listener is started", async () => {
    const life: string[] = [];
    const [good, bad] = [new HandPublisher("good", life), new HandPublisher("bad", life)];
    bad.open = () => {
      throw new Error("address in use");
    };
    const listener = new HandListener();
    const block = new Block({ name: "b", listeners: [listener], operator: new Living(life), publishers: [good, bad] });
    await expect(block.start()).rejects.toThrow("address in use");
    await expect(block.finished).rejects.toThrow("address in use");
    expect(life).toEqual(["good opens", "bad closes", "good closes"]);
    expect(listener.attempts).toBe(0);
  });

  test("an operator that does not open - fails the start, and the publishers are closed", async () => {
    const life: string[] = [];
    class Odd extends Living {
      override open(): void {
        throw new Error("no calibration");
      }
    }
    const block = new Block({
      name: "b",
      listeners: [new HandListener()],
      operator: new Odd(life),
      publishers: [new HandPublisher("publisher", life)],
    });
    await expect(block.start()).rejects.toThrow("no calibration");
    expect(life).toEqual(["publisher opens", "publisher closes"]);
  });

  test("a second start - is refused", async () => {
    const { block } = await handDriven();
    await expect(block.start()).rejects.toThrow("block hand: was started before; make a new one");
  });

  test("one operator in two blocks - is refused, and it can be used again when the first has ended", async () => {
    const operator = new Living([]);
    const { end } = await handDriven({ operator });
    await expect(handDriven({ operator })).rejects.toThrow("is already in another block");
    await end();
    await expect(handDriven({ operator })).resolves.toBeDefined();
  });
});

describe("block: stopping", () => {
  test("stop - twice at once gives one end and one account", async () => {
    const life: string[] = [];
    const { block, clock, put } = await handDriven({ publishers: [new HandPublisher("p", life)] });
    await put(start(), event(1));
    const both = Promise.all([block.stop(), block.stop()]);
    await clock.runUntil(both);
    const [one, other] = await both;
    expect(one).toEqual(other);
    expect(await block.stop()).toEqual(one);
    expect(life).toEqual(["p opens", "p closes"]);
  });

  test("stop - before start ends it, and it cannot be started any more", async () => {
    const life: string[] = [];
    const block = new Block({
      name: "b",
      listeners: [new HandListener()],
      publishers: [new HandPublisher("p", life)],
    });
    expect(await block.stop()).toMatchObject({ received: 0 });
    await expect(block.start()).rejects.toThrow("was started before");
    expect(life).toEqual([]);
  });

  test("stop - while a publisher is being opened ends the start without an error", async () => {
    const life: string[] = [];
    const publisher = new HandPublisher("p", life);
    publisher.open = () => new Promise(() => undefined);
    const clock = new VirtualClock();
    const listener = new HandListener();
    const block = new Block({ name: "b", listeners: [listener], publishers: [publisher] }, { clock });
    const starting = block.start();
    await clock.settle();
    await clock.runUntil(block.stop());
    await expect(starting).resolves.toBeUndefined();
    expect(listener.attempts).toBe(0);
    await expect(block.finished).resolves.toMatchObject({ received: 0 });
  });

  test("deadline - what is not finished by then is given back and named as left; a second stop may shorten it", async () => {
    const operator = (message: Message): Promise<Message> | Message =>
      message.type === "event" ? new Promise(() => undefined) : message;
    const { block, clock, put, listener } = await handDriven({ operator, drainMs: 60_000 });
    await put(start(), event(1), event(2));
    const stopped = block.stop();
    await clock.advance(30_000);
    expect(listener.settled).toEqual(["ack start r"]);
    void block.stop({ deadlineMs: 100 });
    await clock.advance(100);
    await clock.runUntil(stopped);
    expect(listener.settled.slice(1).toSorted()).toEqual(["nack r 1 stopped", "nack r 2 stopped"]);
    expect(await stopped).toMatchObject({ received: 3, finished: 1, left: 2 });
    await expect(block.finished).resolves.toMatchObject({ left: 2 });
  });

  test("deadline - a publisher that never confirms does not keep the block", async () => {
    const { block, clock, put, publisher, listener } = await handDriven();
    publisher.before = () => new Promise(() => undefined);
    await put(free(1), free(2));
    const stopped = block.stop({ deadlineMs: 200 });
    await clock.advance(200);
    await clock.runUntil(stopped);
    expect(listener.settled.toSorted()).toEqual(["nack 1 stopped", "nack 2 stopped"]);
    expect(publisher.life).toEqual(["publisher opens", "publisher closes"]);
  });

  test("abandon - works also when stopping has begun", async () => {
    const operator = (): Promise<Message> => new Promise(() => undefined);
    const { block, clock, put, listener } = await handDriven({ operator });
    await put(free(1));
    const draining = block.stop();
    await clock.advance(100);
    await clock.runUntil(block.stop({ abandon: true }));
    expect(await draining).toMatchObject({ left: 1 });
    expect(listener.settled).toEqual(["nack 1 stopped"]);
  });

  test("a close that fails or hangs - is a warning, and the others are closed", async () => {
    const life: string[] = [];
    const [first, second] = [new HandPublisher("first", life), new HandPublisher("second", life)];
    second.close = () => {
      throw new Error("still full");
    };
    const { end, warnings } = await handDriven({ publishers: [first, second] });
    expect(await end()).toBeUndefined();
    expect(life.at(-1)).toBe("first closes");
    expect(warnings).toEqual(["block hand: could not close everything:\n  HandPublisher: still full"]);
  });

  test("an acknowledgement that takes its time - is waited for before anything is closed", async () => {
    const acked = later();
    const life: string[] = [];
    const { listener, clock, block } = await handDriven({ publishers: [new HandPublisher("p", life)] });
    void listener.inlet.put(free(1), {
      ack: () => acked.promise.then(() => void life.push("acked")),
      nack: () => undefined,
    });
    const stopped = block.stop();
    await clock.settle();
    expect(life).toEqual(["p opens"]);
    acked.resolve();
    await clock.runUntil(stopped);
    expect(life).toEqual(["p opens", "acked", "p closes"]);
  });

  test("its states - are told in order", async () => {
    const states: string[] = [];
    const clock = new VirtualClock();
    const listener = new HandListener();
    const block = new Block({ name: "b", listeners: [listener] }, { clock });
    block.on("state", ({ part, state }: BlockEvents["state"]) => void states.push(`${part} ${state}`));
    await block.ready();
    listener.end();
    await clock.runUntil(block.finished);
    expect(states).toEqual([
      "block starting",
      "HandListener connecting",
      "HandListener ready",
      "HandListener ended",
      "block draining",
      "block ended",
    ]);
  });
});

describe("block: failing", () => {
  test("a failure - is the error of finished; stop gives the account and does not throw", async () => {
    const operator = (message: Message): Message => {
      if (message.type === "event") throw new Error("odd");
      return message;
    };
    const { put, clock, block, listener, publisher } = await handDriven({ operator });
    await put(start(), event(1), event(2));
    await clock.runUntil(block.finished.catch(() => undefined));
    await expect(block.finished).rejects.toThrow("hand: process failed: odd");
    expect(await block.stop()).toMatchObject({ received: 3, finished: 1, failed: 1, left: 1 });
    expect(listener.settled.toSorted()).toEqual(["ack start r", "nack r 1 failed", "nack r 2 stopped"]);
    // Who reads from us sees an end of what it saw begin.
    expect(publisher.seen[0]).toBe("start r");
    expect(publisher.life).toEqual(["publisher opens", "publisher closes"]);
  });

  test("a failure - lets out and settles what has left process", async () => {
    const operator = (message: Message): Message => {
      if (message.type === "event" && message.field("n") === 2) throw new Error("odd");
      return message;
    };
    const gate = later();
    const { put, clock, block, listener, publisher } = await handDriven({ operator });
    publisher.before = () => gate.promise;
    await put(free(1), free(2), free(3));
    gate.resolve();
    await clock.runUntil(block.finished.catch(() => undefined));
    expect(publisher.seen).toEqual(["1"]);
    expect(listener.settled.toSorted()).toEqual(["ack 1", "nack 2 failed", "nack 3 stopped"]);
  });

  test("two failures - the first counts", async () => {
    const { listener, clock, block, put } = await handDriven({
      operator: () => {
        throw new Error("first");
      },
    });
    await put(free(1));
    listener.break(new Error("second"));
    await clock.runUntil(block.finished.catch(() => undefined));
    await expect(block.finished).rejects.toThrow("first");
  });

  test("a listener that breaks for good - fails the block; one that can be tried again does not", async () => {
    const { listener, clock, block } = await handDriven();
    listener.break(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await clock.advance(100);
    expect(listener.attempts).toBe(2);
    listener.break(new Error("no such topic"));
    await clock.runUntil(block.finished.catch(() => undefined));
    await expect(block.finished).rejects.toThrow("no such topic");
  });
});
