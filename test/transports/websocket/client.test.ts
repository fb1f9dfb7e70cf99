import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { Event } from "../../../src/message/event.ts";
import { jsonCodec } from "../../../src/message/json-codec.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { joined } from "../../../src/message/native/joined.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { bytesOf, isNdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { oneOfEverything } from "../../../src/testing/conformance/one-of-everything.ts";
import { seededRandom } from "../../../src/testing/conformance/random.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { readJsonMessage, readMsgpackMessage } from "../../../src/transports/websocket/client/document.ts";
import {
  isArray,
  type LiveMessage,
  type WebSocketClass,
  WebSocketClient,
} from "../../../src/transports/websocket/client/index.ts";
import { LiveFormatError } from "../../../src/transports/websocket/client/messages.ts";
import { readNativeMessage } from "../../../src/transports/websocket/client/native.ts";
import { Item } from "../../../src/transports/websocket/item.ts";
import {
  WebSocketPublisher,
  type WebSocketPublisherOptions,
} from "../../../src/transports/websocket/websocket-publisher.ts";
import { BareServer, freePort } from "./ends.ts";

const SEED = Number(process.env.ARROYO_SEED ?? "1");
const INJECTED = { WebSocket: WebSocket as unknown as WebSocketClass, reconnectMaxMs: 10 };
const FORMATS = ["native", "msgpack", "json"] as const;

async function opened(
  options: Partial<WebSocketPublisherOptions<AnyMessage>> = {},
): Promise<WebSocketPublisher<AnyMessage>> {
  const publisher = new WebSocketPublisher<AnyMessage>({ port: 0, lingerMs: 100, overflow: "drop-oldest", ...options });
  publisher.begin("live");
  await publisher.open(new AbortController().signal);
  return publisher;
}

/** Is a client that remembers what it told. */
function watching(
  url: string,
  options: object = {},
): { client: WebSocketClient; messages: LiveMessage[]; news: string[] } & Disposable {
  const client = new WebSocketClient(url, { ...INJECTED, ...options });
  const messages: LiveMessage[] = [];
  const news: string[] = [];
  client.on("message", (message) => messages.push(message));
  client.on("state", (state) => news.push(state));
  client.on("problem", (problem) => news.push(problem));
  return { client, messages, news, [Symbol.dispose]: () => client.close() };
}

/** Gives what a message says as plain values, from either side. */
function content(message: AnyMessage | LiveMessage): unknown {
  const all = message as unknown as Record<string, unknown>;
  const envelope = { ...((all["envelope"] as object) ?? all) } as Record<string, unknown>;
  const payload = message.type === "event" ? message.payload : undefined;
  const bytes = payload === undefined ? undefined : isNdArray(payload) ? bytesOf(payload) : payload;
  return {
    type: message.type,
    run: message.run,
    timeMs: envelope["timeMs"],
    key: envelope["key"],
    headers: plain(envelope["headers"]),
    content: plain(message.type === "event" ? message.metadata : message.data),
    ...(message.type === "start" ? { resumed: message.resumed } : {}),
    ...(message.type === "stop" ? { reason: message.reason } : {}),
    ...(bytes === undefined ? {} : bytes instanceof Uint8Array ? { bytes: hex(bytes) } : shape(bytes as never)),
    ...(isNdArray(payload) ? shape(payload as never) : {}),
  };
}

function shape(array: { dtype: string; shape: readonly number[]; data: ArrayBufferView }): object {
  const { dtype, data } = array;
  return { dtype, shape: [...array.shape], bytes: hex(data) };
}

function hex({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${hex(value)}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

describe.each(FORMATS)("client, format %s", (format) => {
  test("one of everything - arrives with its content, arrays as typed arrays", async () => {
    const publisher = await opened();
    using watched = watching(publisher.endpoint as string, { format });
    await until(() => publisher.clients.length === 1, "the client");
    const sent = oneOfEverything();
    for (const message of sent) publisher.publish(message);
    // The one Start that claims to be resumed is new to this client.
    await until(() => watched.messages.length === sent.length, "all messages");
    expect(watched.messages.map(content)).toEqual(sent.map(content));
    const [, , , , image] = watched.messages;
    expect(image?.type === "event" && isArray(image.payload) && image.payload.data).toBeInstanceOf(Int16Array);
    expect(watched.client.missed).toBe(0);
    await publisher.close();
  });

  test("late joiner - begins with the open runs and the newest event", async () => {
    const publisher = await opened();
    publisher.publish(new Start({ scan: 7 }, { run: "open" }));
    publisher.publish(new Event({ n: 1 }, Uint8Array.of(1), { run: "open" }));
    publisher.publish(new Event({ n: 2 }, Uint8Array.of(2), { run: "open" }));
    using watched = watching(publisher.endpoint as string, { format });
    await until(() => watched.client.latest !== undefined, "the newest event");
    expect(watched.messages).toMatchObject([
      { type: "start", run: "open", resumed: true, stream: "live", data: { scan: 7 } },
      { type: "event", run: "open", metadata: { n: 2 }, missed: 0 },
    ]);
    expect([...watched.client.runs.keys()]).toEqual(["open"]);
    await publisher.close();
  });

  test("missed events - are told with the next one", async () => {
    const publisher = await opened({ overflow: "latest", intervalMs: 1 });
    using watched = watching(publisher.endpoint as string, { format });
    await until(() => publisher.clients.length === 1, "the client");
    for (const round of [1, 2]) {
      for (let n = 0; n < 10; n += 1) publisher.publish(new Event({ n }, Uint8Array.of(n)));
      await until(() => watched.messages.length === round, "an event");
    }
    expect(watched.messages).toMatchObject([
      { missed: 0, metadata: { n: 9 } },
      { missed: 9, metadata: { n: 9 } },
    ]);
    expect(watched.client.missed).toBe(9);
    await publisher.close();
  });

  test("reconnect - what ended in between is ended, what goes on goes on, and nothing comes twice", async () => {
    const port = await freePort();
    const first = await opened({ port });
    using watched = watching(`ws://127.0.0.1:${port}`, { format });
    await until(() => first.clients.length === 1, "the client");
    for (const run of ["goes on", "ends"]) first.publish(new Start({}, { run }));
    first.publish(new Event({ n: 1 }, Uint8Array.of(1), { run: "goes on" }));
    await until(() => watched.messages.length === 3, "three messages");
    await first.close();
    const second = await opened({ port });
    second.publish(new Start({}, { run: "goes on", resumed: true }));
    second.publish(new Event({ n: 2 }, Uint8Array.of(2), { run: "goes on" }));
    await until(() => watched.messages.some(({ type, run }) => type === "stop" && run === "ends"), "the end of a run");
    second.publish(new Stop({}, { run: "goes on" }));
    await until(() => watched.client.runs.size === 0, "the end of all");
    expect(watched.messages.map(({ type, run }) => `${type} ${run}`)).toEqual([
      "start goes on",
      "start ends",
      "event goes on",
      "stop ends",
      "event goes on",
      "stop goes on",
    ]);
    expect(watched.messages[3]).toMatchObject({ reason: "interrupted" });
    expect(watched.news.filter((one) => one === "open")).toHaveLength(2);
    expect(watched.news).toContain("the connection ended: ended (code 1000)");
    await second.close();
  });

  test("hostile bytes - are told as a problem or read, never thrown, and the next message arrives", async () => {
    await using server = await BareServer.open();
    using watched = watching(server.url, { format, silenceMs: 0 });
    await until(() => watched.client.state === "open", "the connection");
    const random = seededRandom(SEED);
    for (let n = 0; n < 50; n += 1) {
      server.sendGarbage(Uint8Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256)));
    }
    await until(
      () => watched.news.filter((one) => one.startsWith("a message could not be read")).length >= 40,
      `problems (seed ${SEED})`,
    );
    expect(watched.client.state).toBe("open");
  });
});

describe("client", () => {
  test("token - goes out as a subprotocol, and without it nothing comes", async () => {
    const publisher = await opened({ token: "geheim é+/" });
    using allowed = watching(publisher.endpoint as string, { token: "geheim é+/" });
    using refused = watching(publisher.endpoint as string, { reconnect: false });
    await until(() => allowed.client.state === "open" && refused.client.state === "closed", "both answers");
    expect(refused.news).toEqual([`cannot connect to ${publisher.endpoint}`, "closed"]);
    await publisher.close();
  });

  test("silence - while a run is open, a connection that says nothing is made again", async () => {
    await using server = await BareServer.open();
    using watched = watching(server.url, { silenceMs: 30 });
    await until(() => watched.client.state === "open", "the connection");
    await server.send([new Start({}, { run: "r" })]);
    await until(() => watched.news.includes("nothing came for 30 ms"), "the silence");
    await until(() => watched.news.filter((one) => one === "open").length > 1, "the next connection");
  });

  test("close - ends it for good, also while it waits", async () => {
    const port = await freePort();
    using watched = watching(`ws://127.0.0.1:${port}`);
    await until(() => watched.client.state === "waiting", "the pause");
    watched.client.close();
    watched.client.close();
    expect(watched.news.slice(-1)).toEqual(["closed"]);
  });

  test("no WebSocket - is an error that says so", () => {
    const had = (globalThis as { WebSocket?: unknown }).WebSocket;
    (globalThis as { WebSocket?: unknown }).WebSocket = undefined;
    try {
      expect(() => new WebSocketClient("ws://127.0.0.1:1")).toThrow(/give the option WebSocket/);
    } finally {
      (globalThis as { WebSocket?: unknown }).WebSocket = had;
    }
  });

  test("a listener that throws - does not keep others from being told", async () => {
    const uncaught: unknown[] = [];
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => uncaught.push(error));
    try {
      const publisher = await opened();
      using watched = watching(publisher.endpoint as string);
      watched.client.on("event", () => {
        throw new Error("of the page");
      });
      const seen: unknown[] = [];
      const off = watched.client.on("event", (event) => seen.push(event));
      await until(() => publisher.clients.length === 1, "the client");
      publisher.publish(new Event({}, Uint8Array.of(1)));
      await until(() => seen.length === 1 && uncaught.length === 1, "both listeners");
      off();
      publisher.publish(new Event({}, Uint8Array.of(1)));
      await until(() => uncaught.length === 2, "the first one");
      expect(seen).toHaveLength(1);
      await publisher.close();
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const listener of before) process.on("uncaughtException", listener);
    }
  });
});

describe("decoders of the client", () => {
  const item = (message: AnyMessage): Item => {
    const [frames = []] = nativeCodec.writer({ stream: "s" })(message as never);
    const place = { stream: "s", incarnation: "00", partition: "" };
    return new Item({ message, header: frames.at(-1) as Uint8Array, place, next: 0 });
  };
  const event = new Event({ a: [1, { b: "text" }], big: 2n ** 60n }, Uint8Array.of(1, 2, 3), { run: "r", timeMs: 1.5 });

  test("mutations - every changed or shortened message is read or refused, in one way", () => {
    const random = seededRandom(SEED);
    const [frames = []] = nativeCodec.writer({ stream: "s" })(event);
    const samples: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
      ["native", joined(frames), readNativeMessage],
      ["msgpack", item(new Start({ a: 1 }, { run: "r" })).msgpack(), readMsgpackMessage],
      [
        "json",
        item(new Start({ a: 1 }, { run: "r" })).json(),
        (bytes) => readJsonMessage(Buffer.from(bytes).toString()),
      ],
    ];
    for (const [name, bytes, read] of samples) {
      for (let n = 0; n < 2000; n += 1) {
        const changed = new Uint8Array(
          bytes.subarray(0, n % 2 === 0 ? bytes.length : Math.floor(random() * bytes.length)),
        );
        for (let times = 0; times < 3; times += 1)
          changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
        try {
          read(changed);
        } catch (error) {
          expect(error, `${name}, seed ${SEED}, mutation ${n}`).toBeInstanceOf(LiveFormatError);
        }
      }
    }
  });

  test("depth, lengths and keys - are checked before anything is made", () => {
    const deep = new Uint8Array(200).fill(0x91);
    expect(() => readMsgpackMessage(deep)).toThrow(/nested too deeply/);
    expect(() => readMsgpackMessage(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))).toThrow(/cut short/);
    expect(() => readMsgpackMessage(Uint8Array.of(0xc6, 0xff, 0xff, 0xff, 0xff))).toThrow(/cut short/);
    const proto = Buffer.concat([Buffer.of(0x81, 0xa9), Buffer.from("__proto__"), Buffer.of(0x80)]);
    expect(() => readMsgpackMessage(proto)).toThrow(/key that is refused/);
    expect(() => readJsonMessage(`${"[".repeat(100)}${"]".repeat(100)}`)).toThrow(/nested too deeply/);
    const polluted = readJsonMessage('{"type":"start","run":"r","data":{"__proto__":{"x":1}}}');
    expect((polluted as { data: Record<string, unknown> }).data["x"]).toBeUndefined();
    const array = { dtype: "uint16", shape: [2 ** 40], data: "AAA=" };
    expect(() => readJsonMessage(JSON.stringify({ type: "event", payload: array }))).toThrow(/does not fill/);
  });

  test("the JSON of the publisher - can be read by our own codec, with what it does not know left out", () => {
    const [decoded] = jsonCodec.reader({ maxMessageBytes: 1e6, maxHeaderBytes: 1e6, maxFrames: 4, maxDepth: 64 })([
      item(event).json(),
    ]);
    expect(decoded?.message).toMatchObject({ type: "event", metadata: event.metadata });
    expect(decoded?.stream).toBe("s");
  });
});

describe("what a browser loads", () => {
  const folder = fileURLToPath(new URL("../../../src/transports/websocket/client", import.meta.url));

  test("the module graph - is this folder alone: nothing of Node, no package, no type of either", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(file, "utf8");
      for (const [, from = ""] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
        expect(from, file).toMatch(/^\.\/[a-z-]+\.ts$/);
        visit(join(dirname(file), from));
      }
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
      expect(code, file).not.toMatch(/\b(?:Buffer|process|NodeJS|setImmediate|require|__dirname)\b/);
    };
    visit(join(folder, "index.ts"));
    expect(seen.size).toBeGreaterThan(5);
  });
});
