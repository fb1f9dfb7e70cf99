import { describe, expect, test } from "vitest";
import { isRetryable } from "../../../src/errors.ts";
import { tiledCodec } from "../../../src/formats/tiled/index.ts";
import { Block } from "../../../src/index.ts";
import type { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import type { NdArray } from "../../../src/message/ndarray.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import {
  WebSocketListener,
  type WebSocketListenerOptions,
} from "../../../src/transports/websocket/websocket-listener.ts";
import { arrayData, TiledServer, UINT16 } from "./tiled-server.ts";

const PATIENCE_MS = 10_000;

function listening(
  { url }: TiledServer,
  tiled: object = {},
  options: Partial<WebSocketListenerOptions<AnyMessage>> = {},
): WebSocketListener<AnyMessage> {
  return new WebSocketListener({ url, codec: tiledCodec, tiled: { path: "scan/image", ...tiled }, ...options });
}

/** Says in short what came: the values of each array, or what else it was. */
function short(messages: readonly AnyMessage[]): unknown[] {
  return messages.map((message) =>
    message.type === "event"
      ? [...((message as Event).payload as NdArray).data]
      : message.type === "stop"
        ? `stop ${message.reason}`
        : message.type,
  );
}

/** Runs a block with this listener and keeps what its operator sees. */
function reading(listener: WebSocketListener<AnyMessage>) {
  const seen: AnyMessage[] = [];
  const block = new Block({
    name: "reader",
    listeners: [listener],
    operator: (message: AnyMessage) => void seen.push(message),
  });
  return { seen, block };
}

describe("a node of a Tiled server", () => {
  test.each(["msgpack", "json"] as const)(
    "%s - a run from what was kept to the end of the stream",
    async (envelope) => {
      await using server = await TiledServer.open(UINT16, "hush");
      server.write(arrayData([1, 2], envelope));
      const { seen, block } = reading(listening(server, { apiKey: "hush", envelope }));
      await block.start();
      await until(() => seen.length === 2, "what was kept");
      server.write(arrayData([3], envelope));
      await until(() => seen.length === 3, "what is new");
      server.end();
      const account = await block.finished;
      expect(short(seen)).toEqual(["start", [1, 2], [3], "stop completed"]);
      expect(account).toMatchObject({ received: 4, finished: 4, lost: 0, rejected: 0 });
      expect(server.asked).toEqual([
        { url: `/api/v1/stream/single/scan/image?envelope_format=${envelope}&start=0`, key: "Apikey hush" },
      ]);
      const [start, event] = seen;
      expect(start).toMatchObject({ data: { schema: UINT16 } });
      expect((event as Event).metadata).toMatchObject({ type: "array-data", sequence: 1, offset: [0], shape: [2] });
    },
  );

  test("only what is new, and from a number - as asked", async () => {
    await using server = await TiledServer.open(UINT16);
    for (let value = 1; value <= 3; value += 1) server.write(arrayData([value]));
    await using fresh = new Attempt(listening(server, { start: "new" }), PATIENCE_MS);
    await using third = new Attempt(listening(server, { start: 3 }), PATIENCE_MS);
    await third.until(() => third.inlet.taken.length === 2, "the third");
    await until(() => server.clients === 2, "both");
    server.write(arrayData([4]));
    await third.until(() => third.inlet.taken.length === 3, "the fourth");
    await fresh.until(() => fresh.inlet.taken.length === 2, "the fourth");
    expect(short(third.inlet.messages)).toEqual(["start", [3], [4]]);
    expect(short(fresh.inlet.messages)).toEqual(["start", [4]]);
  });

  test("a connection that breaks - goes on behind what came, in the same run", async () => {
    await using server = await TiledServer.open(UINT16);
    const { seen, block } = reading(listening(server));
    await block.start();
    server.write(arrayData([1]));
    await until(() => seen.length === 2, "the first");
    server.cut();
    await until(() => server.clients === 0, "the break");
    server.write(arrayData([2]));
    await until(() => seen.length === 3, "the second");
    server.end();
    const account = await block.finished;
    expect(short(seen)).toEqual(["start", [1], [2], "stop completed"]);
    expect(account).toMatchObject({ lost: 0, rejected: 0 });
    expect(server.asked.map(({ url }) => url.replace(/^.*&/, ""))).toEqual(["start=0", "start=2"]);
  });

  test("what the server has forgotten meanwhile - is counted as lost", async () => {
    await using server = await TiledServer.open(UINT16);
    const { seen, block } = reading(listening(server));
    await block.start();
    server.write(arrayData([1]));
    await until(() => seen.length === 2, "the first");
    server.cut();
    await until(() => server.clients === 0, "the break");
    server.write(arrayData([2]));
    server.write(arrayData([3]));
    server.forget(3);
    await until(() => server.clients === 1, "the reader again");
    server.write(arrayData([4]));
    await until(() => seen.length === 3, "the fourth");
    server.end();
    expect(await block.finished).toMatchObject({ received: 4, lost: 2 });
  });

  test("a stream that goes on after its end - is the next run, where one waits for it", async () => {
    await using server = await TiledServer.open(UINT16);
    const { seen, block } = reading(listening(server, {}, { endOnClose: false }));
    await block.start();
    server.write(arrayData([1]));
    server.end();
    await until(() => seen.length === 3 && server.asked.length === 2 && server.clients === 1, "the reader again");
    server.write(arrayData([2]));
    server.end();
    await until(() => seen.length === 6, "the second run");
    await block.stop();
    expect(short(seen)).toEqual(["start", [1], "stop completed", "start", [2], "stop completed"]);
    expect(block.account).toMatchObject({ lost: 0 });
    expect(server.asked[1]?.url).toMatch(/&start=3$/);
  });

  test("an end of which nothing is known - is asked for no more", async () => {
    await using server = await TiledServer.open(UINT16);
    server.end();
    const listener = listening(server, {}, { endOnClose: false });
    const attempt = new Attempt(listener, PATIENCE_MS);
    const ending = await attempt.ended();
    expect(ending).toMatchObject({ how: "failed" });
    await using next = new Attempt(listener, PATIENCE_MS);
    await next.ready();
    expect(server.asked.at(-1)?.url).not.toMatch(/start=/);
  });

  test("numbers that begin anew - are no repetition", async () => {
    await using server = await TiledServer.open(UINT16);
    await using attempt = new Attempt(listening(server), PATIENCE_MS);
    await attempt.ready();
    server.write({ ...arrayData([1]), timestamp: "2026-01-01T10:00:00" });
    server.write({ ...arrayData([2]), timestamp: "2026-01-01T10:00:01" });
    server.restart();
    server.write({ ...arrayData([3]), timestamp: "2026-02-01T10:00:00" });
    await attempt.until(() => attempt.inlet.taken.length === 4, "all of them");
    expect(short(attempt.inlet.messages)).toEqual(["start", [1], [2], [3]]);
  });
});

describe("a server that is hostile, or none", () => {
  test("a wrong key - is a mistake that is named, and not shown", async () => {
    await using server = await TiledServer.open(UINT16, "right");
    const attempt = new Attempt(listening(server, { apiKey: "hush" }), PATIENCE_MS);
    const ending = (await attempt.ended()) as { readonly error: Error };
    expect(ending.error.message).toMatch(/refused with status 403; .* the option tiled\.apiKey$/);
    expect(ending.error.message).not.toContain("hush");
    expect(isRetryable(ending.error)).toBe(false);
  });

  test("a server that says nothing - is found out", async () => {
    await using server = await TiledServer.open(undefined);
    const attempt = new Attempt(listening(server, {}, { connectTimeoutMs: 100 }), PATIENCE_MS);
    const ending = (await attempt.ended()) as { readonly error: Error };
    expect(ending.error.message).toMatch(/took the connection, and no schema came; if it asks for a key/);
    expect(isRetryable(ending.error)).toBe(true);
  });

  test("messages that are none - are rejected one by one", async () => {
    await using server = await TiledServer.open(UINT16);
    await using attempt = new Attempt(listening(server), PATIENCE_MS);
    await until(() => server.clients === 1, "the reader");
    server.send("hello");
    server.send("{");
    server.send('{"type":"array-data","sequence":1}');
    server.write({ ...arrayData([1]), shape: [2 ** 40] });
    server.write(arrayData([5]));
    await attempt.until(() => attempt.inlet.taken.length === 2, "the good one");
    expect(short(attempt.inlet.messages)).toEqual(["start", [5]]);
    expect(attempt.inlet.rejections.length).toBe(4);
  });

  test("a message over the bound - ends the connection with a reason", async () => {
    await using server = await TiledServer.open(UINT16);
    const attempt = new Attempt(listening(server, {}, { maxMessageBytes: 1000 }), PATIENCE_MS);
    await until(() => server.clients === 1, "the reader");
    server.send(Buffer.alloc(2000));
    const ending = (await attempt.ended()) as { readonly error: Error };
    expect(ending.error.message).toMatch(/more than 1000 bytes came; raise maxMessageBytes/);
  });
});

describe("options", () => {
  const good = { url: "ws://h", codec: tiledCodec };
  test.each<[string, object, RegExp]>([
    ["no codec", { url: "ws://h", tiled: { path: "" } }, /tiled: needs codec: tiledCodec of arroyojs\/formats\/tiled/],
    ["no path", { ...good, tiled: {} }, /tiled: path: expected keys as a\/b\/c/],
    ["another option", { ...good, tiled: { path: "", key: "x" } }, /tiled: there is no option "key"/],
    ["a key that is none", { ...good, tiled: { path: "", apiKey: "a b" } }, /tiled: apiKey: expected a text without/],
    ["a start that is none", { ...good, tiled: { path: "", start: -1 } }, /tiled: start: expected a whole number/],
    ["another envelope", { ...good, tiled: { path: "", envelope: "xml" } }, /envelope: expected "msgpack" or "json"/],
    ["two keys", { ...good, token: "x", tiled: { path: "", apiKey: "y" } }, /has token and tiled.apiKey/],
  ])("%s - is refused by the constructor", (_, options, message) => {
    expect(() => new WebSocketListener(options as never)).toThrow(message);
  });

  test.each([
    ["ws://h:8000", "a b/c", "/api/v1/stream/single/a%20b/c"],
    ["ws://h:8000/", "/a/", "/api/v1/stream/single/a"],
    ["ws://h:8000/tiled", "a", "/tiled/api/v1/stream/single/a"],
    ["ws://h:8000/api/v1/", "", "/api/v1/stream/single/"],
  ])("%s and the path %j - is asked at %s", async (url, path, expected) => {
    const { TiledReading } = await import("../../../src/transports/websocket/tiled-node.ts");
    expect(new URL(new TiledReading("test", url, { path }).url).pathname).toBe(expected);
  });
});
