import { describe, expect, test } from "vitest";
import type { BlockOptions } from "../../src/block/options.ts";
import type { Message } from "../../src/message/message.ts";
import type { Context, Result } from "../../src/operator/context.ts";
import { Operator } from "../../src/operator/operator.ts";
import { Publisher } from "../../src/publisher/publisher.ts";
import { event, free, HandListener, HandPublisher, handDriven, later, start, stop } from "./hand-driven.ts";

class Passing extends Operator {
  override process(message: Message, _context: Context): Result<Message> {
    return message;
  }
}

async function changing(options: Partial<BlockOptions> = {}, operator: Operator = new Passing()) {
  return { operator, ...(await handDriven({ ...options, operator })) };
}

describe("changes: listeners", () => {
  test("added - works beside the others, and the block ends when all have ended", async () => {
    const { operator, put, listener, clock, publisher, block } = await changing();
    const second = new HandListener();
    await operator.addListener(second);
    void second.put(start("b"));
    await put(start("a"));
    expect(publisher.seen.toSorted()).toEqual(["start a", "start b"]);
    listener.end();
    await clock.advance(60_000);
    expect(block.account.runs.map(({ run, ended }) => [run, ended]).toSorted()).toEqual([
      ["a", "abandoned"],
      ["b", undefined],
    ]);
    second.end();
    await clock.runUntil(block.finished);
    expect(publisher.seen.slice(2).toSorted()).toEqual(["stop a abandoned", "stop b abandoned"]);
  });

  test("removed - its open runs are interrupted, the others' are not, and the block goes on", async () => {
    const { operator, put, publisher, clock, block, listener } = await changing();
    const second = new HandListener();
    await operator.addListener(second);
    void second.put(start("b"), event(1, "b"));
    await put(start("a"));
    const removed = operator.removeListener(second);
    await clock.runUntil(removed);
    expect(publisher.seen.slice(3)).toEqual(["stop b interrupted"]);
    expect(second.settled).toEqual(["ack start b", "ack b 1"]);
    await put(event(1, "a"));
    expect(publisher.seen.at(-1)).toBe("a 1");
    expect(block.account).toMatchObject({ received: 4, finished: 4 });
    listener.end();
    await clock.runUntil(block.finished);
  });

  test("removed - what it still sends is given back", async () => {
    const { operator, clock, listener } = await changing();
    await clock.runUntil(operator.removeListener(listener));
    await Promise.all(listener.put(free(1)));
    expect(listener.settled).toEqual(["nack 1 stopped"]);
  });

  test("the last one removed - the block waits for another", async () => {
    const { operator, clock, listener, block, publisher } = await changing();
    await clock.runUntil(operator.removeListener(listener));
    await clock.advance(60_000);
    const next = new HandListener();
    await operator.addListener(next);
    void next.put(free(1));
    await clock.settle();
    expect(publisher.seen).toEqual(["1"]);
    next.end();
    await clock.runUntil(block.finished);
  });

  test("one that is not in it - is removed without a word; one that is - is not added again", async () => {
    const { operator, listener } = await changing();
    await operator.removeListener(new HandListener());
    await expect(operator.addListener(listener)).rejects.toThrow("block hand: HandListener is already in it");
  });

  test("one that cannot keep the promise - is refused, and not started", async () => {
    const { operator } = await changing({ guarantee: "at-least-once" });
    const live = new HandListener("none");
    await expect(operator.addListener(live)).rejects.toMatchObject({ code: "PROMISE" });
    expect(live.attempts).toBe(0);
  });
});

describe("changes: publishers", () => {
  test("added - first gets the Starts of the open runs, resumed, then what comes", async () => {
    const { operator, put } = await changing();
    await put(start("a"), start("b"), event(1, "a"), stop("b"));
    const late = new HandPublisher();
    await operator.addPublisher(late);
    await put(event(2, "a"), stop("a"));
    expect(late.seen).toEqual(["start a resumed", "a 2", "stop a"]);
  });

  test("added - its Starts are in no count, and it is required like any other", async () => {
    const { operator, put, block, listener } = await changing();
    await put(start("a"));
    const late = new HandPublisher();
    const gate = later();
    await operator.addPublisher(late);
    late.before = () => gate.promise;
    await put(event(1, "a"));
    expect(listener.settled).toEqual(["ack start a"]);
    gate.resolve();
    await put(stop("a"));
    expect(block.account).toMatchObject({ received: 3, finished: 3, published: 3 });
  });

  test("removed - still gets what was made before, and a Stop for each open run; then it is closed", async () => {
    const { operator, put, publisher, clock } = await changing();
    const gate = later();
    publisher.before = () => gate.promise;
    await put(start("a"), event(1, "a"));
    const removed = operator.removePublisher(publisher);
    await put(event(2, "a"));
    expect(publisher.life).toEqual(["publisher opens"]);
    gate.resolve();
    await clock.runUntil(removed);
    expect(publisher.seen).toEqual(["start a", "a 1", "stop a interrupted"]);
    expect(publisher.life).toEqual(["publisher opens", "publisher closes"]);
  });

  test("removed and added again - it is opened again", async () => {
    const { operator, put, publisher, clock } = await changing();
    await put(start("a"));
    await clock.runUntil(operator.removePublisher(publisher));
    await operator.addPublisher(publisher);
    await put(event(1, "a"));
    expect(publisher.seen).toEqual(["start a", "stop a interrupted", "start a resumed", "a 1"]);
    expect(publisher.life).toEqual(["publisher opens", "publisher closes", "publisher opens"]);
  });

  test("removed while stopping - stop waits for what it still has to send", async () => {
    const { operator, put, publisher, clock, block } = await changing();
    const gate = later();
    publisher.before = () => gate.promise;
    await put(start("a"));
    const removed = operator.removePublisher(publisher);
    const stopped = block.stop();
    await clock.settle();
    gate.resolve();
    await clock.runUntil(Promise.all([removed, stopped]));
    expect(publisher.seen).toEqual(["start a", "stop a interrupted"]);
    expect(publisher.life).toEqual(["publisher opens", "publisher closes"]);
  });

  test("one that is there already, or cannot keep the promise - is refused", async () => {
    class Unsure extends Publisher {
      override publish(): void {}
    }
    const { operator, publisher } = await changing({ guarantee: "at-least-once" });
    await expect(operator.addPublisher(publisher)).rejects.toThrow("HandPublisher is already in it");
    await expect(operator.addPublisher(new Unsure())).rejects.toThrow("Unsure does not confirm");
  });

  test("one that does not open - is an error of addPublisher, and the block goes on without it", async () => {
    const { operator, put, block, listener } = await changing();
    const bad = new HandPublisher();
    bad.open = () => {
      throw new Error("address in use");
    };
    await expect(operator.addPublisher(bad)).rejects.toThrow("address in use");
    await put(free(1));
    expect([listener.settled, block.account.finished]).toEqual([["ack 1"], 1]);
  });
});

describe("changes: outside of a running block", () => {
  test("in no block, or in one that has ended - is refused, and says so", async () => {
    await expect(async () => new Passing().addListener(new HandListener())).rejects.toThrow(
      "Passing.addListener: the operator is in no block; put it into one first",
    );
    const { operator, end } = await changing();
    await end();
    await expect(async () => operator.addPublisher(new HandPublisher())).rejects.toThrow("is in no block");
  });

  test("while it drains - is refused", async () => {
    const gate = later();
    class Slow extends Passing {
      override async process(message: Message): Promise<Message> {
        await gate.promise;
        return message;
      }
    }
    const { operator, put, block, clock } = await changing({}, new Slow());
    await put(free(1));
    const stopped = block.stop();
    await expect(operator.addListener(new HandListener())).rejects.toThrow(
      "block hand: addListener is for a block that runs; this one is draining",
    );
    gate.resolve();
    await clock.runUntil(stopped);
  });
});
