import { expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import { Event } from "../../../src/message/event.ts";
import type { Message } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { ZmqListener } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { engine, withEachEngine } from "./engines.ts";
import { Places } from "./places.ts";

const PATIENCE_MS = 10_000;
const never = new AbortController().signal;

/** Remembers what an operator sees, in short. */
function remembering(seen: string[]): (message: Message) => Message {
  return (message) => {
    const what = message.type === "event" ? String(message.metadata.number) : message.type;
    seen.push(message.type === "stop" ? `stop ${message.reason}` : what);
    return message;
  };
}

withEachEngine(() => {
  test("two hops, pub and push - the account adds up over both", async () => {
    await using places = new Places();
    const [first, second] = [await places.free(), await places.free()];
    const seen: string[] = [];
    await using last = new Block({
      name: "last",
      listeners: [new ZmqListener({ bind: second, socket: "pull", engine: engine() })],
      operator: remembering(seen),
    });
    await last.ready();
    await using middle = new Block({
      name: "middle",
      listeners: [new ZmqListener({ connect: first, engine: engine() })],
      operator: (message) =>
        message.type === "event" && Number(message.metadata.number) % 2 === 1 ? undefined : message,
      publishers: [new ZmqPublisher({ connect: second, socket: "push", engine: engine() })],
    });
    const source = new ZmqPublisher({ bind: first, stream: "detector", waitForSubscribers: 1, engine: engine() });
    await Promise.all([source.open(never), middle.ready()]);

    await source.publish(new Start({}, { run: "r" }));
    for (let number = 0; number < 1000; number += 1) {
      await source.publish(new Event({ number }, new Uint8Array(10), { run: "r" }));
    }
    await source.publish(new Stop({}, { run: "r" }));
    await until(() => seen.at(-1) === "stop completed", "the Stop", PATIENCE_MS);
    expect(seen).toEqual(["start", ...Array.from({ length: 500 }, (_, half) => String(half * 2)), "stop completed"]);
    await source.close();

    const [run] = last.account.runs;
    expect(run).toMatchObject({ run: "r", ended: "completed", received: 502, finished: 502, lost: 0 });
    expect(last.account.hops.map((hop) => hop.block)).toContain("middle");
    expect(middle.account.runs[0]).toMatchObject({ received: 1002, finished: 1002, filtered: 500, lost: 0 });
  });

  test("a publisher that is replaced in the middle of a run - each life is a run of its own", async () => {
    await using places = new Places();
    const address = await places.free();
    const seen: string[] = [];
    await using block = new Block({
      name: "reader",
      listeners: [new ZmqListener({ connect: address, engine: engine() })],
      operator: remembering(seen),
    });
    await block.start();
    for (const number of [1, 2]) {
      const source = new ZmqPublisher({ bind: address, waitForSubscribers: 1, engine: engine() });
      await source.open(never);
      await source.publish(new Start({}, { run: "r" }));
      await source.publish(new Event({ number }, new Uint8Array(1), { run: "r" }));
      if (number === 2) await source.publish(new Stop({}, { run: "r" }));
      await source.close();
    }
    await until(() => seen.at(-1) === "stop completed", "the Stop", PATIENCE_MS);
    expect(seen).toEqual(["start", "1", "stop interrupted", "start", "2", "stop completed"]);
  });
});
