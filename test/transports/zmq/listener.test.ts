import { describe, expect, test } from "vitest";
import { Publisher, Push } from "zeromq";
import { RejectedError } from "../../../src/errors.ts";
import type { Writer } from "../../../src/message/codec.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage, Message } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { ZmqListener, type ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { SEED, Seeded } from "../../corpus/seeded.ts";
import { engine, withEachEngine } from "./engines.ts";
import { Places } from "./places.ts";

const PATIENCE_MS = 10_000;
const never = new AbortController().signal;

function reading(options: ZmqListenerOptions<AnyMessage>, inlet?: RecordingInlet): Attempt & { listener: ZmqListener } {
  const listener = new ZmqListener<AnyMessage>({ engine: engine(), ...options });
  return Object.assign(new Attempt(listener, PATIENCE_MS, inlet), { listener: listener as unknown as ZmqListener });
}

function event(number: number, run?: string): Event {
  return new Event({ number }, Uint8Array.of(number % 256), run === undefined ? {} : { run });
}

function numbers(attempt: Attempt): unknown[] {
  return attempt.inlet.messages.flatMap((message) => (message.type === "event" ? [message.metadata.number] : []));
}

/** Sends messages of the native codec from a plain socket of the package. */
async function push(socket: Push, writer: Writer, ...messages: Message[]): Promise<void> {
  for (const message of messages) for (const frames of writer(message)) await socket.send(frames as Uint8Array[]);
}

withEachEngine(() => {
  describe("readiness", () => {
    test("nobody there - is a state and not an error; ready when somebody comes", async () => {
      await using places = new Places();
      const address = await places.free();
      await using attempt = reading({ connect: address });
      await attempt.until(() => attempt.inlet.connections.length > 0, "news of the connection");
      expect(attempt.inlet.connections).toEqual([false]);
      expect(attempt.inlet.readyAt).toEqual([]);
      const publisher = new ZmqPublisher({ bind: address, engine: engine() });
      await publisher.open(never);
      await attempt.ready();
      expect(attempt.inlet.connections).toEqual([false, true]);
      await publisher.close();
      await attempt.until(() => attempt.inlet.connections.length === 3, "news of the loss");
      expect(attempt.inlet.connections).toEqual([false, true, false]);
      expect(attempt.ending).toBeUndefined();
    });

    test("a wildcard port - stands in endpoints once ready", async () => {
      await using attempt = reading({ bind: ["tcp://127.0.0.1:*", "ipc://*"], socket: "pull" });
      await attempt.ready();
      const [tcp, ipc] = attempt.listener.endpoints;
      expect(tcp).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d+$/);
      expect(ipc).toMatch(/^ipc:\/\/.+/);
      const publisher = new ZmqPublisher({ connect: tcp as string, socket: "push", engine: engine() });
      await publisher.open(never);
      await publisher.publish(event(1));
      await attempt.until(() => attempt.inlet.taken.length === 1, "a message");
      await publisher.close();
      await attempt.abort();
      expect(attempt.listener.endpoints).toEqual([]);
    });

    test("bound and connected at once - reads from both", async () => {
      await using places = new Places();
      const there = await places.free();
      const first = new ZmqPublisher({ bind: there, socket: "push", engine: engine() });
      await first.open(never);
      await using attempt = reading({ bind: "tcp://127.0.0.1:*", connect: there, socket: "pull" });
      await attempt.ready();
      const [bound, connected] = attempt.listener.endpoints;
      expect(connected).toBe(there);
      const second = new ZmqPublisher({ connect: bound as string, socket: "push", engine: engine() });
      await second.open(never);
      await first.publish(event(1));
      await second.publish(event(2));
      await attempt.until(() => attempt.inlet.taken.length === 2, "both messages");
      expect(numbers(attempt).sort()).toEqual([1, 2]);
      await Promise.all([first.close(), second.close()]);
    });

    test("inproc - is ready, and reads what was published before it came", async () => {
      await using places = new Places();
      const address = await places.free("inproc");
      const publisher = new ZmqPublisher({ connect: address, socket: "push", engine: engine() });
      await publisher.open(never);
      await publisher.publish(event(1));
      await using attempt = reading({ bind: address, socket: "pull" });
      await attempt.ready();
      await attempt.until(() => attempt.inlet.taken.length === 1, "the message");
      expect(attempt.inlet.connections).toEqual([true]);
      await publisher.close();
    });
  });

  describe("topics", () => {
    test("some - come with all Starts and Stops, and the inlet knows them", async () => {
      await using places = new Places();
      const address = await places.free();
      const publisher = new ZmqPublisher<Message>({
        bind: address,
        engine: engine(),
        topic: (message) => (message.type === "event" ? String(message.metadata.topic) : ""),
        waitForSubscribers: 1,
      });
      await using attempt = reading({ connect: address, topics: ["de", "bpm"] });
      await publisher.open(never);
      const topics = ["detector", "motor", "bpm1", "de", "d"];
      await publisher.publish(new Start({}, { run: "r" }));
      for (const topic of topics) await publisher.publish(new Event({ topic }, Uint8Array.of(1), { run: "r" }));
      await publisher.publish(new Stop({}, { run: "r" }));
      await attempt.until(() => attempt.inlet.messages.at(-1)?.type === "stop", "the Stop");
      const seen = attempt.inlet.messages.map((one) => (one.type === "event" ? one.metadata.topic : one.type));
      expect(seen).toEqual(["start", "detector", "bpm1", "de", "stop"]);
      expect(attempt.inlet.followed).toEqual([["!arroyo", "de", "bpm"]]);
      await publisher.close();
    });

    test("one that covers everything - is the only subscription", async () => {
      await using attempt = reading({ bind: "tcp://127.0.0.1:*", topics: ["", "a"] });
      await attempt.ready();
      expect(attempt.inlet.followed).toEqual([["", "a"]]);
    });
  });

  describe("what comes from outside", () => {
    test(`random frames - are rejected one by one, and what is right goes through (seed ${SEED})`, async () => {
      await using attempt = reading({ bind: "tcp://127.0.0.1:*", socket: "pull" });
      await attempt.ready();
      const socket = new Push({ linger: 0 });
      socket.connect(attempt.listener.endpoints[0] as string);
      const writer = nativeCodec.writer();
      const random = new Seeded(SEED);
      let good = 0;
      for (let round = 0; round < 300; round += 1) {
        const frames = Array.from({ length: 1 + random.below(5) }, () =>
          Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256))),
        );
        await socket.send(frames);
        if (round % 10 !== 0) continue;
        await push(socket, writer, event(good));
        good += 1;
      }
      await socket.send(Array.from({ length: 5000 }, () => Buffer.from("x")));
      await push(socket, writer, event(good));
      await attempt.until(() => attempt.inlet.taken.length === good + 1, "the last message");
      expect(numbers(attempt)).toEqual(Array.from({ length: good + 1 }, (_, number) => number));
      expect(attempt.inlet.rejections).toHaveLength(301);
      socket.close();
    });

    test("a frame over the limit - ends the connection, which comes back", async () => {
      await using places = new Places();
      const address = await places.free();
      const socket = new Push({ linger: 0 });
      await socket.bind(address);
      await using attempt = reading({ connect: address, socket: "pull", limits: { maxMessageBytes: 1000 } });
      await attempt.ready();
      const writer = nativeCodec.writer();
      await push(socket, writer, event(1));
      await socket.send(Buffer.alloc(2000));
      await attempt.until(() => attempt.inlet.connections.at(-1) === false, "the end of the connection");
      await attempt.until(() => attempt.inlet.connections.at(-1) === true, "the connection again");
      await push(socket, writer, event(2));
      await attempt.until(() => attempt.inlet.taken.length === 2, "the message after it");
      socket.close();
    });

    test("a socket of another kind - is a warning that says so, and what is right later works", async () => {
      await using places = new Places();
      const address = await places.free();
      const wrong = new Push({ linger: 0 });
      await wrong.bind(address);
      await using attempt = reading({ connect: address });
      await attempt.until(() => attempt.inlet.warnings.length > 0, "a warning");
      expect(attempt.inlet.warnings[0]).toMatch(
        /^ZmqListener: tcp:.*: a connection (ended before|is a PUSH).*a SUB can only/,
      );
      wrong.close();
      const publisher = new ZmqPublisher({ bind: address, engine: engine() });
      await publisher.open(never);
      await attempt.ready();
      await publisher.close();
    });

    test("an address for everybody - is a warning", async () => {
      await using attempt = reading({ bind: "tcp://0.0.0.0:*" });
      await attempt.ready();
      expect(attempt.inlet.warnings).toEqual([
        "ZmqListener: tcp://0.0.0.0:* can be reached by anybody on the network, without authentication; " +
          "bind to 127.0.0.1 or to an ipc path, or give curve keys or plain.users",
      ]);
    });

    test("what expect throws - rejects the message with its reason", async () => {
      const expectOdd = (message: Message): Message => {
        if (message.type === "event" && Number(message.metadata.number) % 2 === 0)
          throw new Error("even numbers are wrong");
        return message;
      };
      const listener = new ZmqListener<AnyMessage>({ bind: "tcp://127.0.0.1:*", socket: "pull", expect: expectOdd });
      await using attempt = new Attempt(listener, PATIENCE_MS);
      await attempt.ready();
      const publisher = new ZmqPublisher({ connect: listener.endpoints[0] as string, socket: "push" });
      await publisher.open(never);
      for (const number of [1, 2, 3]) await publisher.publish(event(number));
      await attempt.until(() => attempt.inlet.taken.length === 2, "the odd ones");
      expect(numbers(attempt)).toEqual([1, 3]);
      expect(attempt.inlet.rejections.map((error) => error.reason)).toEqual(["expect: even numbers are wrong"]);
      expect(attempt.inlet.rejections[0]).toBeInstanceOf(RejectedError);
      await publisher.close();
    });

    test("a large payload - is the received buffer itself", async () => {
      await using attempt = reading({ bind: "tcp://127.0.0.1:*", socket: "pull" });
      await attempt.ready();
      const socket = new Push({ linger: 0 });
      socket.connect(attempt.listener.endpoints[0] as string);
      await push(socket, nativeCodec.writer(), new Event({}, new Uint8Array(1_000_000).fill(7)));
      await attempt.until(() => attempt.inlet.taken.length === 1, "the message");
      const { payload } = attempt.inlet.messages[0] as Event<object, Uint8Array>;
      expect(payload.byteLength).toBe(1_000_000);
      expect(payload.buffer.byteLength).toBe(payload.byteLength);
      socket.close();
    });
  });

  describe("the end", () => {
    test("abort while nobody answers - start returns", async () => {
      await using places = new Places();
      await using attempt = reading({ connect: [await places.free(), await places.free()] });
      await attempt.until(() => attempt.inlet.connections.length > 0, "news of the connection");
      expect(await attempt.abort()).toEqual({ how: "ended" });
    });

    test("an inlet that throws - ends start with its error", async () => {
      class Throwing extends RecordingInlet {
        override putFrames(): Promise<void> {
          return Promise.reject(new Error("the queue is broken"));
        }
      }
      await using places = new Places();
      const address = await places.free();
      const socket = new Publisher({ linger: 0 });
      await socket.bind(address);
      await using attempt = reading({ connect: address }, new Throwing(nativeCodec));
      await attempt.ready();
      let ended = false;
      void attempt.ended().then(() => {
        ended = true;
      });
      await until(() => {
        void socket.send("anything");
        return ended;
      }, "the end");
      expect(attempt.ending).toMatchObject({ how: "failed", error: { message: "the queue is broken" } });
      socket.close();
    });

    test("the address of a listener that ended - is free at once", async () => {
      await using places = new Places();
      const address = await places.free();
      for (let round = 0; round < 5; round += 1) {
        await using attempt = reading({ bind: address, socket: "pull" });
        await attempt.ready();
      }
    });

    test("a folder that does not exist - is wrong use", async () => {
      const attempt = reading({ bind: "ipc:///nowhere/to/be/found", socket: "pull" });
      const { how, error } = (await attempt.ended()) as { how: string; error?: unknown };
      expect(how).toBe("failed");
      expect(String(error)).toContain("the folder does not exist; make it first");
    });

    test("an address in use - is an error that can be retried", async () => {
      await using places = new Places();
      const address = await places.free();
      await using first = reading({ bind: address, socket: "pull" });
      await first.ready();
      const second = reading({ bind: address, socket: "pull" });
      expect(await second.ended()).toMatchObject({
        how: "failed",
        error: {
          code: "CONNECTION",
          retryable: true,
          message: `ZmqListener: cannot bind to ${address}: the address is in use; stop the other program, or use another address`,
        },
      });
    });
  });
});
