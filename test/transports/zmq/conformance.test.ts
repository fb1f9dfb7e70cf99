import { describe, test } from "vitest";
import type { AnyMessage } from "../../../src/message/message.ts";
import { listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { type PublisherTarget, publisherSuite } from "../../../src/testing/conformance/publisher.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { ZmqListener } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { Places, type Transport } from "./places.ts";
import { RawSource } from "./raw-source.ts";

const NO_END = "the end of a stream is a message, never a close";
const NEVER_LOST = "a socket that sends connects again by itself, and a pub has nobody to wait for";
const NO_EVENTS = "libzmq tells nothing about connections within a process";
const ONE_PULLER = "a second puller would split the runs, which is refused";

for (const [kind, transport] of [
  ["sub", "tcp"],
  ["sub", "ipc"],
  ["pull", "tcp"],
  ["pull", "inproc"],
] as const) {
  describe(`zmq ${kind} listener over ${transport}`, () => {
    const cases = listenerSuite({
      name: `zmq ${kind} listener`,
      replay: "none",
      source: async () => {
        const places = new Places();
        const source = await RawSource.open(kind, await places.free(transport));
        return Object.assign(source, {
          [Symbol.asyncDispose]: async () => {
            await RawSource.prototype[Symbol.asyncDispose].call(source);
            await places[Symbol.asyncDispose]();
          },
        });
      },
      cannot: {
        "end - start returns when the source ends, after its last message": NO_END,
        ...(transport === "inproc" ? { "connection - a lost one is a retryable error, or mended": NO_EVENTS } : {}),
      },
    });
    for (const each of cases) test(each.name, each.run);
  });
}

/** Publishes from a bound socket to listeners that connect. */
async function bound(socket: "pub" | "push", transport: Transport): Promise<PublisherTarget> {
  const places = new Places();
  const address = await places.free(transport);
  return {
    make: () => new ZmqPublisher<AnyMessage>({ bind: address, socket }),
    read: () => new ZmqListener<AnyMessage>({ connect: address, socket: socket === "pub" ? "sub" : "pull" }),
    known: (publisher, readers) =>
      until(() => (publisher as ZmqPublisher<AnyMessage>).readers === readers, `${readers} readers`),
    makeWaiting: () => new ZmqPublisher<AnyMessage>({ bind: "tcp://127.0.0.1:*", waitForSubscribers: 1 }),
    [Symbol.asyncDispose]: () => places[Symbol.asyncDispose](),
  };
}

for (const [socket, transport] of [
  ["pub", "tcp"],
  ["pub", "ipc"],
  ["push", "tcp"],
] as const) {
  describe(`zmq ${socket} publisher over ${transport}`, () => {
    const cases = publisherSuite({
      name: `zmq ${socket} publisher`,
      confirms: false,
      target: () => bound(socket, transport),
      cannot: {
        "connection - a lost one makes publish fail with a retryable error": NEVER_LOST,
        ...(socket === "push"
          ? {
              "late joiner - gets the Starts of the open runs, resumed": ONE_PULLER,
            }
          : {}),
      },
    });
    for (const each of cases) test(each.name, each.run);
  });
}
