import { describe, test } from "vitest";
import type { AnyMessage } from "../../../src/message/message.ts";
import { type ListenerSource, listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { publisherSuite } from "../../../src/testing/conformance/publisher.ts";
import type { PublisherTarget } from "../../../src/testing/conformance/publisher-target.ts";
import { MemoryChannel, type MemoryChannelMode } from "../../../src/transports/memory/memory-channel.ts";
import { MemoryListener } from "../../../src/transports/memory/memory-listener.ts";
import { MemoryPublisher } from "../../../src/transports/memory/memory-publisher.ts";

const OBJECTS = "messages are passed on as objects";
const NO_CONNECTION = "there is no connection within a process";

async function source(mode: MemoryChannelMode): Promise<ListenerSource> {
  const channel = new MemoryChannel<AnyMessage>({ mode });
  const publisher = new MemoryPublisher({ channel, stream: "source" });
  await publisher.open(new AbortController().signal);
  return {
    make: () => new MemoryListener({ channel, ...(mode === "log" ? { group: "readers" } : {}) }),
    send: (messages) => publisher.publishBatch(messages),
    end: () => publisher.close(),
    [Symbol.asyncDispose]: async () => channel[Symbol.dispose](),
  };
}

function target(mode: MemoryChannelMode): PublisherTarget {
  const channel = new MemoryChannel<AnyMessage>({ mode });
  return {
    make: () => new MemoryPublisher({ channel, endOnClose: false }),
    makeWaiting: () => new MemoryPublisher({ channel, waitForReaders: 100 }),
    read: () => new MemoryListener({ channel }),
    [Symbol.asyncDispose]: async () => channel[Symbol.dispose](),
  };
}

for (const mode of ["live", "log"] as const) {
  describe(`memory ${mode} listener`, () => {
    const cases = listenerSuite({
      name: `memory ${mode} listener`,
      replay: mode === "live" ? "none" : "log",
      source: () => source(mode),
      cannot: {
        "garbage - does not end the listener, and the next message arrives": OBJECTS,
        "connection - a lost one is a retryable error, or mended": NO_CONNECTION,
      },
    });
    for (const each of cases) test(each.name, each.run);
  });

  describe(`memory ${mode} publisher`, () => {
    const cases = publisherSuite({
      name: `memory ${mode} publisher`,
      confirms: mode === "log",
      target: () => target(mode),
      cannot: { "connection - a lost one makes publish fail with a retryable error": NO_CONNECTION },
    });
    for (const each of cases) test(each.name, each.run);
  });
}
