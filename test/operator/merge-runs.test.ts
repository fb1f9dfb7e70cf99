import { Block, type Context, compose, Event, mergeRuns, Operator, Start, Stop } from "arroyojs";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";
import { describe, expect, test } from "vitest";
import type { AnyMessage } from "../../src/message/message.ts";

/** Sends one run in parts over several streams, and gives what the operator's block made of it. */
async function merged(operator: Operator<AnyMessage, AnyMessage>, streams: number) {
  const parts = new MemoryChannel<AnyMessage>();
  const publishers = Array.from(
    { length: streams },
    (_, stream) => new MemoryPublisher({ channel: parts, stream: `s${stream}` }),
  );
  const out = new MemoryChannel<AnyMessage>({ mode: "log" });
  const block = new Block<AnyMessage, AnyMessage>({
    name: "join",
    listeners: [new MemoryListener({ channel: parts })],
    operator,
    publishers: [new MemoryPublisher({ channel: out })],
  });
  const { signal } = new AbortController();
  for (const publisher of publishers) await publisher.open(signal);
  await block.start();
  await block.ready();
  for (const publisher of publishers) await publisher.publish(new Start({}, { run: "r" }));
  for (const publisher of publishers) {
    for (let n = 0; n < 3; n += 1) await publisher.publish(new Event({ n }, new Uint8Array(1), { run: "r" }));
  }
  for (const publisher of publishers) await publisher.publish(new Stop({}, { run: "r" }));
  for (const publisher of publishers) publisher.close();
  const account = await block.finished;
  const published: string[] = [];
  const reader = new Block<AnyMessage, AnyMessage>({
    name: "reader",
    listeners: [new MemoryListener({ channel: out })],
    operator: (message) => void published.push(message.type),
  });
  await reader.start();
  await reader.finished;
  return { account, published };
}

/** Holds all events of a run until its Stop. */
class HoldAll extends Operator<AnyMessage, AnyMessage> {
  made = 0;
  readonly states = this.perRun(() => {
    this.made += 1;
    return { events: 0 };
  });

  override process(message: AnyMessage, context: Context): AnyMessage | undefined {
    if (message.type === "start") return message;
    const state = this.states.of(message);
    if (message.type === "stop") {
      context.release();
      return new Stop({ events: state.events }, message.envelope);
    }
    state.events += 1;
    context.hold();
    return undefined;
  }
}

describe("mergeRuns", () => {
  test("settlement - the Stops of all streams are finished", async () => {
    const { account, published } = await merged(mergeRuns<AnyMessage>({ streams: 3 }), 3);
    expect(published).toEqual(["start", ...Array.from({ length: 9 }, () => "event"), "stop"]);
    expect(account).toMatchObject({ received: 15, finished: 15, left: 0 });
  });

  test("compose - what a later part holds of all streams is released together, and its state goes", async () => {
    const hold = new HoldAll();
    const { account, published } = await merged(compose(mergeRuns<AnyMessage>({ streams: 2 }), hold), 2);
    expect(published).toEqual(["start", "stop"]);
    expect(account).toMatchObject({ received: 10, finished: 10, left: 0 });
    expect(hold.made).toBe(1);
    expect([...hold.states.values()]).toEqual([]);
  });

  test("compose - so it is when the parts are composed themselves", async () => {
    const hold = new HoldAll();
    const operator = compose(
      mergeRuns<AnyMessage>({ streams: 2 }),
      compose((message: AnyMessage) => message, hold),
    );
    const { account } = await merged(operator, 2);
    expect(account).toMatchObject({ received: 10, finished: 10, left: 0 });
    expect([...hold.states.values()]).toEqual([]);
  });
});
