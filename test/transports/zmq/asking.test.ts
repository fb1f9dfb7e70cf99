import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { karaboBridge } from "../../../src/formats/karabo-bridge/index.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { turns, until } from "../../../src/testing/conformance/until.ts";
import { Asker } from "../../../src/transports/zmq/asker.ts";
import type { AskingSocket } from "../../../src/transports/zmq/socket.ts";
import { ZmqListener, type ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";
import { AnsweringSource } from "./answering-source.ts";
import { engine, withEachEngine } from "./engines.ts";
import { event } from "./reader.ts";

const PATIENCE_MS = 10_000;

async function asking(options: Partial<ZmqListenerOptions<AnyMessage>> = {}) {
  const source = await AnsweringSource.open("tcp://127.0.0.1:*", engine());
  const listener = source.make(options);
  const attempt = new Attempt(listener, PATIENCE_MS);
  return {
    source,
    listener,
    attempt,
    async [Symbol.asyncDispose]() {
      await attempt[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
    },
  };
}

function wire(...numbers: number[]): (readonly Uint8Array[])[] {
  const write = nativeCodec.writer({ stream: "raw" });
  return numbers.flatMap((number) => write(event(number)));
}

function numbersOf({ inlet }: Attempt): unknown[] {
  return inlet.messages.map((message) => (message as Event).metadata["number"]);
}

for (const name of ["zmtp", "libzmq"] as const) {
  describe(`zmq req listener, engine ${name}`, () => {
    const cases = listenerSuite({
      name: "zmq req listener",
      replay: "none",
      source: () => AnsweringSource.open("tcp://127.0.0.1:*", name),
      cannot: {
        "end - start returns when the source ends, after its last message": "who answers may always answer again",
      },
    });
    for (const each of cases) test(each.name, each.run);
  });
}

withEachEngine(() => {
  describe("asking", () => {
    test("each answer is a message - and only then the next question comes", async () => {
      await using all = await asking();
      const { source, attempt } = all;
      await attempt.ready();
      source.answer(...wire(1, 2, 3));
      await attempt.until(() => attempt.inlet.taken.length === 3, "three messages");
      expect(numbersOf(attempt)).toEqual([1, 2, 3]);
      await until(() => source.questions.length === 4, "the next question");
      expect(new Set(source.questions)).toEqual(new Set(["next"]));
    });

    test("a queue that is full - asks nothing", async () => {
      await using all = await asking();
      const { source, attempt } = all;
      attempt.inlet.shut();
      source.answer(...wire(1, 2));
      await attempt.until(() => attempt.inlet.waiting === 1, "a message that waits");
      await turns(50);
      expect(source.questions.length).toBe(1);
      attempt.inlet.open();
      await attempt.until(() => attempt.inlet.taken.length === 2, "both messages");
    });

    test("another question - is sent as it is", async () => {
      await using all = await asking({ ask: Uint8Array.of(0x67, 0x65, 0x74) });
      await until(() => all.source.questions.length === 1, "a question");
      expect(all.source.questions).toEqual(["get"]);
    });

    test("an answer that does not come - is asked for again on a new connection, and counted", async () => {
      await using all = await asking({ answerTimeoutMs: 30 });
      const { source, attempt, listener } = all;
      for (let asked = 1; asked <= 3; asked += 1) {
        await until(() => source.questions.length === asked, `question ${asked}`);
        source.ignore();
      }
      // One that comes late goes to nobody: the next question gets the next answer.
      await until(() => {
        if (source.waiting === 0) source.answer(...wire(7));
        return attempt.inlet.taken.length > 0;
      }, "the answer");
      expect(new Set(numbersOf(attempt))).toEqual(new Set([7]));
      expect(listener.unanswered).toBeGreaterThanOrEqual(2);
      expect(attempt.inlet.warnings[0]).toBe(
        `ZmqListener: ${source.address}: no answer within 30 ms; asking again on a new connection`,
      );
      expect(attempt.inlet.connections.slice(-2)).toEqual([false, true]);
    });

    test("a connection that ends before the answer - is no reason to be stuck", async () => {
      await using all = await asking({ answerTimeoutMs: 0 });
      const { source, attempt, listener } = all;
      await until(() => source.questions.length === 1, "a question");
      await source.cut();
      source.answer(...wire(7));
      await attempt.until(() => attempt.inlet.taken.length === 1, "the answer");
      expect(listener.unanswered).toBe(1);
    });

    test("several who answer - are asked each for itself", async () => {
      const other = await AnsweringSource.open("tcp://127.0.0.1:*", engine());
      const source = await AnsweringSource.open("tcp://127.0.0.1:*", engine());
      await using attempt = new Attempt(source.make({ connect: [source.address, other.address] }), PATIENCE_MS);
      await until(() => source.questions.length + other.questions.length === 2, "a question to each");
      other.answer(...wire(2));
      source.answer(...wire(1));
      await attempt.until(() => attempt.inlet.taken.length === 2, "both answers");
      await attempt.abort();
      await source[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    });

    test("a train of many arrays - comes through the socket", async () => {
      await using all = await asking({ codec: karaboBridge() });
      const frames: Uint8Array[] = [];
      const write = karaboBridge().writer();
      const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`value-${index}`, index]));
      frames.push(...(write(new Event(many, Uint8Array.of(1)))[0] as readonly Uint8Array[]));
      all.source.answer(frames);
      await all.attempt.until(() => all.attempt.inlet.taken.length === 2, "a train");
      expect(all.attempt.inlet.rejections).toEqual([]);
    });
  });
});

describe("who answers with no messages", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is asked less and less often, until a message comes", async () => {
    let questions = 0;
    let isBad = true;
    const socket: AskingSocket = {
      peers: 1,
      bind: async () => "",
      connect: () => undefined,
      close: () => undefined,
      ask: async () => {
        questions += 1;
        return [new Uint8Array(1)];
      },
    };
    const asker = await Asker.open({
      question: new Uint8Array(0),
      timeoutMs: 0,
      news: { peers: () => undefined, trouble: () => undefined },
      make: async () => socket,
      wasRejected: () => isBad,
      unanswered: () => undefined,
    });
    const reading = asker.receive(() => undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    // Pauses of half of what they may be: 50 ms doubled up to 2.5 s.
    expect(questions).toBeGreaterThan(8);
    expect(questions).toBeLessThan(40);
    isBad = false;
    const before = questions;
    const taken = new Promise<void>((resolve) => {
      socket.ask = async () => {
        questions += 1;
        if (questions > before + 100) {
          asker.close();
          resolve();
        }
        return [new Uint8Array(1)];
      };
    });
    await vi.advanceTimersByTimeAsync(5_000);
    await taken;
    await reading;
  });
});

describe("options", () => {
  test.each<[string, object, RegExp]>([
    ["a question without a req", { connect: "tcp://h:1", ask: "next" }, /ask: only a req asks; use socket: "req"/],
    [
      "a question that is none",
      { connect: "tcp://h:1", socket: "req", ask: 5 },
      /ask: expected a text or bytes, got 5/,
    ],
    ["a time without a req", { connect: "tcp://h:1", answerTimeoutMs: 5 }, /answerTimeoutMs: only a req asks/],
    ["a time that is none", { connect: "tcp://h:1", socket: "req", answerTimeoutMs: -1 }, /a whole number from 0 on/],
    ["a req that binds", { bind: "tcp://127.0.0.1:1", socket: "req" }, /bind: a req calls who answers; use connect/],
    ["topics", { connect: "tcp://h:1", socket: "req", topics: ["a"] }, /topics: a req takes what it is given/],
    ["reused buffers", { connect: "tcp://h:1", socket: "req", reuseBuffers: true }, /reuseBuffers: a req cannot/],
  ])("%s - is refused by the constructor", (_, options, message) => {
    expect(() => new ZmqListener(options as never)).toThrow(message);
  });
});
