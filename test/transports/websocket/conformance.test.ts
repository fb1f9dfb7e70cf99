import { describe, test } from "vitest";
import type { Codec } from "../../../src/message/codec.ts";
import { jsonCodec } from "../../../src/message/json-codec.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { type PublisherTarget, publisherSuite } from "../../../src/testing/conformance/publisher.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { WebSocketListener } from "../../../src/transports/websocket/websocket-listener.ts";
import { WebSocketPublisher } from "../../../src/transports/websocket/websocket-publisher.ts";
import { BareServer, freePort, Patient } from "./ends.ts";

const NEVER_LOST = "a server has nobody to wait for: who goes away is one client fewer";

for (const codec of [nativeCodec, jsonCodec]) {
  describe(`websocket listener, codec ${codec.name}`, () => {
    const cases = listenerSuite({ name: "websocket listener", replay: "none", source: () => BareServer.open(codec) });
    for (const each of cases) test(each.name, each.run);
  });
}

/** Serves a listener that is there before the publisher, on a port that stays the same. */
async function served(codec: Codec): Promise<PublisherTarget> {
  const port = await freePort();
  const url = `ws://127.0.0.1:${port}/live`;
  return {
    make: () =>
      new WebSocketPublisher<AnyMessage>({ port, path: "/live", overflow: "drop-oldest", maxBytes: 64 * 1024 * 1024 }),
    read: () => new Patient(() => new WebSocketListener<AnyMessage>({ url, codec })),
    known: (publisher, readers) =>
      until(() => (publisher as WebSocketPublisher).clients.length === readers, `${readers} clients`),
    makeWaiting: () => new WebSocketPublisher<AnyMessage>({ port: 0, waitForClients: 1 }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

for (const codec of [nativeCodec, jsonCodec]) {
  describe(`websocket publisher, read as ${codec.name}`, () => {
    const cases = publisherSuite({
      name: "websocket publisher",
      confirms: false,
      target: () => served(codec),
      cannot: { "connection - a lost one makes publish fail with a retryable error": NEVER_LOST },
    });
    for (const each of cases) test(each.name, each.run);
  });
}
