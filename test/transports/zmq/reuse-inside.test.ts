import { describe, expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage, Message } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { isLent } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { Publisher } from "../../../src/publisher/publisher.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { ZmqListener, type ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher, type ZmqPublisherOptions } from "../../../src/transports/zmq/zmq-publisher.ts";
import { Places } from "./places.ts";

const PATIENCE_MS = 10_000;
const COUNT = 60;
const BYTES = 200_000;
const never = new AbortController().signal;

/** Tells of each event whether it lay in lent memory when it was published. */
class Watched extends ZmqPublisher {
  readonly lent: boolean[] = [];

  override publish(message: AnyMessage): void | Promise<void> {
    if (message.type === "event") this.lent.push(isLent(message.payload));
    return super.publish(message);
  }
}

/** Keeps everything, as a publisher of a user's may. */
class Keeping extends Publisher<AnyMessage> {
  readonly events: Event[] = [];

  override publish(message: AnyMessage): void {
    if (message.type === "event") this.events.push(message);
  }
}

function isRight({ payload, metadata }: Event): boolean {
  const value = Number(metadata["number"]);
  return (payload as Uint8Array).every((byte) => byte === value);
}

interface Between {
  readonly listener?: Partial<ZmqListenerOptions>;
  readonly publisher?: Partial<ZmqPublisherOptions<AnyMessage>>;
  readonly operator?: (message: Message) => AnyMessage;
  readonly beside?: Keeping;
}

/** Sends a run through a block to a reader that compares every byte; tells which events were in lent memory. */
async function lentIn({ listener, publisher, operator, beside }: Between): Promise<readonly boolean[]> {
  await using places = new Places();
  const [first, last] = [await places.free(), await places.free()];
  let right = 0;
  await using sink = new Block({
    name: "sink",
    listeners: [new ZmqListener({ bind: last, socket: "pull" })],
    operator: (message: Message) => {
      if (message.type === "event" && isRight(message)) right += 1;
      return undefined;
    },
  });
  await sink.ready();
  const watched = new Watched({ connect: last, socket: "push", ...publisher });
  const parts = {
    name: "inside",
    listeners: [new ZmqListener({ bind: first, socket: "pull", ...listener })],
    publishers: beside === undefined ? [watched] : [watched, beside],
  };
  await using block = operator === undefined ? new Block(parts) : new Block({ ...parts, operator });
  await block.ready();
  const source = new ZmqPublisher({ connect: first, socket: "push", stream: "detector" });
  await source.open(never);
  await source.publish(new Start({}, { run: "r" }));
  for (let number = 0; number < COUNT; number += 1) {
    await source.publish(new Event({ number }, new Uint8Array(BYTES).fill(number), { run: "r" }));
  }
  await source.publish(new Stop({}, { run: "r" }));
  await until(() => sink.account.finished === COUNT + 2, "the end of the run", PATIENCE_MS);
  await until(() => block.account.finished === COUNT + 2, "the end of the run", PATIENCE_MS);
  expect(block.account).toMatchObject({ lost: 0, rejected: 0 });
  await source.close();
  expect(right).toBe(COUNT);
  return watched.lent;
}

const ALL = Array<boolean>(COUNT).fill(true);
const NONE = Array<boolean>(COUNT).fill(false);

describe("buffers that are reused by themselves", () => {
  test("from ZeroMQ to ZeroMQ without an operator - all large frames are", async () => {
    expect(await lentIn({})).toEqual(ALL);
    expect(await lentIn({ publisher: { engine: "libzmq" } })).toEqual(ALL);
  });

  test("where anybody could keep a message - none is", async () => {
    const beside = new Keeping();
    expect(await lentIn({ beside })).toEqual(NONE);
    expect(beside.events.map(isRight)).toEqual(ALL);
    expect(await lentIn({ operator: (message) => message })).toEqual(NONE);
    expect(await lentIn({ listener: { expect: (message) => message } })).toEqual(NONE);
    expect(await lentIn({ listener: { codec: { ...nativeCodec } } })).toEqual(NONE);
    expect(await lentIn({ publisher: { codec: { ...nativeCodec } } })).toEqual(NONE);
    expect(await lentIn({ publisher: { topic: () => "camera" } })).toEqual(NONE);
  });

  test("reuseBuffers: false - none is", async () => {
    expect(await lentIn({ listener: { reuseBuffers: false } })).toEqual(NONE);
  });
});
