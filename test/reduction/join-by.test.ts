import { type AnyMessage, Block, compose, Event, NdArray, type Operator, Publisher, Start, Stop } from "arroyojs";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";
import { type JoinedEvent, type JoinOptions, joinBy } from "arroyojs/reduction";
import { drive } from "arroyojs/testing";
import { expect, test } from "vitest";

let sequence = 0;

function origin(stream: string) {
  sequence += 1;
  return { stream, partition: "", sequence };
}

/** Makes a frame of the detector, whose run is "scan-1". */
function frame(pulse: number | bigint): Event {
  const pixels = new NdArray(Uint16Array.of(Number(pulse)), [1, 1]);
  return new Event({ pulse }, pixels, { run: "scan-1", origin: origin("detector") }) as unknown as Event;
}

/** Makes a value of the monochromator, which has one run for ever. */
function energy(pulse: unknown, value: number): Event {
  const metadata = { pulse, value };
  return new Event(metadata, new Uint8Array(0), { run: "always", origin: origin("mono") }) as Event;
}

const start = (run: string, stream: string): Start => new Start({ by: stream }, { run, origin: origin(stream) });
const stop = (run: string, stream: string): Stop => new Stop({ by: stream }, { run, origin: origin(stream) });
const [begin, always, end] = [start("scan-1", "detector"), start("always", "mono"), stop("scan-1", "detector")];

/** Refuses every event. */
class Failing extends Publisher<AnyMessage> {
  override readonly confirms = true;

  override publish(message: AnyMessage): void {
    if (message.type === "event") throw new Error("the disk is full");
  }
}

/** Notes what goes out. */
class Collecting extends Publisher<AnyMessage> {
  readonly #seen: unknown[];

  constructor(seen: unknown[]) {
    super();
    this.#seen = seen;
  }

  override publish(message: AnyMessage): void {
    if (message.type === "event") {
      const { pulse, joined } = message.metadata;
      expect(joined.mono.metadata.value).toBe(pulse * 10);
      this.#seen.push(pulse);
    } else this.#seen.push(message.type === "stop" ? message.data.joined : message.type);
  }
}

const OPTIONS: JoinOptions = { key: "pulse", streams: ["detector", "mono"], waitMs: 50 };

async function joined(messages: readonly AnyMessage[], options: Partial<JoinOptions> = {}, bounds = {}) {
  const operator = joinBy({ ...OPTIONS, ...options }) as Operator<AnyMessage, AnyMessage>;
  const result = await drive(operator, messages as never, bounds);
  expect(result.error).toBeUndefined();
  const said = result.published.map((message) =>
    message.type === "event"
      ? [message.metadata.pulse, message.metadata.joined.mono?.metadata.value]
      : [message.type, message.run],
  );
  return { ...result, said };
}

test("joinBy - what has one key goes out together, whatever came first, in the run of the first stream", async () => {
  const messages = [begin, always, frame(1), energy(2, 7.2), energy(1, 7.1), frame(2n), frame(3), energy(3, 7.3), end];
  const { said, published, settled, account } = await joined(messages);
  expect(said).toEqual([
    ["start", "scan-1"],
    [1, 7.1],
    [2n, 7.2],
    [3, 7.3],
    ["stop", "scan-1"],
  ]);
  const [, first] = published as [AnyMessage, JoinedEvent];
  expect(first.run).toBe("scan-1");
  expect([...(first.payload as NdArray).data]).toEqual([1]);
  expect(first.metadata.joined["mono"]?.payload.byteLength).toBe(0);
  expect((published.at(-1) as Stop).data).toEqual({ by: "detector", joined: { matched: 3, unmatched: {} } });
  expect(settled.every((one) => one === "acked")).toBe(true);
  expect(account).toMatchObject({ received: 9, finished: 9, left: 0 });
  // The Start of the other stream is the only one from which nothing was made.
  expect(account.filtered).toBe(1);
});

test("joinBy - what finds no match is counted, and dropped or passed on", async () => {
  const messages = [begin, always, frame(1), frame(2), energy(1, 7.1), energy(9, 7.9), energy(undefined, 0), end];
  const { said, published } = await joined(messages);
  expect(said).toEqual([
    ["start", "scan-1"],
    [1, 7.1],
    ["stop", "scan-1"],
  ]);
  const counts = { matched: 1, unmatched: { detector: 1, mono: 2 } };
  expect((published.at(-1) as Stop).data).toEqual({ by: "detector", joined: counts });
  const passed = await joined(messages, { unmatched: "pass" });
  expect(passed.said).toEqual([
    ["start", "scan-1"],
    [1, 7.1],
    [2, undefined],
    ["stop", "scan-1"],
  ]);
});

test("joinBy - an event that comes twice is used once, and both are finished", async () => {
  const { said, account } = await joined([begin, always, frame(1), frame(1), energy(1, 7.1), end]);
  expect(said).toEqual([
    ["start", "scan-1"],
    [1, 7.1],
    ["stop", "scan-1"],
  ]);
  expect(account).toMatchObject({ received: 6, finished: 6, left: 0 });
});

test("joinBy - when what waits fills the queue, the oldest are given up", async () => {
  const many = Array.from({ length: 20 }, (_, pulse) => frame(pulse));
  const messages = [begin, always, ...many, energy(19, 7.5), end];
  const { said } = await joined(messages, { waitMs: 60_000 }, { maxMessages: 8 });
  expect(said).toEqual([
    ["start", "scan-1"],
    [19, 7.5],
    ["stop", "scan-1"],
  ]);
});

test("joinBy - a match waits until its result is confirmed, and not for others that still wait", async () => {
  const messages = [begin, always, frame(1), frame(2), energy(1, 7.1), energy(1.5, 0)];
  const refused = await drive(
    joinBy({ ...OPTIONS, waitMs: 60_000 }) as Operator<AnyMessage, AnyMessage>,
    messages as never,
    {
      // The chain's end fails: what was joined must be given back, and so must what waits.
      publishers: [{ publisher: new Failing() }],
    },
  );
  expect(refused.error).toBeDefined();
  expect(refused.settled.slice(2, 5)).toEqual(["nacked", "nacked", "nacked"]);
});

test("joinBy - keys by stream or by a function, streams by tests, three of them, and composed with others", async () => {
  const tests = {
    detector: ({ run }: AnyMessage) => run === "scan-1",
    mono: ({ run }: AnyMessage) => run === "always",
    gain: ({ run }: AnyMessage) => run === undefined,
  };
  const gain = new Event({ train: 1, gain: 4 }, new Uint8Array(0)) as Event;
  const key = { detector: "pulse", mono: "pulse", gain: "train" };
  const seen: unknown[] = [];
  const through = (message: AnyMessage): AnyMessage => message;
  const last = (message: AnyMessage): AnyMessage => {
    if (message.type === "event") seen.push(Object.keys((message as JoinedEvent).metadata.joined));
    return message;
  };
  const operator = compose(
    through,
    compose(joinBy({ key, streams: tests, waitMs: 50 }) as Operator<AnyMessage, AnyMessage>, last),
  );
  const { published, account } = await drive(operator, [begin, always, gain, energy(1, 7), frame(1), end] as never);
  expect(published.map(({ type }) => type)).toEqual(["start", "event", "stop"]);
  expect(seen).toEqual([["mono", "gain"]]);
  expect(account).toMatchObject({ received: 6, finished: 6, left: 0 });
  const odd = joinBy({ ...OPTIONS, key: (event) => Number(event.metadata["pulse"]) % 2 }) as Operator<
    AnyMessage,
    AnyMessage
  >;
  const byFunction = await drive(odd, [begin, always, frame(3), energy(5, 7), end] as never);
  expect(byFunction.published.map(({ type }) => type)).toEqual(["start", "event", "stop"]);
});

test("joinBy - two listeners, each with its stream, whose names are those of the last hop", async () => {
  const { signal } = new AbortController();
  const streams = ["detector", "mono"].map((stream) => {
    const channel = new MemoryChannel<AnyMessage>();
    return { channel, publisher: new MemoryPublisher<AnyMessage>({ channel, stream }) };
  });
  const seen: unknown[] = [];
  const block = new Block<AnyMessage, AnyMessage>({
    name: "join",
    listeners: streams.map(({ channel }) => new MemoryListener<AnyMessage>({ channel })),
    operator: joinBy({ ...OPTIONS, waitMs: 10_000 }) as Operator<AnyMessage, AnyMessage>,
    publishers: [new Collecting(seen)],
  });
  for (const { publisher } of streams) await publisher.open(signal);
  await block.start();
  await block.ready();
  for (const { publisher } of streams) await publisher.publish(new Start({}, { run: "same" }));
  for (let pulse = 0; pulse < 20; pulse += 1) {
    for (const [index, { publisher }] of streams.entries()) {
      // The second stream has every second pulse in another order, and lacks the last.
      const own = index === 0 ? pulse : pulse ^ 1;
      if (index === 1 && own === 19) continue;
      await publisher.publish(new Event({ pulse: own, value: own * 10 }, new Uint8Array(1), { run: "same" }));
    }
  }
  for (const { publisher } of streams) await publisher.publish(new Stop({}, { run: "same" }));
  for (const { publisher } of streams) await publisher.close();
  const account = await block.finished;
  const pulses = seen.filter((one) => typeof one === "number").sort((a, b) => Number(a) - Number(b));
  expect(pulses).toEqual(Array.from({ length: 19 }, (_, pulse) => pulse));
  expect([seen[0], seen.at(-1)]).toEqual(["start", { matched: 19, unmatched: { detector: 1 } }]);
  expect(account).toMatchObject({ received: 43, finished: 43, left: 0 });
});

test("joinBy - an event of a stream that nobody named is an error", async () => {
  const operator = joinBy({ ...OPTIONS, streams: ["detector", "monochromator"] }) as Operator<AnyMessage, AnyMessage>;
  const { error } = await drive(operator, [begin, always, energy(1, 2)] as never);
  expect(String(error)).toContain(
    'an event of the stream "mono", of the run always, is of none of detector, monochromator',
  );
});

test.each([
  [{ key: "" }, "key: expected a field"],
  [{ key: { detector: "pulse" } }, "key: expected a field"],
  [{ streams: ["detector"] }, "streams: expected two names or more"],
  [{ streams: ["a", "a"] }, "streams: expected two names or more"],
  [{ waitMs: 0 }, "waitMs: expected a number above 0"],
  [{ unmatched: "keep" }, "unmatched: expected drop or pass"],
  [{ wait: 5 }, 'there is no option "wait"; there are key, streams, waitMs, unmatched'],
])("joinBy - options %j are refused", (options, text) => {
  expect(() => joinBy({ ...OPTIONS, ...options } as JoinOptions)).toThrow(text);
});
