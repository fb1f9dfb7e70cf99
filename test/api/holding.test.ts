import {
  type Context,
  compose,
  Event,
  type Inlet,
  Listener,
  mergeRuns,
  Operator,
  type Result,
  Start,
  Stop,
} from "arroyojs";
import { drive } from "arroyojs/testing";
import { describe, expect, test } from "vitest";
import { frame, type In, type Sum, said, scan, start, stop } from "./frames.ts";
import { SumOf } from "./sum-of.ts";

describe("hold, release and flush", () => {
  test("what is held is finished by the result that carries it", async () => {
    const { published, settled, account } = await drive(new SumOf(3), scan("r", 7));
    expect(said(published)).toEqual(["start r", "sum 6", "sum 15", "sum 7", "stop r"]);
    expect(settled).toEqual(new Array(9).fill("acked"));
    expect(account).toMatchObject({ received: 9, finished: 9, left: 0, filtered: 0 });
  });

  test("what is held is not acknowledged before", async () => {
    class Never extends Operator<In, In> {
      override process(message: In, context: Context): In | undefined {
        if (message.type !== "event") return message;
        if (message.metadata.frame === 3) throw new Error("enough");
        context.hold();
        return undefined;
      }
    }
    const { settled, account } = await drive(new Never(), scan("r", 4));
    expect(settled).toEqual(["acked", "nacked", "nacked", "nacked", "nacked", "nacked"]);
    expect(account).toMatchObject({ finished: 1, published: 1 });
  });

  test("release in process covers what the run of that message holds, and no other", async () => {
    class FailsAtEnd extends SumOf {
      override process(message: In, context: Context): Result<Sum> {
        if (message.type === "stop" && message.run === "b") throw new Error("b ends here");
        return super.process(message, context);
      }
    }
    const messages: readonly In[] = [start("a"), start("b"), frame("a", 1), frame("b", 2), stop("a"), stop("b")];
    const { published, settled } = await drive(new FailsAtEnd(10), messages);
    expect(said(published)).toEqual(["start a", "start b", "sum 1", "stop a"]);
    expect(settled).toEqual(["acked", "acked", "acked", "nacked", "acked", "nacked"]);
  });

  test("what a call does not hold finishes with its own results", async () => {
    class Odd extends Operator<In, In> {
      override process(message: In, context: Context): In | undefined {
        if (message.type !== "event") {
          if (message.type === "stop") throw new Error("no end");
          return message;
        }
        if (message.metadata.frame % 2 === 0) return message;
        context.hold();
        return undefined;
      }
    }
    const { settled } = await drive(new Odd(), scan("r", 4));
    expect(settled).toEqual(["acked", "nacked", "acked", "nacked", "acked", "nacked"]);
  });

  test("flush is called when everything ends, and release there covers all runs", async () => {
    const operator = new SumOf(10);
    const messages: readonly In[] = [start("a"), start("b"), frame("a", 1), frame("b", 2), frame("a", 3)];
    const { published, settled } = await drive(operator, messages);
    expect(operator.flushes[0]).toBe("drain 2");
    expect(said(published)).toEqual(["start a", "start b", "sum 4", "sum 2", "stop a", "stop b"]);
    expect(published.slice(2, 4).map(({ run }) => run)).toEqual(["a", "b"]);
    expect(settled).toEqual(["acked", "acked", "acked", "acked", "acked"]);
  });

  test("flush is called under pressure, when what is held fills the queue", async () => {
    const operator = new SumOf(100);
    const { published, settled, error } = await drive(operator, scan("r", 10), { maxMessages: 4 });
    expect(error).toBeUndefined();
    expect(operator.flushes).toContain("pressure 1");
    const sums = published.flatMap((message) => (message.type === "event" ? message.metadata.sum : []));
    expect(sums.reduce((total, sum) => total + sum, 0)).toBe(55);
    expect(settled).toEqual(new Array(12).fill("acked"));
  });

  test("an operator that releases nothing under pressure fails with a word about it", async () => {
    class Hoards extends Operator<In, In> {
      override process(_message: In, context: Context): undefined {
        context.hold();
      }
    }
    const { error } = await drive(new Hoards(), scan("r", 10), { maxMessages: 4 });
    expect(error).toMatchObject({ code: "HELD_TOO_MUCH" });
  });

  /** Brings messages, then nothing for longer than any timer of these tests, then ends. */
  class ThenSilent extends Listener<In> {
    readonly #messages: readonly In[];
    #attempts = 0;
    constructor(messages: readonly In[]) {
      super();
      this.#messages = messages;
    }
    override async start(inlet: Inlet<In>): Promise<void> {
      if (this.#attempts === 0) for (const message of this.#messages) await inlet.put(message);
      this.#attempts += 1;
      if (this.#attempts < 5) throw Object.assign(new Error("nothing new"), { retryable: true });
    }
  }

  test("flushIn asks once, however often it is called", async () => {
    const operator = new SumOf(10, 50);
    const silent = new ThenSilent([start("a"), frame("a", 1), frame("a", 2), frame("a", 3)]);
    const { published } = await drive(operator, [], { listeners: [silent] });
    expect(operator.flushes.filter((flush) => flush.startsWith("timer"))).toEqual(["timer 1"]);
    expect(said(published)).toEqual(["start a", "sum 6", "stop a"]);
  });

  test("a release takes the wish for a flush back", async () => {
    const operator = new SumOf(3, 50);
    const silent = new ThenSilent([start("a"), frame("a", 1), frame("a", 2), frame("a", 3)]);
    const { published } = await drive(operator, [], { listeners: [silent] });
    expect(operator.flushes.filter((flush) => flush.startsWith("timer"))).toEqual([]);
    expect(said(published)).toEqual(["start a", "sum 6", "stop a"]);
  });
});

describe("compose", () => {
  const odd = (message: In): In | undefined =>
    message.type === "event" && message.metadata.frame % 2 === 0 ? undefined : message;

  test("gives what comes out of the first to the second", async () => {
    const { published, settled, account } = await drive(compose(odd, new SumOf(2)), scan("r", 6));
    expect(said(published)).toEqual(["start r", "sum 4", "sum 5", "stop r"]);
    expect(settled).toEqual(new Array(8).fill("acked"));
    expect(account).toMatchObject({ received: 8, finished: 8, filtered: 3 });
  });

  test("each part holds for itself", async () => {
    const frames = (message: Sum): Sum => message;
    const twice = compose(compose(new SumOf(2), frames), (message: Sum) => message);
    const { published, settled } = await drive(twice, scan("r", 5));
    expect(said(published)).toEqual(["start r", "sum 3", "sum 7", "sum 5", "stop r"]);
    expect(settled).toEqual(new Array(7).fill("acked"));
  });
});

describe("mergeRuns", () => {
  const from = (stream: string, message: In): In => {
    const origin = { stream, partition: "0", sequence: 0 };
    if (message.type === "start") return new Start(message.data, { ...message.envelope, origin });
    if (message.type === "stop") return new Stop(message.data, { ...message.envelope, run: message.run, origin });
    return new Event(message.metadata, message.payload, { ...message.envelope, origin });
  };

  test("makes one run of the parts that come over several streams", async () => {
    const messages = [
      from("a", start("r")),
      from("b", start("r")),
      from("a", frame("r", 1)),
      from("b", frame("r", 2)),
      from("a", stop("r")),
      from("b", frame("r", 3)),
      from("b", stop("r")),
    ];
    const { published, settled } = await drive(mergeRuns<In>({ streams: 2 }), messages);
    expect(said(published)).toEqual(["start r", "r 1", "r 2", "r 3", "stop r"]);
    expect(settled).toEqual(new Array(7).fill("acked"));
  });

  test("waits for a missing Stop only so long", async () => {
    const messages = [from("a", start("r")), from("b", start("r")), from("a", frame("r", 1)), from("a", stop("r"))];
    const { published } = await drive(mergeRuns<In>({ streams: 2, waitMs: 100 }), messages);
    expect(said(published)).toEqual(["start r", "r 1", "stop r"]);
    expect(published.at(-1)).toMatchObject({ reason: "abandoned" });
  });
});
