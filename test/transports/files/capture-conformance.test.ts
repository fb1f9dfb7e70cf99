import { describe, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { rawCodec } from "../../../src/message/raw-codec.ts";
import { type ListenerSource, listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { publisherSuite } from "../../../src/testing/conformance/publisher.ts";
import type { PublisherTarget } from "../../../src/testing/conformance/publisher-target.ts";
import { CaptureListener } from "../../../src/transports/files/capture/capture-listener.ts";
import { CapturePublisher, type CaptureSync } from "../../../src/transports/files/capture/capture-publisher.ts";
import { Folder } from "./folder.ts";

const FOLLOWS = "who follows a capture waits for what comes later; without following see replay.test.ts";
const NO_CONNECTION = "a file has no connection; a full disk is in disk-full.test.ts";
const NOBODY = "a file is there at once: nobody is waited for";

async function source(): Promise<ListenerSource> {
  const folder = await Folder.make();
  const path = folder.of("source.acap");
  const publisher = new CapturePublisher({ path, stream: "source" });
  await publisher.open(new AbortController().signal);
  const garbage = async (bytes: Uint8Array): Promise<void> => {
    await publisher.close();
    // The file says that it holds native messages, and these are none.
    const raw = new CapturePublisher({ path, codec: { ...rawCodec, name: nativeCodec.name } });
    await raw.open(new AbortController().signal);
    await raw.publish(new Event({}, bytes));
    await raw.close();
    await publisher.open(new AbortController().signal);
  };
  return {
    make: () => new CaptureListener({ path, group: "readers", follow: true }),
    send: (messages) => publisher.publishBatch(messages as never),
    sendGarbage: garbage,
    [Symbol.asyncDispose]: async () => {
      await publisher.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("capture listener", () => {
  const cases = listenerSuite({
    name: "capture listener",
    replay: "log",
    source,
    cannot: {
      "end - start returns when the source ends, after its last message": FOLLOWS,
      "connection - a lost one is a retryable error, or mended": NO_CONNECTION,
    },
  });
  for (const each of cases) test(each.name, each.run);
});

async function target(sync: CaptureSync): Promise<PublisherTarget> {
  const folder = await Folder.make();
  const path = folder.of("target.acap");
  return {
    make: () => new CapturePublisher({ path, sync }),
    read: () => new CaptureListener({ path, follow: true }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

for (const sync of ["close", "interval", "message"] as const) {
  describe(`capture publisher, sync ${sync}`, () => {
    const cases = publisherSuite({
      name: `capture publisher, sync ${sync}`,
      confirms: sync === "message",
      target: () => target(sync),
      cannot: {
        "connection - a lost one makes publish fail with a retryable error": NO_CONNECTION,
        "open - ends when its signal aborts": NOBODY,
      },
    });
    for (const each of cases) test(each.name, each.run);
  });
}
