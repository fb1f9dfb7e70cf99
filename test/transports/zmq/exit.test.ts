import { fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { ZmqListener } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { engine, withEachEngine } from "./engines.ts";

const PATIENCE_MS = 20_000;
const CHILD = fileURLToPath(new URL("./forwarder-process.ts", import.meta.url));
const COUNT = 30;
const SIZE = 4 * 1024 * 1024;

/** Takes its time, so that the frames pile up before it. */
class SlowInlet extends RecordingInlet {
  override async putFrames(frames: readonly Uint8Array[]): Promise<void> {
    await pause(30);
    await super.putFrames(frames);
  }
}

withEachEngine(() => {
  test("a process that ends while received frames are on their way out - sends them all, and ends well", async () => {
    const small = { maxBytes: 2, messageBytes: 1, engine: engine() };
    const listener = new ZmqListener<AnyMessage>({ bind: "tcp://127.0.0.1:*", socket: "pull", ...small });
    await using reader = new Attempt(listener, PATIENCE_MS, new SlowInlet(nativeCodec));
    await reader.ready();
    const child = fork(CHILD, [listener.endpoints[0] as string, String(COUNT), engine()], {
      execArgv: ["--import", "tsx"],
    });
    const ended = new Promise<unknown[]>((resolve) => child.once("exit", (...how) => resolve(how)));
    const address = await new Promise<string>((resolve) => child.once("message", (text) => resolve(String(text))));

    const publisher = new ZmqPublisher({ connect: address, socket: "push", engine: engine() });
    await publisher.open(new AbortController().signal);
    for (let number = 0; number < COUNT; number += 1) {
      await publisher.publish(new Event({ number }, new Uint8Array(SIZE).fill(number + 1)));
    }
    expect(await ended).toEqual([0, null]);
    await reader.until(() => reader.inlet.taken.length === COUNT, "all events");
    for (const [number, message] of reader.inlet.messages.entries()) {
      const { payload } = message as Event<object, Uint8Array>;
      expect(payload.every((byte) => byte === number + 1)).toBe(true);
    }
    await publisher.close();
  }, 60_000);
});
