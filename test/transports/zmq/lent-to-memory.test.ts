import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import { Event } from "../../../src/message/event.ts";
import type { Message } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { MemoryChannel } from "../../../src/transports/memory/memory-channel.ts";
import { MemoryListener } from "../../../src/transports/memory/memory-listener.ts";
import { MemoryPublisher } from "../../../src/transports/memory/memory-publisher.ts";
import { ZmqListener } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { Places } from "./places.ts";

const EVENTS = 200;
const BYTES = 300_000;

test("reused buffers - a block behind a channel, which is slower, sees each event as it was", async () => {
  await using places = new Places();
  const address = await places.free("ipc");
  const channel = new MemoryChannel();
  const before = new Block({
    name: "before",
    listeners: [new ZmqListener({ bind: address, socket: "pull", reuseBuffers: true })],
    publishers: [new MemoryPublisher({ channel })],
  });
  const seen: boolean[] = [];
  let over = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    over = resolve;
  });
  const behind = new Block({
    name: "behind",
    listeners: [new MemoryListener({ channel })],
    operator: async (message: Message) => {
      await setImmediate();
      if (message.type === "stop") over();
      if (message.type !== "event") return;
      const payload = message.payload as Uint8Array;
      const byte = (message.metadata["index"] as number) & 255;
      seen.push(payload[0] === byte && payload[BYTES - 1] === byte);
    },
  });
  await behind.start();
  await before.ready();
  const source = new ZmqPublisher({ connect: address, socket: "push", stream: "camera" });
  await source.open(new AbortController().signal);
  await source.publish(new Start({}, { run: "r" }));
  for (let index = 0; index < EVENTS; index += 1) {
    await source.publish(new Event({ index }, new Uint8Array(BYTES).fill(index), { run: "r" }));
  }
  await source.publish(new Stop({}, { run: "r" }));
  await stopped;
  await source.close();
  await before.stop();
  await behind.stop();
  expect(seen).toEqual(new Array(EVENTS).fill(true));
});
