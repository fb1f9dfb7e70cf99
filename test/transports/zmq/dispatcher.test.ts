import { describe, expect, test } from "vitest";
import { isRetryable } from "../../../src/errors.ts";
import { bsread } from "../../../src/formats/bsread/index.ts";
import { Block } from "../../../src/index.ts";
import type { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { ZmqDispatcher } from "../../../src/transports/zmq/dispatcher.ts";
import { ZmqListener, type ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { type Reply, TestDispatcher } from "./dispatching.ts";
import { engine, withEachEngine } from "./engines.ts";
import { Places } from "./places.ts";
import { event, never } from "./reader.ts";

const PATIENCE_MS = 10_000;

function listening(
  dispatcher: Partial<ZmqDispatcher>,
  options: Partial<ZmqListenerOptions<AnyMessage>> = {},
): ZmqListener<AnyMessage> {
  const all = { channels: ["SIM:ONE"], timeoutMs: 3000, ...dispatcher } as ZmqDispatcher;
  return new ZmqListener<AnyMessage>({ engine: engine(), dispatcher: all, ...options });
}

/** Makes one attempt and gives the error with which it ended. */
async function failure(listener: ZmqListener<AnyMessage>): Promise<Error> {
  const attempt = new Attempt(listener, PATIENCE_MS);
  const ending = await attempt.ended();
  if (ending.how === "ended") throw new Error("it ended without an error");
  return ending.error as Error;
}

async function publishing(options: ConstructorParameters<typeof ZmqPublisher>[0]): Promise<ZmqPublisher> {
  const publisher = new ZmqPublisher({ engine: engine(), lingerMs: 0, ...options });
  await publisher.open(never);
  return publisher;
}

withEachEngine(() => {
  describe("a dispatched stream", () => {
    test("push_pull - is asked for, read, and given back", async () => {
      const publisher = await publishing({ bind: "tcp://127.0.0.1:*", socket: "push" });
      const [address] = publisher.endpoints as [string];
      await using dispatcher = await TestDispatcher.open(address);
      const channels = ["SIM:ONE", { name: "SIM:TWO", modulo: 10 }];
      const request = { verify: true, mapping: { incomplete: "provide-as-is" } };
      const headers = { authorization: "Bearer hush" };
      const listener = listening({ url: `${dispatcher.url}/`, channels, request, headers });
      await using attempt = new Attempt(listener, PATIENCE_MS);
      await attempt.ready();
      expect(listener.endpoints).toEqual([address]);
      await publisher.publish(event(1));
      await attempt.until(() => attempt.inlet.taken.length === 1, "an event");
      await attempt.abort();
      await publisher.close();
      const [asked] = dispatcher.of("POST");
      expect(asked).toMatchObject({ path: "/sf/stream", type: "application/json" });
      expect(asked?.headers.authorization).toBe("Bearer hush");
      expect(JSON.parse(asked?.body ?? "")).toEqual({
        verify: true,
        mapping: { incomplete: "provide-as-is" },
        channels: [{ name: "SIM:ONE" }, { name: "SIM:TWO", modulo: 10 }],
        streamType: "push_pull",
      });
      expect(dispatcher.of("DELETE")).toMatchObject([{ path: "/sf/stream", body: address }]);
    });

    test("pub_sub - is asked for where the socket is a sub", async () => {
      const publisher = await publishing({ bind: "tcp://127.0.0.1:*" });
      await using dispatcher = await TestDispatcher.open(publisher.endpoints[0] as string);
      await using attempt = new Attempt(listening({ url: dispatcher.url }, { socket: "sub" }), PATIENCE_MS);
      await until(() => publisher.readers === 1, "a subscriber");
      await publisher.publish(event(1));
      await attempt.until(() => attempt.inlet.taken.length === 1, "an event");
      expect(JSON.parse(dispatcher.of("POST")[0]?.body ?? "")).toMatchObject({ streamType: "pub_sub" });
      await attempt.abort();
      await publisher.close();
    });

    test("the end of a stream - asks for another, and nothing that had come is missing", async () => {
      await using places = new Places();
      const addresses = [await places.free(), await places.free()];
      const first = await publishing({ bind: addresses[0] as string, socket: "push", lingerMs: 5000 });
      await using dispatcher = await TestDispatcher.open(addresses[0] as string);
      const seen: unknown[] = [];
      await using block = new Block({
        name: "reader",
        listeners: [listening({ url: dispatcher.url })],
        operator: (message: AnyMessage) => {
          seen.push((message as Event).metadata["number"]);
        },
        maxMessages: 1,
      });
      await block.start();
      for (let number = 0; number < 50; number += 1) await first.publish(event(number));
      dispatcher.reply(addresses[1] as string);
      await first.close();
      const second = await publishing({ bind: addresses[1] as string, socket: "push" });
      const sent = second.publish(event(50));
      await until(() => seen.length === 51, "all events", PATIENCE_MS);
      await sent;
      expect(seen).toEqual(Array.from({ length: 51 }, (_, number) => number));
      expect(dispatcher.of("DELETE").map(({ body }) => body)).toEqual([addresses[0]]);
      await block.stop();
      await second.close();
    });

    test("nobody at the address - is found out, and can be tried again", async () => {
      await using places = new Places();
      await using dispatcher = await TestDispatcher.open(await places.free());
      const error = await failure(listening({ url: dispatcher.url, timeoutMs: 50 }));
      expect(error.message).toMatch(/^ZmqListener: tcp:\S+: the stream is over; asking the dispatcher for another$/);
      expect(isRetryable(error)).toBe(true);
    });

    test("500 channels - come through the socket in one message", async () => {
      const codec = bsread();
      const publisher = await publishing({ bind: "tcp://127.0.0.1:*", socket: "push", codec });
      await using dispatcher = await TestDispatcher.open(publisher.endpoints[0] as string);
      const seen: Event[] = [];
      await using block = new Block({
        name: "reader",
        listeners: [listening({ url: dispatcher.url }, { codec })],
        operator: (message: AnyMessage) => {
          if (message.type === "event") seen.push(message as Event);
        },
      });
      await block.start();
      const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`SIM:${index}`, index]));
      const empty = event(1);
      await publisher.publish(empty.with({ metadata: many }));
      await until(() => seen.length === 1, "the event");
      const { values } = (seen[0] as Event).metadata as { values: Record<string, unknown> };
      expect(Object.keys(values).length).toBeGreaterThanOrEqual(500);
      expect(values["SIM:499"]).toBe(499);
      const account = await block.stop();
      expect(account.rejected).toBe(0);
      await publisher.close();
    });

    test("a message with more frames than the listener's own limits - is rejected, and ends no connection", async () => {
      const codec = bsread();
      const publisher = await publishing({ bind: "tcp://127.0.0.1:*", socket: "push", codec });
      const listener = new ZmqListener<AnyMessage>({
        connect: publisher.endpoints[0] as string,
        socket: "pull",
        engine: engine(),
        codec,
        limits: { maxFrames: 20 },
      });
      await using attempt = new Attempt(listener, PATIENCE_MS);
      await attempt.ready();
      const channels = (count: number): Record<string, number> =>
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`SIM:${index}`, index]));
      await publisher.publish(event(1).with({ metadata: channels(50) }));
      await publisher.publish(event(2).with({ metadata: channels(2) }));
      await attempt.until(() => attempt.inlet.messages.some(({ type }) => type === "event"), "an event");
      expect(attempt.inlet.rejections.map(({ reason }) => reason)).toEqual([
        expect.stringContaining("more than 20 frames"),
      ]);
      await attempt.abort();
      await publisher.close();
    });
  });
});

withEachEngine(() => {
  test("more frames than a socket takes by itself - come where the limits ask for them", async () => {
    const codec = bsread();
    const publisher = await publishing({ bind: "tcp://127.0.0.1:*", socket: "push", codec });
    const listener = new ZmqListener<AnyMessage>({
      connect: publisher.endpoints[0] as string,
      socket: "pull",
      engine: engine(),
      codec,
      limits: { maxFrames: 20_000, maxHeaderBytes: 8 * 2 ** 20 },
    });
    await using attempt = new Attempt(listener, PATIENCE_MS);
    await attempt.ready();
    const many = Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [`SIM:${index}`, index]));
    await publisher.publish(event(1).with({ metadata: many }));
    await attempt.until(() => attempt.inlet.taken.length === 2, "the event");
    expect(attempt.inlet.rejections).toEqual([]);
    await attempt.abort();
    await publisher.close();
  });
});

describe("a dispatcher that is none", () => {
  test.each<[string, Reply | string, RegExp, boolean]>([
    ["no JSON", (response) => void response.end("<html>hello</html>"), /what is no JSON: "<html>hello<\/html>"/, false],
    [
      "no address",
      (response) => void response.end('{"ok":true}'),
      /no address under "stream": "\{\\"ok\\":true\}"/,
      false,
    ],
    ["a list", (response) => void response.end("[1]"), /no address under "stream"/, false],
    ["nothing", (response) => void response.end("null"), /no address under "stream"/, false],
    [
      "an address of the web",
      "http://127.0.0.1:1",
      /gives "http:\/\/127.0.0.1:1", which is no address such as tcp/,
      false,
    ],
    ["a path of this machine", "ipc:///run/secret", /which is no address such as tcp/, false],
    ["no port", "tcp://host", /which is no address such as tcp/, false],
    ["a port of 0", "tcp://host:0", /which is no address such as tcp/, false],
    [
      "a redirect",
      (response) => void response.writeHead(302, { location: "http://elsewhere.invalid/" }).end(),
      /sends us elsewhere \(status 302\), which is not followed/,
      false,
    ],
    [
      "a channel that nobody has",
      (response) => void response.writeHead(400).end("unknown channel SIM:ONE\n"),
      /answers with status 400: "unknown channel SIM:ONE"; look at url and channels/,
      false,
    ],
    ["a broken one", (response) => void response.writeHead(503).end(), /answers with status 503; look/, true],
    ["one that is busy", (response) => void response.writeHead(429).end(), /answers with status 429/, true],
    ["one that hangs up", (response) => void response.destroy(), /other side closed|terminated|ECONNRESET/, true],
  ])("%s - is an error in its words", async (_, reply, message, retryable) => {
    await using dispatcher = await TestDispatcher.open(reply);
    const error = await failure(listening({ url: dispatcher.url }));
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^ZmqListener: dispatcher: http:\/\/127.0.0.1:\d+\/sf\/stream: /);
    expect(isRetryable(error)).toBe(retryable);
  });

  test("nobody there - can be tried again", async () => {
    const address = await new Places().free();
    const error = await failure(listening({ url: address.replace("tcp:", "http:") }));
    expect(error.message).toMatch(/ECONNREFUSED.*; is it running, and is the address right\?$/);
    expect(isRetryable(error)).toBe(true);
  });

  test("an answer that never comes - is given up in time", async () => {
    await using dispatcher = await TestDispatcher.open(() => undefined);
    const error = await failure(listening({ url: dispatcher.url, timeoutMs: 50 }));
    expect(error.message).toMatch(/: no answer within 50 ms; is it running/);
    expect(isRetryable(error)).toBe(true);
  });

  test("an answer that never ends, byte by byte - is given up in time", async () => {
    await using dispatcher = await TestDispatcher.open((response) => {
      response.write(" ");
      const timer = setInterval(() => response.write(" "), 5);
      response.on("close", () => clearInterval(timer));
    });
    const error = await failure(listening({ url: dispatcher.url, timeoutMs: 100 }));
    expect(error.message).toMatch(/: its answer was not over after 100 ms; try again$/);
    expect(isRetryable(error)).toBe(true);
  });

  test("an answer of 10 GB - is read no further than it may be long", async () => {
    let written = 0;
    let isOver = false;
    await using dispatcher = await TestDispatcher.open((response) => {
      const chunk = Buffer.alloc(64 * 1024, " ");
      const more = (): void => {
        while (!isOver && written < 10 * 2 ** 30) {
          written += chunk.length;
          if (!response.write(chunk)) break;
        }
      };
      response.on("drain", more).on("close", () => {
        isOver = true;
      });
      more();
    });
    const error = await failure(listening({ url: dispatcher.url }));
    expect(error.message).toMatch(/answers with more than 65536 bytes; is it a dispatcher\?$/);
    expect(isRetryable(error)).toBe(false);
    await until(() => isOver, "the end of the connection");
    // What the system keeps on both sides of a connection.
    expect(written).toBeLessThan(64 * 2 ** 20);
  });

  test("once it gave a stream - what it says otherwise passes", async () => {
    await using places = new Places();
    await using dispatcher = await TestDispatcher.open(await places.free());
    const listener = listening({ url: dispatcher.url, timeoutMs: 50 });
    await failure(listener);
    dispatcher.reply((response) => void response.writeHead(404).end());
    const error = await failure(listener);
    expect(error.message).toMatch(/status 404/);
    expect(isRetryable(error)).toBe(true);
  });

  test("a stop while it is asked - is no failure", async () => {
    await using dispatcher = await TestDispatcher.open(() => undefined);
    const attempt = new Attempt(listening({ url: dispatcher.url }), PATIENCE_MS);
    await until(() => dispatcher.asked.length === 1, "a question");
    expect(await attempt.abort()).toEqual({ how: "ended" });
  });

  test("no secret stands in an error", async () => {
    await using dispatcher = await TestDispatcher.open((response) => void response.writeHead(401).end());
    const url = `${dispatcher.url}?token=hush`;
    const error = await failure(listening({ url, headers: { authorization: "Bearer hush" } }));
    expect(error.message).not.toContain("hush");
  });
});

describe("options", () => {
  const good = { url: "http://h/sf", channels: ["A"] };
  test.each<[string, object, RegExp]>([
    ["an address beside it", { connect: "tcp://h:1", dispatcher: good }, /dispatcher gives the address itself/],
    ["a req", { dispatcher: good, socket: "req" }, /dispatcher: gives streams for sub and pull/],
    ["no object", { dispatcher: "http://h" }, /dispatcher: expected an object of options/],
    ["another option", { dispatcher: { ...good, channel: "A" } }, /no option "channel"; did you mean "channels"/],
    ["no address", { dispatcher: { channels: ["A"] } }, /url: expected http:\/\/HOST:PORT\/BASE/],
    ["another address", { dispatcher: { ...good, url: "tcp://h:1" } }, /url: expected http:/],
    ["a password in the address", { dispatcher: { ...good, url: "http://a:b@h" } }, /give them by headers$/],
    ["no channels", { dispatcher: { ...good, channels: [] } }, /channels: expected a list of names, got \[\]/],
    ["a channel without a name", { dispatcher: { ...good, channels: [{}] } }, /channels\[0\]: expected a name/],
    ["headers that are none", { dispatcher: { ...good, headers: { a: 5 } } }, /headers: expected texts by name$/],
    ["more that is no object", { dispatcher: { ...good, request: [] } }, /request: expected an object/],
  ])("%s - is refused by the constructor", (_, options, message) => {
    expect(() => new ZmqListener(options as never)).toThrow(message);
  });
});
