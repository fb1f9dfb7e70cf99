import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { isRetryable } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import {
  WebSocketListener,
  type WebSocketListenerOptions,
} from "../../../src/transports/websocket/websocket-listener.ts";
import { WebSocketPublisher } from "../../../src/transports/websocket/websocket-publisher.ts";
import { BareServer, freePort } from "./ends.ts";

const never = new AbortController().signal;

/** Makes one attempt and gives the error with which it ended. */
async function failure(options: WebSocketListenerOptions): Promise<Error & { retryable?: boolean }> {
  const listener = new WebSocketListener(options);
  const inlet = new RecordingInlet(listener.codec);
  return listener.start(inlet, never).then(
    () => expect.fail("it ended without an error"),
    (error) => error,
  );
}

describe("options", () => {
  test.each<[string, object, RegExp]>([
    ["no address", {}, /url: expected ws:/],
    ["an address of something else", { url: "http://host" }, /url: expected ws:\/\/HOST:PORT or wss/],
    ["an address with a mark", { url: "ws://host/#a" }, /url: expected ws/],
    ["an option that does not exist", { url: "ws://h", tokens: "x" }, /no option "tokens"; did you mean "token"/],
    ["a check that is none", { url: "ws://h", expect: 1 }, /expect: expected a function/],
  ])("%s - is refused by the constructor", (_, options, message) => {
    expect(() => new WebSocketListener(options as never)).toThrow(message);
  });
});

describe("errors", () => {
  test("nobody there - is tried again", async () => {
    const error = await failure({ url: `ws://127.0.0.1:${await freePort()}` });
    expect(error.message).toMatch(/^WebSocketListener: ws:\/\/127.0.0.1:\d+: cannot connect: /);
    expect(isRetryable(error)).toBe(true);
  });

  test("a wrong token - is a mistake that is named, and no secret stands in it", async () => {
    const publisher = new WebSocketPublisher({ port: 0, token: "right" });
    publisher.onWarning = () => undefined;
    await publisher.open(never);
    const url = `${publisher.endpoint}/?token=hush`;
    const error = await failure({ url, token: "wrong" });
    expect(error.message).toMatch(/refused with status 401; give the option token$/);
    expect(error.message).not.toMatch(/hush|wrong/);
    expect(isRetryable(error)).toBe(false);
    await publisher.close();
  });

  test.each([
    [404, false],
    [503, true],
    [500, true],
  ])("status %i - retryable: %s", async (status, retryable) => {
    const server = createServer((_, response) => response.writeHead(status).end()).listen(0, "127.0.0.1");
    server.on("upgrade", (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const error = await failure({ url: `ws://127.0.0.1:${port}` });
    expect(error.message).toContain(`refused with status ${status}`);
    expect(isRetryable(error)).toBe(retryable);
    server.close();
  });

  test("a server of another form - is a mistake that names the options", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => false });
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const error = await failure({ url: `ws://127.0.0.1:${port}` });
    expect(error.message).toMatch(/the other side has another form: see the options codec and protocols$/);
    expect(isRetryable(error)).toBe(false);
    server.close();
  });

  test("something that is no WebSocket, or says nothing - ends in time", async () => {
    const server = createTcpServer((socket) => socket.on("error", () => undefined).write("220 hello\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const spoken = await failure({ url: `ws://127.0.0.1:${port}` });
    expect(spoken.message).toMatch(/cannot connect/);
    server.close();
    const silent = createTcpServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address() as { port: number };
    const late = await failure({ url: `ws://127.0.0.1:${address.port}`, connectTimeoutMs: 30 });
    expect(late.message).toMatch(/cannot connect: .*timed out/);
    expect(isRetryable(late)).toBe(true);
    silent.close();
  });

  test("a message over the limit - ends the connection, and says what to raise", async () => {
    await using server = await BareServer.open();
    const failed = failure({ url: server.url, maxMessageBytes: 1000 });
    await server.send([new Event({}, new Uint8Array(2000))]);
    const error = await failed;
    expect(error.message).toMatch(/a message of more than 1000 bytes came; raise maxMessageBytes/);
    expect(isRetryable(error)).toBe(true);
  });

  test("a side that answers no ping - is gone", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", autoPong: false });
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const error = await failure({ url: `ws://127.0.0.1:${port}`, pingMs: 20 });
    expect(error.message).toMatch(/no answer to a ping$/);
    expect(isRetryable(error)).toBe(true);
    server.close();
  });

  test("a publisher that ends - is told with its word", async () => {
    const publisher = new WebSocketPublisher({ port: 0 });
    await publisher.open(never);
    const failed = failure({ url: publisher.endpoint as string });
    await until(() => publisher.clients.length === 1, "the connection");
    await publisher.close();
    expect((await failed).message).toMatch(/the connection ended: code 1000 \(ended\)/);
  });
});

describe("what comes", () => {
  test("expect - what it throws rejects the message, with the reason", async () => {
    await using server = await BareServer.open();
    const listener = new WebSocketListener({
      url: server.url,
      endOnClose: true,
      expect: (message) => {
        if (message.type === "event" && message.field("n") === 1) throw new Error("no ones");
        return message;
      },
    });
    const inlet = new RecordingInlet(listener.codec);
    const ended = listener.start(inlet, never);
    await server.send([new Event({ n: 1 }, Uint8Array.of(1)), new Event({ n: 2 }, Uint8Array.of(2))]);
    await until(() => inlet.taken.length === 1, "the other one");
    expect(inlet.rejections.map(({ reason }) => reason)).toEqual(["expect: no ones"]);
    server.end();
    await ended;
  });

  test("endOnClose - left out, a normal close is a connection to make again", async () => {
    await using server = await BareServer.open();
    const failed = failure({ url: server.url });
    await server.send([new Event({}, Uint8Array.of(1))]);
    server.end();
    expect(isRetryable(await failed)).toBe(true);
  });
});
