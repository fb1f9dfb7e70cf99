import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConnectionError } from "../../src/errors.ts";
import type { Inlet } from "../../src/listener/listener.ts";
import { Event } from "../../src/message/event.ts";
import type { Message } from "../../src/message/message.ts";
import { compose } from "../../src/operator/compose.ts";
import type { Context, FlushReason } from "../../src/operator/context.ts";
import { Operator } from "../../src/operator/operator.ts";
import { event, free, HandListener, HandPublisher, handDriven, later, name, start, stop } from "./hand-driven.ts";

/** What the random histories, or the thoughts that went into them, brought to light. */
describe("a message that comes again over a new connection", () => {
  test("after its run's Stop - is not acked before what came of it the first time is confirmed", async () => {
    const hand = await handDriven();
    const away = later();
    hand.publisher.before = () => away.promise;
    await hand.put(start(), event(1), stop());
    hand.listener.break(new ConnectionError("gone"));
    await hand.clock.advance(1_000);
    await hand.put(event(1), stop());
    expect(hand.listener.settled).toEqual([]);
    away.resolve();
    await hand.clock.settle();
    expect(hand.listener.settled.filter((one) => one === "ack r 1")).toHaveLength(2);
    await hand.end();
    expect(hand.publisher.seen).toEqual(["start r", "r 1", "stop r"]);
  });
});

describe("abandon", () => {
  test("during the wait for the next try - gives the message back, instead of skipping it", async () => {
    const hand = await handDriven({
      operator: () => {
        throw new Error("no");
      },
      // biome-ignore lint/suspicious/noThenProperty: the name of the option
      onError: { retries: 3, then: "skip" },
    });
    await hand.put(free(1));
    await hand.block.stop({ abandon: true });
    expect(hand.listener.settled).toEqual(["nack 1 stopped"]);
    expect(hand.block.account).toMatchObject({ failed: 0, left: 1 });
  });

  test("one result left out, another not published - the message is given back", async () => {
    const publisher = new HandPublisher();
    publisher.before = () => new Promise(() => undefined);
    const hand = await handDriven({
      operator: (message: Message) => (message.type === "event" ? [event(1), event(2), event(3)] : message),
      publishers: [{ publisher, overflow: "drop-oldest", maxMessages: 1 }],
    });
    await hand.put(free(0));
    await hand.block.stop({ abandon: true });
    expect(hand.listener.settled).toEqual(["nack 0 stopped"]);
  });

  test("what a call released and has not answered - is given back", async () => {
    class Batch extends Operator {
      override process(message: Message, context: Context): Promise<undefined> | undefined {
        context.hold();
        if (name(message) !== "2") return undefined;
        context.release();
        return new Promise(() => undefined);
      }

      override flush(): undefined {}
    }
    const hand = await handDriven({ operator: new Batch() });
    await hand.put(free(1), free(2));
    await hand.block.stop({ abandon: true });
    expect(hand.listener.settled.sort()).toEqual(["nack 1 stopped", "nack 2 stopped"]);
    expect(hand.block.load).toMatchObject({ held: 0, bytes: 0 });
  });
});

describe("a call that is over", () => {
  test("its context - can hold nothing any more", async () => {
    let kept: Context | undefined;
    const hand = await handDriven({
      operator: (message: Message, context: Context) => {
        kept = context;
        return message;
      },
    });
    await hand.put(free(1));
    kept?.hold();
    expect(hand.block.load.held).toBe(0);
    await hand.end();
  });

  test("time-out - the signal that the operator took at first is the one that aborts", async () => {
    const aborted: boolean[] = [];
    const hand = await handDriven({
      operator: (_: Message, { signal }: Context) => {
        signal.addEventListener("abort", () => void aborted.push(true));
        return new Promise<undefined>(() => undefined);
      },
      processTimeoutMs: 100,
      onError: "skip",
    });
    await hand.put(free(1));
    await hand.clock.advance(100);
    expect(aborted).toEqual([true]);
    await hand.end();
  });
});

describe("recover run", () => {
  test("overlapping runs - the log is not committed between the Start and the Stop of one", async () => {
    const hand = await handDriven({ recover: "run" });
    await hand.put(start("a"), start("b"), stop("a"));
    expect(hand.listener.settled).toEqual([]);
    await hand.put(event(1, "b"), stop("b"));
    expect(hand.listener.settled.toSorted()).toEqual(
      ["start a", "start b", "stop a", "b 1", "stop b"].map((one) => `ack ${one}`).toSorted(),
    );
    expect(hand.listener.settled.at(-1)).toBe("ack start a");
    await hand.end();
  });

  test("composed operators - forget a run that is given back", async () => {
    const open: number[] = [];
    class States extends Operator {
      readonly #runs = this.perRun(() => 1);

      override process(message: Message): Message {
        return message;
      }

      override flush(_: FlushReason): undefined {
        open.push([...this.#runs.values()].length);
      }
    }
    class Asks extends Operator {
      override process(message: Message, context: Context): Message {
        if (message.run === undefined) context.flushIn(1);
        return message;
      }
    }
    const hand = await handDriven({ recover: "run", operator: compose(new Asks(), new States()) });
    await hand.put(start());
    hand.listener.break(new ConnectionError("gone"));
    await hand.clock.advance(1_000);
    await hand.put(free(1));
    await hand.clock.advance(1);
    expect(open).toEqual([0]);
    await hand.end();
  });
});

describe("parts of composed operators", () => {
  test("addListener - works as for the whole", async () => {
    class Adds extends Operator {
      override process(message: Message): Message {
        return message;
      }
    }
    const second = new Adds();
    const hand = await handDriven({ operator: compose(new Adds(), second) });
    const more = new HandListener();
    await second.addListener(more);
    for (const put of more.put(free(7))) await put;
    await hand.clock.settle();
    expect(hand.publisher.seen).toEqual(["7"]);
    more.end();
    await hand.end();
  });
});

describe("removeListener within process", () => {
  test("while another listener goes on - does not wait for the work that waits for it", async () => {
    const other = new HandListener();
    class Removes extends Operator {
      override async process(message: Message): Promise<Message> {
        if (name(message) === "1") await this.removeListener(other);
        return message;
      }
    }
    const hand = await handDriven({ operator: new Removes() });
    const added = new HandListener();
    await hand.put(free(0));
    await hand.put(free(1), free(2));
    expect(hand.publisher.seen).toEqual(["0", "1", "2"]);
    expect(added.attempts).toBe(0);
    await hand.end();
  });
});

describe("what comes of a flush", () => {
  test("a run that fell out of a full way out - is not torn by it", async () => {
    const publisher = new HandPublisher();
    const first = later();
    publisher.before = (message) => (name(message) === "0" ? first.promise : undefined);
    class Late extends Operator {
      override process(message: Message, context: Context): Message | undefined {
        if (message.type !== "event" || message.run === undefined) return message;
        context.flushIn(50);
        return undefined;
      }

      override flush(reason: FlushReason): Event | undefined {
        return reason === "timer" ? event(9, "r2") : undefined;
      }
    }
    const hand = await handDriven({
      operator: new Late(),
      publishers: [{ publisher, overflow: "drop-oldest", maxMessages: 1 }],
    });
    await hand.put(free(0), start("r2"), start("r3"), event(1, "r2"));
    first.resolve();
    await hand.clock.advance(50);
    await hand.put(stop("r2"), stop("r3"));
    await hand.end();
    expect(publisher.seen).toEqual(["0", "start r3", "stop r3"]);
  });
});

describe("dead letters", () => {
  test("a message without bytes that could be kept - fails the block and is given back", async () => {
    const path = await mkdtemp(join(tmpdir(), "arroyo-dead-"));
    try {
      const listener = new HandListener();
      const hand = await handDriven({
        listeners: [listener],
        operator: () => {
          throw new Error("no");
        },
        onError: "dead-letter",
        deadLetters: { path },
      });
      const odd = new Event({ n: 1, odd: () => 1 }, new Uint8Array(0));
      for (const put of listener.put(odd as unknown as Message)) put.catch(() => undefined);
      await hand.clock.runUntil(hand.block.finished.catch(() => undefined));
      await expect(hand.block.finished).rejects.toThrow("no bytes that could be kept");
      expect(listener.settled).toEqual(["nack 1 failed"]);
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  });
});

describe("a listener that puts from a forgotten callback", () => {
  test("after its source ended - gets everything back, and no run is opened", async () => {
    let inlet: Inlet | undefined;
    class Forgets extends HandListener {
      override async start(given: Inlet): Promise<void> {
        given.ready();
        inlet = given;
      }
    }
    const hand = await handDriven({ listeners: [new HandListener(), new Forgets()] });
    const settled: string[] = [];
    const settlement = { ack: () => void settled.push("ack"), nack: (why: string) => void settled.push(`nack ${why}`) };
    await inlet?.put(start(), settlement);
    await inlet?.put(event(1, "never"), settlement);
    expect(settled).toEqual(["nack stopped", "nack stopped"]);
    expect(hand.publisher.seen).toEqual([]);
    await hand.block.stop();
  });
});
