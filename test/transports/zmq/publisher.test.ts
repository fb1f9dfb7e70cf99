import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { AbortedError, UsageError } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { inTime, until } from "../../../src/testing/conformance/until.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { engine, withEachEngine } from "./engines.ts";
import { Places } from "./places.ts";
import { closeAll, event, never, PATIENCE_MS, publishing, Reader } from "./reader.ts";

afterEach(closeAll);

withEachEngine(() => {
  describe("pub - waitForSubscribers", () => {
    test("two - holds open until both are there, with whatever topics", async () => {
      await using places = new Places();
      const address = await places.free();
      const publisher = new ZmqPublisher({ bind: address, waitForSubscribers: 2, engine: engine() });
      let isOpen = false;
      const opening = publisher.open(never).then(() => {
        isOpen = true;
      });
      await using first = new Reader({ connect: address, topics: ["a", "b", "c"] });
      await first.ready();
      await until(() => publisher.readers === 1, "one subscriber");
      expect(isOpen).toBe(false);
      await using second = new Reader({ connect: address });
      await opening;
      await publisher.publish(new Start({}, { run: "r" }));
      await first.until(() => first.seen.length === 1, "the Start at the first");
      await second.until(() => second.seen.length === 1, "the Start at the second");
      await publisher.close();
    });

    test("nobody comes - open ends with its signal, and with close", async () => {
      const stop = new AbortController();
      const publisher = new ZmqPublisher({ bind: "tcp://127.0.0.1:*", waitForSubscribers: 1, engine: engine() });
      const opening = publisher.open(stop.signal);
      stop.abort();
      await expect(opening).rejects.toThrow(AbortedError);
      const again = publisher.open(never);
      const outcome = expect(again).rejects.toThrow("waiting for 1 subscribers: stopped before it was finished");
      await until(() => publisher.endpoints.length > 0, "the address");
      await publisher.close();
      await outcome;
    });
  });

  describe("pub - who joins late", () => {
    test("with a topic of its own - gets the Starts of the open runs first, then the events", async () => {
      await using places = new Places();
      const address = await places.free();
      const publisher = await publishing({ bind: address, topic: "t" });
      for (const run of ["one", "two", "three"]) await publisher.publish(new Start({ scan: run }, { run }));
      await publisher.publish(event(1, "one"));
      await publisher.publish(new Stop({}, { run: "two" }));
      await using late = new Reader({ connect: address, topics: ["t"] });
      await late.until(() => late.copies.length === 2, "the Starts of the open runs");
      await publisher.publish(event(2, "one"));
      await publisher.publish(new Stop({}, { run: "one" }));
      await late.until(() => late.seen.length === 2, "what came afterwards");
      expect(late.copies).toEqual(["one", "three"]);
      expect(late.seen).toEqual(["e2", "pone"]);
      expect(late.inlet.copies.every(({ decoded }) => (decoded.message as Start).resumed)).toBe(true);
      expect(late.inlet.copies[0]?.decoded.message).toMatchObject({ data: { scan: "one" } });
    });

    test("a flood of subscribers - all get the Starts", async () => {
      await using places = new Places();
      const address = await places.free();
      const publisher = await publishing({ bind: address });
      await publisher.publish(new Start({}, { run: "r" }));
      const crowd = Array.from({ length: 40 }, () => new Reader({ connect: address }));
      for (const reader of crowd) await reader.until(() => reader.copies.length > 0, "a Start");
      expect(publisher.readers).toBe(40);
      await Promise.all(crowd.map((reader) => reader.abort()));
      await until(() => publisher.readers === 0, "nobody left");
    });
  });

  describe("signs of life", () => {
    test("while a run is open - name the open runs, and end with it", async () => {
      await using places = new Places();
      const address = await places.free();
      const publisher = await publishing({ bind: address, stream: "detector", waitForSubscribers: 0 });
      await using reader = new Reader({ connect: address });
      await until(() => publisher.readers === 1, "a subscriber");
      await publisher.publish(new Start({}, { run: "r" }));
      await publisher.publish(event(1, "r"));
      await reader.until(() => reader.inlet.control.length > 0, "a sign of life");
      const { hop, stream } = reader.inlet.control[0]?.decoded ?? {};
      expect(stream).toBe("detector");
      expect(hop?.open).toEqual(["r"]);
      await publisher.publish(new Stop({}, { run: "r" }));
      await reader.until(() => reader.seen.length === 3, "the Stop");
      expect(reader.seen).toEqual(["sr", "e1", "pr"]);
    });
  });

  describe("life", () => {
    test("a publisher on the same port again - its readers read on", async () => {
      await using places = new Places();
      const address = await places.free();
      await using reader = new Reader({ connect: address });
      for (let life = 0; life < 3; life += 1) {
        const publisher = await publishing({ bind: address, waitForSubscribers: 1 });
        await publisher.publish(event(life));
        await publisher.close();
      }
      await reader.until(() => reader.events.length === 3, "a message of each life");
      expect(reader.events).toEqual([0, 1, 2]);
      const incarnations = reader.inlet.taken.map(({ decoded }) => decoded.hop?.incarnation);
      expect(new Set(incarnations).size).toBe(3);
    });

    test("close - resolves when what was published has left, also to a slow reader", async () => {
      // Of what is too much for the kernel, ours lets one message wait, libzmq many.
      const [count, bytes] = engine() === "zmtp" ? [1, 30_000_000] : [30, 1_000_000];
      await using reader = new Reader({ bind: "tcp://127.0.0.1:*", socket: "pull", maxBytes: 2, messageBytes: 1 });
      await reader.ready();
      const publisher = await publishing({ connect: reader.address, socket: "push" });
      reader.inlet.shut();
      for (let number = 0; number < count; number += 1) {
        await publisher.publish(new Event({ number }, new Uint8Array(bytes)));
      }
      let isClosed = false;
      const closing = publisher.close().then(() => {
        isClosed = true;
      });
      await reader.until(() => reader.inlet.waiting > 0, "a put that waits");
      expect(isClosed).toBe(false);
      reader.inlet.open();
      await inTime(closing, "close", PATIENCE_MS);
      await reader.until(() => reader.events.length === count, "all events");
    });

    test("close - ends after its linger where nobody takes, and says what that means", async () => {
      await using places = new Places();
      const publisher = new ZmqPublisher({
        connect: await places.free(),
        socket: "push",
        lingerMs: 50,
        engine: engine(),
      });
      const warnings: string[] = [];
      publisher.onWarning = (message) => warnings.push(message);
      await publisher.open(never);
      await publisher.publish(event(1));
      await inTime(publisher.close(), "close", PATIENCE_MS);
      expect(warnings).toEqual(["ZmqPublisher: 50 ms after close some messages had no taker and are lost"]);
    });

    test("publish before open, and after close - is refused", async () => {
      const publisher = new ZmqPublisher({ bind: "tcp://127.0.0.1:*", engine: engine() });
      expect(() => publisher.publish(event(1))).toThrow(UsageError);
      await publisher.open(never);
      await expect(publisher.open(never)).rejects.toThrow(/is open already/);
      await publisher.close();
      expect(() => publisher.publish(event(1))).toThrow(/is not open; call open before publish/);
    });

    test("an address for everybody - is a warning", async () => {
      const publisher = new ZmqPublisher({ bind: "tcp://*:*", engine: engine() });
      const warnings: string[] = [];
      publisher.onWarning = (message) => warnings.push(message);
      await publisher.open(never);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/^ZmqPublisher: tcp:\/\/\*:\* can be reached by anybody on the network/);
      await publisher.close();
    });
  });

  describe("ipc", () => {
    test("a path where somebody answers - is refused, and he is not disturbed", async () => {
      await using places = new Places();
      const address = await places.free("ipc");
      const first = await publishing({ bind: address });
      await expect(publishing({ bind: address })).rejects.toThrow(/cannot bind to ipc:.*: another socket is there/);
      await using reader = new Reader({ connect: address });
      await reader.ready();
      await until(() => first.readers === 1, "a subscriber");
    });

    test("the file - goes with the socket", async () => {
      await using places = new Places();
      const address = await places.free("ipc");
      const path = address.slice("ipc://".length);
      const publisher = await publishing({ bind: address });
      expect(existsSync(path)).toBe(true);
      await publisher.close();
      expect(existsSync(path)).toBe(false);
    });
  });
});
