import { describe, expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import type { AnyMessage, Message } from "../../../src/message/message.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "../../../src/transports/memory/index.ts";
import { event, events, publisher, reader, send, start, stopOf } from "./harness.ts";

/** A chain of blocks: each reads the channel of the one before it. */
function chain(first: MemoryChannel<Message>, length: number, mode: "live" | "log") {
  const blocks: Block[] = [];
  let from = first;
  for (let index = 0; index < length; index += 1) {
    const to = new MemoryChannel<Message>({ mode });
    blocks.push(
      new Block({
        name: `block ${index + 1}`,
        listeners: [new MemoryListener({ channel: from })],
        publishers: [new MemoryPublisher({ channel: to, ...(mode === "live" ? { waitForReaders: 1 } : {}) })],
      }),
    );
    from = to;
  }
  return { blocks, last: from };
}

const COUNT = 5_000;

for (const mode of ["live", "log"] as const) {
  describe(`chain of blocks over ${mode} channels`, () => {
    test("end - the blocks end one after the other when the first source ends, with accounts that add up", async () => {
      const first = new MemoryChannel<Message>({ mode });
      const { blocks, last } = chain(first, 3, mode);
      const out = reader(last as MemoryChannel<AnyMessage>);
      await Promise.all(blocks.map((block) => block.start()));
      const source = await publisher(first as MemoryChannel<AnyMessage>);
      await source.publish(start("r"));
      for (let n = 0; n < COUNT; n += 1) await source.publish(event(n % 256, "r"));
      await source.publish(stopOf("r"));
      source.close();
      const accounts = await Promise.all(blocks.map((block) => block.finished));
      await out.ended;
      for (const account of accounts) {
        expect(account).toMatchObject({
          received: COUNT + 2,
          finished: COUNT + 2,
          published: COUNT + 2,
          left: 0,
          lost: 0,
          droppedUpstream: 0,
          dropped: 0,
        });
      }
      expect(out.inlet.messages).toHaveLength(COUNT + 2);
      const stop = out.inlet.messages.at(-1);
      const hops = stop?.type === "stop" ? stop.account : undefined;
      expect(hops?.block).toBe("block 3");
      expect(hops?.hops.map(({ block }) => block)).toEqual(["block 1", "block 2"]);
    });

    test("end - a source that ends within a run gives an abandoned Stop at the end of the chain", async () => {
      const first = new MemoryChannel<Message>({ mode });
      const { blocks, last } = chain(first, 2, mode);
      const out = reader(last as MemoryChannel<AnyMessage>);
      await Promise.all(blocks.map((block) => block.start()));
      const source = await publisher(first as MemoryChannel<AnyMessage>);
      send(source, start("r"), ...events(0, 10, "r"));
      source.close();
      await Promise.all(blocks.map((block) => block.finished));
      await out.ended;
      expect(out.inlet.messages.at(-1)).toMatchObject({ type: "stop", run: "r", reason: "abandoned" });
    });
  });
}

describe("blocks over memory channels", () => {
  test("account - what an earlier block drops is dropped upstream, not lost", async () => {
    const [first, second] = [new MemoryChannel<Message>({ mode: "log" }), new MemoryChannel<Message>()];
    const source = await publisher(first as MemoryChannel<AnyMessage>);
    send(source, start("r"), ...events(0, 200, "r"), stopOf("r"));
    source.close();
    const hold = new RecordingInlet(new MemoryListener({ channel: second }).codec);
    hold.shut();
    const end = new MemoryListener({ channel: second }).start(hold, new AbortController().signal);
    const one = new Block({
      name: "one",
      listeners: [new MemoryListener({ channel: first })],
      publishers: [
        {
          publisher: new MemoryPublisher({ channel: second }),
          required: false,
          overflow: "drop-oldest",
          maxMessages: 20,
        },
      ],
    });
    const two = new Block({ name: "two", listeners: [new MemoryListener({ channel: second })] });
    await two.start();
    await one.start();
    await until(() => one.account.received === 202, "202 messages to be done");
    hold.open();
    const accounts = [await one.finished, await two.finished];
    await end;
    const [, account] = accounts;
    expect(account?.lost).toBe(0);
    expect(account?.droppedUpstream).toBeGreaterThan(0);
    expect((account?.events ?? 0) + (account?.droppedUpstream ?? 0)).toBe(200);
  });

  test("late join - a block that joins a run sees a resumed Start, and no loss", async () => {
    const channel = new MemoryChannel<Message>();
    const source = await publisher(channel as MemoryChannel<AnyMessage>);
    send(source, start("r"), ...events(0, 10, "r"));
    const seen: string[] = [];
    const block = new Block({
      name: "late",
      listeners: [new MemoryListener({ channel })],
      operator: (message: Message) => {
        seen.push(message.type === "start" ? `start resumed ${message.resumed}` : message.type);
      },
    });
    await block.start();
    await block.ready();
    send(source, ...events(10, 13, "r"), stopOf("r"));
    source.close();
    const account = await block.finished;
    expect(seen).toEqual(["start resumed true", "event", "event", "event", "stop"]);
    expect(account).toMatchObject({ received: 5, lost: 0, runs: [{ run: "r", joinedAt: 10, ended: "completed" }] });
  });

  test("restart - a block of the same group goes on where the last one finished, in the open run", async () => {
    const channel = new MemoryChannel<Message>({ mode: "log" });
    const source = await publisher(channel as MemoryChannel<AnyMessage>);
    send(source, start("r"), ...events(0, 10, "r"));
    const seen: unknown[][] = [];
    const block = (): Block => {
      const own: unknown[] = [];
      seen.push(own);
      return new Block({
        name: "restarted",
        listeners: [new MemoryListener({ channel, group: "g" })],
        operator: (message: Message) => {
          own.push(message.type === "event" ? message.field("n") : message.type);
        },
      });
    };
    const one = block();
    await one.start();
    await until(() => one.account.finished === 11, "11 messages to be done");
    await one.stop();
    send(source, ...events(10, 12, "r"), stopOf("r"));
    source.close();
    const two = block();
    await two.start();
    const account = await two.finished;
    expect(seen).toEqual([
      ["start", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "stop"],
      ["start", 10, 11, "stop"],
    ]);
    expect(account.lost).toBe(0);
  });

  test("a block that died and came back - the run goes on at each of the hops behind it, however many", async () => {
    const channels = Array.from({ length: 4 }, () => new MemoryChannel<Message>({ mode: "log" }));
    const [first, second, third, last] = channels as [
      MemoryChannel<Message>,
      MemoryChannel<Message>,
      MemoryChannel<Message>,
      MemoryChannel<Message>,
    ];
    const joint = (name: string, from: MemoryChannel<Message>, to: MemoryChannel<Message>): Block =>
      new Block({
        name,
        listeners: [new MemoryListener({ channel: from, group: name })],
        publishers: [new MemoryPublisher({ channel: to, endOnClose: false })],
      });
    const source = await publisher(first as MemoryChannel<AnyMessage>);
    const seen: unknown[] = [];
    const [dying, b, c] = [joint("a", first, second), joint("b", second, third), joint("c", third, last)];
    const end = new Block({
      name: "end",
      listeners: [new MemoryListener({ channel: last })],
      operator: (message: Message) => {
        const again = message.type === "start" && message.resumed ? " resumed" : "";
        seen.push(message.type === "event" ? message.field("n") : `${message.type}${again}`);
      },
    });
    for (const block of [end, c, b, dying]) await block.start();
    send(source, start("r"), ...events(0, 5, "r"));
    await until(() => seen.length === 6, "6 messages to be out");
    await dying.stop({ abandon: true });
    send(source, ...events(5, 8, "r"), stopOf("r"));
    await using revived = joint("a", first, second);
    await revived.start();
    await until(() => end.account.runs.some(({ ended }) => ended === "completed"), "the Stop");
    await until(() => end.account.left === 0, "everything to be finished");
    expect(seen).toEqual(["start", 0, 1, 2, 3, 4, "stop", "start resumed", 5, 6, 7, "stop"]);
    expect(end.account).toMatchObject({ lost: 0, dropped: 0, events: 8 });
    for (const block of [b, c, end]) await block.stop();
    source.close();
  });

  test("recover run - a run that was not finished is given again from its Start", async () => {
    const channel = new MemoryChannel<Message>({ mode: "log" });
    const source = await publisher(channel as MemoryChannel<AnyMessage>);
    send(source, start("r"), ...events(0, 5, "r"));
    const seen: unknown[][] = [];
    const block = (): Block => {
      const own: unknown[] = [];
      seen.push(own);
      return new Block({
        name: "recovered",
        recover: "run",
        listeners: [new MemoryListener({ channel, group: "g" })],
        operator: (message: Message) => {
          own.push(message.type === "event" ? message.field("n") : message.type);
        },
      });
    };
    const one = block();
    await one.start();
    await until(() => seen[0]?.length === 6, "6 messages to be done");
    await one.stop();
    send(source, event(5, "r"), stopOf("r"));
    source.close();
    const two = block();
    await two.start();
    await two.finished;
    expect(seen[1]).toEqual(["start", 0, 1, 2, 3, 4, 5, "stop"]);
    expect(channel.state.committed).toEqual({ g: 8 });
  });
});
