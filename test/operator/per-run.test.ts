import { describe, expect, test } from "vitest";
import { Event } from "../../src/message/event.ts";
import type { Message } from "../../src/message/message.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { Operator } from "../../src/operator/operator.ts";
import { drive } from "../../src/testing/drive.ts";

const of = (stream: string) => ({ run: "r", origin: { stream, partition: "", sequence: 0 } });
const start = (stream: string): Start => new Start({ stream }, of(stream));
const event = (stream: string, n: number): Event => new Event({ n }, new Uint8Array(1), of(stream));
const stop = (stream: string): Stop => new Stop({}, of(stream));

/** Adds up the numbers of each run. */
class Adding extends Operator {
  readonly sums = this.perRun((opening: Start<{ readonly stream: string }>) => ({ of: opening.data.stream, sum: 0 }));
  readonly ended: string[] = [];
  readonly runsOpen: number[] = [];

  override process(message: Message): Message | Promise<Message> {
    this.runsOpen.push([...this.sums.values()].length);
    const state = this.sums.of(message);
    if (message.type === "event") state.sum += message.field("n") as number;
    if (message.type === "stop") this.ended.push(`${state.of} ${state.sum}`);
    return message;
  }
}

describe("perRun: two streams with one run id", () => {
  const messages = [
    start("a"),
    start("b"),
    event("a", 1),
    event("b", 10),
    event("a", 2),
    stop("a"),
    event("b", 20),
    stop("b"),
  ];

  test("each has its own state, and it goes with its own Stop", async () => {
    const operator = new Adding();
    const { error } = await drive(operator, messages);
    expect(error).toBeUndefined();
    expect(operator.ended).toEqual(["a 3", "b 30"]);
    expect(operator.runsOpen).toEqual([1, 2, 2, 2, 2, 2, 1, 1]);
    expect([...operator.sums.values()]).toEqual([]);
  });

  test("also where calls overlap", async () => {
    class Later extends Adding {
      override async process(message: Message): Promise<Message> {
        await Promise.resolve();
        return super.process(message);
      }
    }
    const operator = new Later();
    const { error } = await drive(operator, messages, { concurrency: 4 });
    expect(error).toBeUndefined();
    expect(operator.ended).toEqual(["a 3", "b 30"]);
  });

  test("an event that is of neither is refused, not given to one of them", async () => {
    class Making extends Adding {
      override process(message: Message): Message | Promise<Message> {
        if (message.type !== "event") return super.process(message);
        return super.process(new Event({ n: 1 }, new Uint8Array(1), { run: "r" }));
      }
    }
    const { error } = await drive(new Making(), [start("a"), start("b"), event("a", 1)]);
    expect(error).toMatchObject({ cause: { code: "RUN_NOT_OPEN" } });
  });
});

describe("perRun: life of a state", () => {
  test("a run id that comes again - has new state", async () => {
    const operator = new Adding();
    const again = new Start({ stream: "a" }, { run: "r", origin: { stream: "a", partition: "", sequence: 9 } });
    await drive(operator, [start("a"), event("a", 5), stop("a"), again, event("a", 7), stop("a")]);
    expect(operator.ended).toEqual(["a 5", "a 7"]);
  });

  test("several declared - each makes its own, at each Start", async () => {
    const made: string[] = [];
    class Two extends Operator {
      readonly one = this.perRun((opening) => void made.push(`one ${opening.run}`));
      readonly two = this.perRun((opening) => void made.push(`two ${opening.run}`));
      override process(message: Message): Message {
        return message;
      }
    }
    await drive(new Two(), [new Start({}, { run: "x" }), new Start({}, { run: "y" })]);
    expect(made).toEqual(["one x", "two x", "one y", "two y"]);
  });

  test("a create that throws - is an error of its Start", async () => {
    class Throwing extends Operator {
      readonly runs = this.perRun(() => {
        throw new Error("no state");
      });
      override process(message: Message): Message {
        return message;
      }
    }
    const { error, settled } = await drive(new Throwing(), [start("a")]);
    expect(String(error)).toContain("no state");
    expect(settled).toEqual(["nacked"]);
  });

  test("a Stop that is given up - takes the state with it", async () => {
    class Failing extends Adding {
      override process(message: Message): Message | Promise<Message> {
        if (message.type === "stop") throw new Error("no end");
        return super.process(message);
      }
    }
    const operator = new Failing();
    const { account } = await drive(operator, [start("a"), event("a", 1), stop("a")], { onError: "skip" });
    expect(account).toMatchObject({ finished: 2, failed: 1 });
    expect([...operator.sums.values()]).toEqual([]);
  });
});
