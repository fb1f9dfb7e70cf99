import { afterEach, describe, expect, test } from "vitest";
import { AbortedError, SplitRunError } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { inTime, until } from "../../../src/testing/conformance/until.ts";
import type { ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";
import { withEachEngine } from "./engines.ts";
import { Places } from "./places.ts";
import { closeAll, event, PATIENCE_MS, publishing, Reader } from "./reader.ts";

afterEach(closeAll);

withEachEngine(() => {
  describe("push - to several", () => {
    test("each - gets every Start and Stop, and events go round", async () => {
      await using readers = await crowd(3);
      const publisher = await publishing({ connect: readers.all.map((one) => one.address), socket: "push" });
      expect(publisher.shared).toBe(true);
      await until(() => publisher.readers === 3, "all pullers");
      await publisher.publish(new Start({}, { run: "r" }));
      for (let number = 0; number < 300; number += 1) await publisher.publish(event(number, "r"));
      await publisher.publish(new Stop({}, { run: "r" }));
      for (const [index, reader] of readers.all.entries()) {
        await reader.until(() => reader.seen.at(-1) === "pr", "the Stop");
        expect(reader.seen[0]).toBe("sr");
        expect(reader.events).toEqual(Array.from({ length: 100 }, (_, turn) => turn * 3 + ((index + 3) % 3)));
        expect(reader.inlet.taken.every(({ decoded }) => decoded.hop?.shared === true)).toBe(true);
      }
    });

    test("one who never came - costs nothing, and gets the Start when he comes", async () => {
      await using places = new Places();
      const absent = await places.free();
      await using reader = new Reader({ bind: "tcp://127.0.0.1:*", socket: "pull" });
      await reader.ready();
      const publisher = await publishing({ connect: [absent, reader.address], socket: "push", lingerMs: 0 });
      await until(() => publisher.readers === 1, "one puller");
      await publisher.publish(new Start({}, { run: "r" }));
      for (let number = 0; number < 20; number += 1) await publisher.publish(event(number, "r"));
      await reader.until(() => reader.events.length === 20, "all events");
      await using late = new Reader({ bind: absent, socket: "pull" });
      await late.until(() => late.copies.length === 1, "the Start");
      expect(late.seen).toEqual([]);
      for (let number = 20; number < 30; number += 1) await publisher.publish(event(number, "r"));
      await publisher.publish(new Stop({}, { run: "r" }));
      for (const one of [late, reader]) await one.until(() => one.seen.at(-1) === "pr", "the Stop");
      expect(late.events).toHaveLength(5);
      expect([...reader.events, ...late.events].sort((a, b) => a - b)).toEqual([...Array(30).keys()]);
    });

    test("one who does not take - is left out, the others go on, and nothing is lost", async () => {
      await using readers = await crowd(2, { maxBytes: 2, messageBytes: 1 });
      const [slow, quick] = readers.all as [Reader, Reader];
      const options = { socket: "push", maxBytes: 2, messageBytes: 1 } as const;
      const publisher = await publishing({ connect: [slow.address, quick.address], ...options });
      await until(() => publisher.readers === 2, "both pullers");
      slow.inlet.shut();
      const payload = new Uint8Array(1_000_000);
      const count = 60;
      for (let number = 0; number < count; number += 1) await publisher.publish(new Event({ number }, payload));
      await quick.until(() => quick.events.length > count / 2, "more than half of it at the quick one");
      slow.inlet.open();
      await slow.until(() => slow.events.length + quick.events.length === count, "all events");
      expect([...slow.events, ...quick.events].sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
    });

    test("nobody there - publish waits, until somebody comes or close", async () => {
      await using places = new Places();
      const [first, second] = [await places.free(), await places.free()];
      const publisher = await publishing({ connect: [first, second], socket: "push", lingerMs: 0 });
      let isSent = false;
      const sending = Promise.resolve(publisher.publish(event(1))).then(() => {
        isSent = true;
      });
      await until(() => publisher.endpoints.length === 2, "the addresses");
      expect(isSent).toBe(false);
      await using reader = new Reader({ bind: second, socket: "pull" });
      await inTime(sending, "publish", PATIENCE_MS);
      await reader.until(() => reader.events.length === 1, "the event");
      await reader.abort();
      await until(() => publisher.readers === 0, "nobody there");
      const waiting = publisher.publish(event(2));
      const outcome = expect(waiting).rejects.toThrow(AbortedError);
      await publisher.close();
      await outcome;
    });
  });

  describe("push - that binds", () => {
    test("a second puller - is refused while runs flow, with the remedy", async () => {
      await using places = new Places();
      const address = await places.free();
      const publisher = await publishing({ bind: address, socket: "push" });
      expect(publisher.shared).toBe(true);
      await using first = new Reader({ connect: address, socket: "pull" });
      await publisher.publish(new Start({}, { run: "r" }));
      await using second = new Reader({ connect: address, socket: "pull" });
      await second.ready();
      await until(() => publisher.readers === 2, "two pullers");
      expect(() => publisher.publish(event(1, "r"))).toThrow(SplitRunError);
      expect(() => publisher.publish(event(1, "r"))).toThrow(
        /2 pullers are connected to tcp:.* split the run "r" between/,
      );
      expect(() => publisher.publish(new Start({}, { run: "s" }))).toThrow(/connect: \["tcp:\/\/...", "tcp:\/\/..."\]/);
      await second.abort();
      await until(() => publisher.readers === 1, "one puller");
      await publisher.publish(new Stop({}, { run: "r" }));
      await first.until(() => first.seen.at(-1) === "pr", "the Stop");
    });

    test("without runs - several pullers share", async () => {
      await using places = new Places();
      const address = await places.free();
      const publisher = await publishing({ bind: address, socket: "push" });
      await using first = new Reader({ connect: address, socket: "pull" });
      await using second = new Reader({ connect: address, socket: "pull" });
      await until(() => publisher.readers === 2, "two pullers");
      for (let number = 0; number < 100; number += 1) await publisher.publish(event(number));
      await first.until(() => first.events.length + second.events.length === 100, "all events");
      expect(first.events.length).toBe(50);
    });

    test("a puller that comes back - gets the Starts of the open runs again", async () => {
      await using places = new Places();
      const address = await places.free();
      const publisher = await publishing({ bind: address, socket: "push" });
      const first = new Reader({ connect: address, socket: "pull" });
      await publisher.publish(new Start({}, { run: "r" }));
      await first.until(() => first.seen.length === 1, "the Start");
      await first.abort();
      await until(() => publisher.readers === 0, "nobody there");
      await using second = new Reader({ connect: address, socket: "pull" });
      await second.until(() => second.copies.length === 1, "the Start again");
      await publisher.publish(event(1, "r"));
      await second.until(() => second.events.length === 1, "the event");
      expect(second.copies).toEqual(["r"]);
    });
  });
});

/** Gives pullers that are bound and ready. */
async function crowd(
  size: number,
  options: Partial<ZmqListenerOptions<AnyMessage>> = {},
): Promise<AsyncDisposable & { readonly all: readonly Reader[] }> {
  const all = Array.from({ length: size }, () => new Reader({ bind: "tcp://127.0.0.1:*", socket: "pull", ...options }));
  await Promise.all(all.map((reader) => reader.ready()));
  return {
    all,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((reader) => reader[Symbol.asyncDispose]()));
    },
  };
}
