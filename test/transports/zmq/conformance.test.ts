import { describe, test } from "vitest";
import type { AnyMessage } from "../../../src/message/message.ts";
import { listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { type PublisherTarget, publisherSuite } from "../../../src/testing/conformance/publisher.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { EngineName } from "../../../src/transports/zmq/ends.ts";
import { ZmqListener } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { Places, type Transport } from "./places.ts";
import { RawSource } from "./raw-source.ts";

const NO_END = "the end of a stream is a message, never a close";
const NEVER_LOST = "a socket that sends connects again by itself, and a pub has nobody to wait for";
const NO_EVENTS = "libzmq tells nothing about connections within a process";
const STILL_DEALT = "within a process a push of libzmq still deals to a reader that has gone, and nobody tells it";
const ONE_PULLER = "a second puller would split the runs, which is refused";

for (const [kind, transport, engine] of [
  ["sub", "tcp", "zmtp"],
  ["sub", "ipc", "zmtp"],
  ["pull", "tcp", "zmtp"],
  ["sub", "tcp", "libzmq"],
  ["sub", "ipc", "libzmq"],
  ["pull", "tcp", "libzmq"],
  // The package's sockets, which send here, and those of our engine do not share the names within a process.
  ["pull", "inproc", "libzmq"],
] as const) {
  describe(`zmq ${kind} listener over ${transport}, engine ${engine}`, () => {
    const cases = listenerSuite({
      name: `zmq ${kind} listener`,
      replay: "none",
      source: async () => {
        const places = new Places();
        const source = await RawSource.open(kind, await places.free(transport), engine);
        return Object.assign(source, {
          [Symbol.asyncDispose]: async () => {
            await RawSource.prototype[Symbol.asyncDispose].call(source);
            await places[Symbol.asyncDispose]();
          },
        });
      },
      cannot: {
        "end - start returns when the source ends, after its last message": NO_END,
        ...(transport === "inproc"
          ? {
              "connection - a lost one is a retryable error, or mended": NO_EVENTS,
              "start - can be called again after it returned": STILL_DEALT,
            }
          : {}),
      },
    });
    for (const each of cases) test(each.name, each.run);
  });
}

/** Publishes from a bound socket to listeners that connect. */
async function bound(socket: "pub" | "push", transport: Transport, engine: EngineName): Promise<PublisherTarget> {
  const places = new Places();
  const address = await places.free(transport);
  return {
    make: () => new ZmqPublisher<AnyMessage>({ bind: address, socket, engine }),
    read: () => new ZmqListener<AnyMessage>({ connect: address, socket: socket === "pub" ? "sub" : "pull", engine }),
    known: (publisher, readers) =>
      until(() => (publisher as ZmqPublisher<AnyMessage>).readers === readers, `${readers} readers`),
    makeWaiting: () => new ZmqPublisher<AnyMessage>({ bind: "tcp://127.0.0.1:*", waitForSubscribers: 1, engine }),
    [Symbol.asyncDispose]: () => places[Symbol.asyncDispose](),
  };
}

for (const [socket, transport, engine] of [
  ["pub", "tcp", "zmtp"],
  ["pub", "ipc", "zmtp"],
  ["pub", "inproc", "zmtp"],
  ["push", "tcp", "zmtp"],
  ["push", "inproc", "zmtp"],
  ["pub", "tcp", "libzmq"],
  ["pub", "ipc", "libzmq"],
  ["push", "tcp", "libzmq"],
] as const) {
  describe(`zmq ${socket} publisher over ${transport}, engine ${engine}`, () => {
    const cases = publisherSuite({
      name: `zmq ${socket} publisher`,
      confirms: false,
      target: () => bound(socket, transport, engine),
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
