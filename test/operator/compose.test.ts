import { describe, expect, test } from "vitest";
import { Event } from "../../src/message/event.ts";
import type { Message } from "../../src/message/message.ts";
import { compose } from "../../src/operator/compose.ts";
import type { Context, FlushReason, Result } from "../../src/operator/context.ts";
import { Operator } from "../../src/operator/operator.ts";
import { event, events, handDriven, name, start, stop } from "../block/hand-driven.ts";

/** Makes one event of so many, which it holds until then; knows how many each run had. */
class Gathering extends Operator {
  readonly flushes: string[] = [];
  readonly seen: string[] = [];
  readonly counts = this.perRun(() => ({ all: 0 }));
  readonly #size: number;
  readonly #label: string;
  readonly #waitMs: number | undefined;
  #held: unknown[] = [];

  constructor(size: number, label: string, waitMs?: number) {
    super();
    this.#size = size;
    this.#label = label;
    this.#waitMs = waitMs;
  }

  override process(message: Message, context: Context): Result<Message> {
    this.seen.push(name(message));
    const state = this.counts.of(message);
    if (message.type !== "event") return message.type === "stop" ? [...this.#out(context), message] : message;
    state.all += 1;
    this.#held.push(message.field("n"));
    if (this.#held.length >= this.#size) return this.#out(context);
    context.hold();
    if (this.#waitMs !== undefined) context.flushIn(this.#waitMs);
    return undefined;
  }

  override flush(reason: FlushReason, context: Context): Result<Message> {
    this.flushes.push(reason);
    return this.#out(context);
  }

  #out(context: Context): Event[] {
    if (this.#held.length === 0) return [];
    context.release();
    const made = new Event({ n: `${this.#label}(${this.#held.join(" ")})` }, new Uint8Array(1));
    this.#held = [];
    return [made];
  }
}

describe("compose: holding", () => {
  test("what both parts hold - is finished by the result that carries it, and not before", async () => {
    const operator = compose(new Gathering(2, "a"), new Gathering(2, "b"));
    const { put, publisher, listener, block } = await handDriven({ operator });
    await put(start(), ...events(3));
    expect(listener.settled).toEqual(["ack start r"]);
    expect(block.load.held).toBe(3);
    await put(event(4));
    expect(publisher.seen).toEqual(["start r", "r b(a(1 2) a(3 4))"]);
    expect(listener.settled.slice(1).toSorted()).toEqual(["ack r 1", "ack r 2", "ack r 3", "ack r 4"]);
    expect(block.load.held).toBe(0);
    expect(block.account).toMatchObject({ received: 5, finished: 5, reduced: 4, published: 2 });
  });

  test("the Stop - carries what both parts still hold, and the states of both go", async () => {
    const [first, second] = [new Gathering(2, "a"), new Gathering(9, "b")];
    const { put, publisher, listener } = await handDriven({ operator: compose(first, second) });
    await put(start(), ...events(3));
    expect([...first.counts.values(), ...second.counts.values()]).toEqual([{ all: 3 }, { all: 1 }]);
    await put(stop());
    expect(publisher.seen).toEqual(["start r", "r b(a(1 2) a(3))", "stop r"]);
    expect(listener.settled).toHaveLength(5);
    expect([...first.counts.values(), ...second.counts.values()]).toEqual([]);
  });

  test("flush - asks the first part, then the second, which gets what the first gave out", async () => {
    const [first, second] = [new Gathering(9, "a"), new Gathering(9, "b")];
    const { put, end, publisher, listener } = await handDriven({ operator: compose(first, second) });
    await put(start(), ...events(2));
    expect(await end()).toBeUndefined();
    expect([first.flushes, second.flushes]).toEqual([["drain"], ["drain"]]);
    expect(publisher.seen).toEqual(["start r", "r b(a(1 2))", "stop r abandoned"]);
    expect(listener.settled.every((how) => how.startsWith("ack"))).toBe(true);
  });

  test("flushIn - is a wish of each part for itself: the release of one does not take back the other's", async () => {
    const [first, second] = [new Gathering(2, "a"), new Gathering(9, "b", 50)];
    const { put, clock, publisher, listener } = await handDriven({ operator: compose(first, second) });
    await put(start(), ...events(4));
    await clock.advance(50);
    expect(publisher.seen).toEqual(["start r", "r b(a(1 2) a(3 4))"]);
    expect(listener.settled).toHaveLength(5);
  });

  test("the second part fails - what the first released is held again, and the next attempt has it", async () => {
    let failures = 1;
    class Passing extends Operator {
      override process(message: Message, context: Context): Result<Message> {
        if (message.type !== "event") return message;
        context.release();
        if (message.field("n") === 2) return message;
        context.hold();
        return undefined;
      }
    }
    const breaking = (message: Message): Message => {
      if (name(message) === "r 2" && failures-- > 0) throw new Error("not yet");
      return message;
    };
    // biome-ignore lint/suspicious/noThenProperty: the name of the option
    const onError = { retries: 1, then: "fail" } as const;
    const hand = await handDriven({ operator: compose(new Passing(), breaking), onError });
    const { put, clock, listener, publisher, block } = hand;
    await put(start(), ...events(2));
    expect(listener.settled).toEqual(["ack start r"]);
    expect(block.load.held).toBe(1);
    await clock.advance(100);
    expect(listener.settled.slice(1).toSorted()).toEqual(["ack r 1", "ack r 2"]);
    expect(publisher.seen).toEqual(["start r", "r 2"]);
  });
});

describe("compose: passing on", () => {
  test("several results - go into the second part one after the other, later ones too, in order", async () => {
    const twice = async function* (message: Message): AsyncGenerator<Message> {
      yield message;
      if (message.type === "event") yield new Event({ n: "made" }, new Uint8Array(1));
    };
    const second = new Gathering(1, "b");
    const { put, publisher } = await handDriven({ operator: compose(twice, second) });
    await put(start(), event(1), event(2), stop());
    // What the first makes gets its run from the message in process, before the second sees it.
    expect(second.seen).toEqual(["start r", "r 1", "r made", "r 2", "r made", "stop r"]);
    expect(publisher.seen).toHaveLength(6);
  });

  test("nothing - the second part is not asked, and the message is filtered", async () => {
    const second = new Gathering(1, "b");
    const { put, listener, block } = await handDriven({ operator: compose(() => undefined, second) });
    await put(event(1, "x"), start(), stop());
    expect([second.seen, listener.settled.slice(0, 2)]).toEqual([[], ["ack start r", "ack stop r"]]);
    expect(block.account).toMatchObject({ filtered: 2 });
  });

  test("a wrong result - names the part that gave it", async () => {
    class Odd extends Operator {
      override process(): Message {
        return 7 as unknown as Message;
      }
    }
    const { put, end } = await handDriven({ operator: compose((message: Message) => message, new Odd()) });
    await put(start());
    expect(String(await end())).toContain("Odd: process failed: expected a Start");
  });
});

describe("compose: opening and closing", () => {
  /** Opens and closes, or throws there. */
  class Living extends Operator {
    readonly #label: string;
    readonly #life: string[];
    readonly #throws: string | undefined;

    constructor(label: string, life: string[], throws?: string) {
      super();
      this.#label = label;
      this.#life = life;
      this.#throws = throws;
    }

    override async open(): Promise<void> {
      this.#tell("open");
    }

    override process(message: Message): Message {
      return message;
    }

    override async close(): Promise<void> {
      this.#tell("close");
    }

    #tell(what: string): void {
      this.#life.push(`${what} ${this.#label}`);
      if (this.#throws === what) throw new Error(`${this.#label} does not ${what}`);
    }
  }

  test("the second does not open - the first is closed, and the error is the second's", async () => {
    const life: string[] = [];
    const operator = compose(new Living("first", life), new Living("second", life, "open"));
    await expect(handDriven({ operator })).rejects.toThrow("second does not open");
    expect(life).toEqual(["open first", "open second", "close first"]);
  });

  test("the second does not close - the first is closed all the same, and a warning says so", async () => {
    const life: string[] = [];
    const operator = compose(new Living("first", life), new Living("second", life, "close"));
    const { end, warnings } = await handDriven({ operator });
    expect(await end()).toBeUndefined();
    expect(life).toEqual(["open first", "open second", "close second", "close first"]);
    expect(warnings).toEqual([expect.stringContaining("second does not close")]);
  });
});
