import { type AnyMessage, Event, type Inlet, Listener, type Message, NdArray, Publisher, Start, Stop } from "arroyojs";
import { drive } from "arroyojs/testing";
import { describe, expect, expectTypeOf, test } from "vitest";

const start = new Start({}, { run: "r" });
const event = (number: number): Event => new Event({ number }, new Uint8Array(1), { run: "r" });
const stop = new Stop({}, { run: "r" });
const pass = (message: Message): Message => message;
const types = (messages: readonly AnyMessage[]): readonly string[] => messages.map(({ type }) => type);

describe("drive", () => {
  test("gives what came out, how each message was settled, and the block's sum over all runs", async () => {
    const messages = [start, event(1), event(2), stop, new Start({}, { run: "s" }), new Stop({}, { run: "s" })];
    const { published, settled, account, error } = await drive(pass, messages);
    expect(published).toEqual(messages);
    expect(settled).toEqual(new Array(6).fill("acked"));
    expect(account).toMatchObject({ received: 6, finished: 6, published: 6 });
    expect(account.runs.map(({ run, received }) => [run, received])).toEqual([
      ["r", 4],
      ["s", 2],
    ]);
    expect(error).toBeUndefined();
  });

  test("resolves also when the block fails", async () => {
    const { settled, error } = await drive(() => {
      throw new Error("broken");
    }, [start, stop]);
    expect(settled).toEqual(["nacked", "nacked"]);
    expect(String(error)).toContain("broken");
  });

  test("messages that the platform makes are published, and have no entry in what was settled", async () => {
    const { published, settled } = await drive(pass, [start, event(1)]);
    expect(types(published)).toEqual(["start", "event", "stop"]);
    expect(published[2]).toMatchObject({ run: "r", reason: "abandoned" });
    expect(settled).toEqual(["acked", "acked"]);
  });

  test("says of what was left unsettled that it is open", async () => {
    const unsettled = new (class extends Listener {
      override async start(inlet: Inlet): Promise<void> {
        await inlet.put(new Event({}, new Uint8Array(1)));
      }
    })();
    const { settled, published } = await drive(pass, [], { listeners: [unsettled] });
    expect(settled).toEqual([]);
    expect(published).toHaveLength(1);
  });

  test("drives through the queue and the outlets: policies, concurrency and publishers work as in a block", async () => {
    class Slow extends Publisher {
      seen = 0;
      override async publish(): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve));
        this.seen += 1;
      }
    }
    const slow = new Slow();
    let inside = 0;
    let most = 0;
    const busy = async (message: Message): Promise<Message> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      return message;
    };
    const events = Array.from({ length: 8 }, (_, index) => event(index));
    const { published, settled } = await drive(busy, [start, ...events, stop], { concurrency: 4, publishers: [slow] });
    expect(most).toBe(4);
    expect(slow.seen).toBe(10);
    expect(published).toEqual([start, ...events, stop]);
    expect(settled).toEqual(new Array(10).fill("acked"));
  });

  test("a run is one run, also where only some of its messages have an origin", async () => {
    const origin = { stream: "detector", partition: "0", sequence: 7 };
    const from = new Event({ number: 1 }, new Uint8Array(1), { run: "r", origin });
    for (const messages of [
      [start, from, event(2), stop],
      [new Start({}, { run: "r", origin }), event(1), from, stop],
    ]) {
      const { published, account } = await drive(pass, messages);
      expect(types(published)).toEqual(["start", "event", "event", "stop"]);
      expect(account).toMatchObject({ received: 4, finished: 4, dropped: 0 });
    }
  });

  test("its clock jumps: waits of the platform take no time", async () => {
    const lost = new Event({ number: 1 }, new Uint8Array(1), { run: "without a Start" });
    // Thirty attempts wait for two minutes on the clock of the block.
    const waits = new (class extends Listener {
      attempts = 0;
      override async start(): Promise<void> {
        this.attempts += 1;
        if (this.attempts < 30) throw Object.assign(new Error("not yet"), { retryable: true });
      }
    })();
    const { account } = await drive(pass, [lost], { listeners: [waits] });
    expect(account).toMatchObject({ received: 1, dropped: 1, reasons: { "no-start": 1 } });
    expect(waits.attempts).toBe(30);
  });

  test("what comes out has the operator's type", async () => {
    type Mean = { readonly mean: number };
    const mean = (
      message: Start | Event<object, NdArray<"uint16">> | Stop,
    ): Start | Event<Mean, NdArray<"uint16">> | Stop => {
      if (message.type !== "event") return message;
      const { data } = message.array();
      return message.with({ metadata: { mean: data.reduce((sum, value) => sum + value, 0) / data.length } });
    };
    const frame = new Event({}, new NdArray(new Uint16Array([1, 3])), { run: "r" });
    const { published } = await drive(mean, [start, frame, stop]);
    expectTypeOf(published).toEqualTypeOf<readonly (Start | Event<Mean, NdArray<"uint16">> | Stop)[]>();
    expect(published.flatMap((message) => (message.type === "event" ? message.metadata.mean : []))).toEqual([2]);
  });
});
