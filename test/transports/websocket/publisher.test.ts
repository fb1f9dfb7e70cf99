import { once } from "node:events";
import { connect } from "node:net";
import { unpack } from "msgpackr";
import { describe, expect, test } from "vitest";
import type { Codec } from "../../../src/message/codec.ts";
import { Event } from "../../../src/message/event.ts";
import { jsonCodec } from "../../../src/message/json-codec.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { isHeader, KIND } from "../../../src/message/native/prelude.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import {
  WebSocketPublisher,
  type WebSocketPublisherOptions,
} from "../../../src/transports/websocket/websocket-publisher.ts";
import { BareClient } from "./ends.ts";

type Options = Partial<WebSocketPublisherOptions<AnyMessage>>;

/** Opens a publisher on a free port; it is closed with this object, without waiting for anybody. */
async function opened(options: Options = {}): Promise<Served> {
  const publisher = new WebSocketPublisher<AnyMessage>({ port: 0, lingerMs: 0, ...options });
  const warnings: string[] = [];
  publisher.onWarning = (message) => warnings.push(message);
  publisher.begin("reduce");
  await publisher.open(new AbortController().signal);
  const url = publisher.endpoint as string;
  return { publisher, url, warnings, [Symbol.asyncDispose]: () => publisher.close() };
}

interface Served extends AsyncDisposable {
  readonly publisher: WebSocketPublisher<AnyMessage>;
  readonly url: string;
  readonly warnings: readonly string[];
}

/** Connects a client that the publisher knows. */
async function joined({ publisher, url }: Served, protocols: readonly string[] = []): Promise<BareClient> {
  const before = publisher.clients.length;
  const client = await new BareClient(url, protocols).open();
  await until(() => publisher.clients.length > before, "the publisher to know the client");
  return client;
}

const frame = (n: number, run?: string, bytes = 4): Event =>
  new Event({ n }, new Uint8Array(bytes).fill(n), run === undefined ? {} : { run });

function isSignOfLife(received: Buffer | string): boolean {
  return typeof received !== "string" && isHeader(received) && received[4] === KIND.signOfLife;
}

describe("options", () => {
  test.each<[string, object, RegExp]>([
    ["no port", {}, /port: expected a port, or 0/],
    ["a port beyond all", { port: 65_536 }, /port: expected a whole number from 0 to 65535, got 65536/],
    ["a name that does not exist", { port: 0, maxClient: 3 }, /no option "maxClient"; did you mean/],
    ["a policy that would hold the block up", { port: 0, overflow: "block" }, /overflow: expected "latest" or/],
    ["a path with a query", { port: 0, path: "/a?b" }, /path: expected a path such as/],
    ["no clients", { port: 0, maxClients: 0 }, /maxClients: expected a whole number from 1 on/],
    ["an empty token", { port: 0, token: "" }, /token: expected a text, got string/],
  ])("%s - is refused by the constructor", (_, options, message) => {
    expect(() => new WebSocketPublisher(options as never)).toThrow(message);
  });

  test("a port in use - is an error that says so, and is not tried again", async () => {
    await using first = await opened();
    const port = Number(new URL(first.url).port);
    const second = new WebSocketPublisher({ port });
    const error = await second.open(new AbortController().signal).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "CONNECTION", retryable: false });
    expect(error.message).toBe(
      `WebSocketPublisher: 127.0.0.1:${port} is in use; choose another port, or 0 for a free one`,
    );
    expect(second.endpoint).toBeUndefined();
  });

  test("an address of everybody without a token - is a warning", async () => {
    await using served = await opened({ host: "0.0.0.0" });
    expect(served.warnings).toEqual([expect.stringMatching(/everybody who reaches 0.0.0.0.* give a token/)]);
  });

  test("a second open - is refused", async () => {
    await using served = await opened();
    await expect(served.publisher.open(new AbortController().signal)).rejects.toThrow(/is open already/);
  });
});

describe("forms", () => {
  const image = new Event({ n: 1 }, new NdArray(Uint16Array.of(1, 2, 3, 4), [2, 2]), { run: "scan", timeMs: 5 });

  test("no subprotocol - is JSON text that a person can read, with sequence and incarnation", async () => {
    await using served = await opened();
    using client = await joined(served);
    for (const message of [new Start({ a: 1 }, { run: "scan" }), image, new Stop({}, { run: "scan" })]) {
      served.publisher.publish(message);
    }
    await until(() => client.received.length === 3, "three messages");
    const [start, event, stop] = client.documents;
    expect(start).toMatchObject({ type: "start", run: "scan", stream: "reduce", data: { a: 1 } });
    const incarnation = expect.stringMatching(/^[0-9a-f]{16}$/);
    expect(event).toEqual({
      type: "event",
      run: "scan",
      stream: "reduce",
      timeMs: 5,
      incarnation,
      sequence: 0,
      origin: { stream: "reduce", partition: "", sequence: 0 },
      metadata: { n: 1 },
      payload: { dtype: "uint16", shape: [2, 2], data: "AQACAAMABAA=" },
    });
    expect(stop).toMatchObject({ type: "stop", reason: "completed" });
    expect(served.publisher.clients[0]).toMatchObject({ form: "json", sent: 1, dropped: 0 });
  });

  test("arroyo.msgpack - has the same fields, and bytes as bytes", async () => {
    await using served = await opened();
    using client = await joined(served, ["arroyo.msgpack"]);
    expect(client.socket.protocol).toBe("arroyo.msgpack");
    served.publisher.publish(new Start({ a: 1 }, { run: "scan" }));
    served.publisher.publish(image);
    await until(() => client.received.length === 2, "two messages");
    const [start, event] = client.received.map((one) => unpack(one as Buffer));
    expect(start).toMatchObject({ type: "start", run: "scan", resumed: false, data: { a: 1 } });
    expect(event).toMatchObject({ type: "event", sequence: 0, metadata: { n: 1 }, timeMs: 5 });
    expect(event.payload.shape).toEqual([2, 2]);
    expect(Buffer.from(event.payload.data)).toEqual(Buffer.from(Uint16Array.of(1, 2, 3, 4).buffer));
  });

  test("a codec - is what clients without a subprotocol get, made once for all of them", async () => {
    let written = 0;
    const codec: Codec = {
      name: "own",
      reader: () => () => [],
      writer: () => (message) => {
        written += 1;
        return message.type === "event" ? [[Uint8Array.of(7, 7)]] : [];
      },
    };
    await using served = await opened({ codec });
    using one = await joined(served);
    using other = await joined(served);
    served.publisher.publish(frame(1));
    await until(() => one.received.length === 1 && other.received.length === 1, "the event at both");
    expect([...one.received, ...other.received]).toEqual([Buffer.of(7, 7), Buffer.of(7, 7)]);
    expect(written).toBe(1);
  });

  test.each([
    ["native", nativeCodec, (body: unknown) => expect((body as Buffer).toString("latin1", 0, 3)).toBe("AYO")],
    [
      "json",
      jsonCodec,
      (body: unknown) => expect(JSON.parse(body as string)).toMatchObject({ type: "start", sequence: 0 }),
    ],
  ] as const)("codec %s - is what its subprotocol gives, for those who name none", async (_, codec, check) => {
    await using served = await opened({ codec });
    using client = await joined(served);
    served.publisher.publish(new Start({}, { run: "r" }));
    await until(() => client.received.length === 1, "the Start");
    check(client.received[0]);
  });

  test("a codec of several frames - is refused with the remedy", async () => {
    const codec: Codec = {
      name: "multipart",
      reader: () => () => [],
      writer: () => () => [[Uint8Array.of(1), Uint8Array.of(2)]],
    };
    await using served = await opened({ codec });
    expect(() => served.publisher.publish(frame(1))).toThrow(/"multipart" makes 2 frames .* leave codec out/);
  });

  test("several clients of a form - share its bytes", async () => {
    await using served = await opened({ overflow: "drop-oldest" });
    const clients = await Promise.all(Array.from({ length: 3 }, () => new BareClient(served.url).open()));
    await until(() => served.publisher.clients.length === 3, "three clients");
    let read = 0;
    const metadata = {
      get n(): number {
        read += 1;
        return 1;
      },
    };
    served.publisher.publish(new Event(metadata, Uint8Array.of(1)));
    await until(() => clients.every(({ received }) => received.length === 1), "the event at all");
    // Once for the native header, which every message has, and by each step of the JSON once.
    const before = read;
    expect(before).toBeLessThanOrEqual(4);
    for (const client of clients) client[Symbol.dispose]();
  });

  test("a form that cannot hold a message - leaves it out for such clients, warns once, and the block goes on", async () => {
    await using served = await opened({ overflow: "drop-oldest" });
    using packed = await joined(served, ["arroyo.msgpack"]);
    using json = await joined(served);
    // The native header was made before; the other forms are made later, of what cannot be read any more.
    const spent = (n: number): Event => {
      let reads = 0;
      const metadata = Object.defineProperty({}, "n", {
        enumerable: true,
        get: () => {
          reads += 1;
          if (reads > 1) throw new Error("spent");
          return n;
        },
      });
      return new Event(metadata, Uint8Array.of(n));
    };
    for (const n of [1, 2]) served.publisher.publish(spent(n));
    served.publisher.publish(frame(3));
    await until(() => json.received.length === 1 && packed.received.length === 1, "the one that can be written");
    expect(served.warnings).toHaveLength(2);
    expect(served.warnings[0]).toMatch(/cannot be written as msgpack and is left out for such clients: spent/);
    expect(served.publisher.counts).toMatchObject({ sent: 2, dropped: 4 });
  });
});

describe("who may come in", () => {
  const refused = async (url: string, protocols: readonly string[] = [], options = {}): Promise<number | undefined> => {
    using client = new BareClient(url, protocols, options);
    await until(
      () => client.status !== undefined || client.code !== undefined || client.socket.readyState === 1,
      "an answer",
    );
    return client.status;
  };

  test("token - as bearer, as subprotocol, or in the query", async () => {
    await using served = await opened({ token: "geheim é" });
    const encoded = Buffer.from("geheim é").toString("base64url");
    const bearer = { headers: { authorization: `Bearer ${encoded}` } };
    expect(await refused(served.url)).toBe(401);
    expect(await refused(served.url, [], bearer)).toBe(401);
    expect(await refused(`${served.url}/?token=wrong`)).toBe(401);
    expect(await refused(served.url, ["arroyo.json", "arroyo.token.AAAA"])).toBe(401);
    expect(await refused(`${served.url}/?token=${encodeURIComponent("geheim é")}`)).toBeUndefined();
    expect(await refused(served.url, ["arroyo.json", `arroyo.token.${encoded}`])).toBeUndefined();
    expect(served.publisher.counts.refused).toBe(4);
    expect(served.warnings).toEqual(["WebSocketPublisher: a client was turned away: the token is missing or wrong"]);
  });

  test("token - a bearer is taken, whatever the case of the scheme", async () => {
    await using served = await opened({ token: "abc" });
    expect(await refused(served.url, [], { headers: { authorization: "bearer abc" } })).toBeUndefined();
    expect(await refused(served.url, [], { headers: { authorization: "Basic abc" } })).toBe(401);
  });

  test("path - another one is 404", async () => {
    await using served = await opened({ path: "/live" });
    expect(served.url).toMatch(/\/live$/);
    expect(await refused(served.url)).toBeUndefined();
    expect(await refused(served.url.replace("/live", "/other"))).toBe(404);
    expect(await refused(`${served.url}/`)).toBe(404);
  });

  test("origin - pages of elsewhere are 403, those of this computer are not", async () => {
    await using served = await opened();
    expect(await refused(served.url, [], { origin: "https://evil.example" })).toBe(403);
    expect(await refused(served.url, [], { origin: "null" })).toBe(403);
    expect(await refused(served.url, [], { origin: "http://localhost:5173" })).toBeUndefined();
  });

  test("maxClients - one more is 503, until one leaves", async () => {
    await using served = await opened({ maxClients: 2 });
    using first = await joined(served);
    using _second = await joined(served);
    expect(await refused(served.url)).toBe(503);
    first.socket.close();
    await until(() => served.publisher.clients.length === 1, "one to leave");
    expect(await refused(served.url)).toBeUndefined();
  });

  test("subprotocol - unknown ones alone are 400; the first known one is taken", async () => {
    await using served = await opened();
    expect(await refused(served.url, ["mqtt"])).toBe(400);
    using client = await joined(served, ["mqtt", "arroyo.native"]);
    expect(client.socket.protocol).toBe("arroyo.native");
  });

  test("plain HTTP - is told what this is", async () => {
    await using served = await opened();
    const response = await fetch(served.url.replace("ws:", "http:"));
    expect(response.status).toBe(426);
    expect(await response.text()).toMatch(/WebSocket/);
  });
});

describe("hostile clients", () => {
  /** Sends bytes to the port and gives what came back until the end. */
  async function raw(url: string, bytes: string | Uint8Array): Promise<string> {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.write(bytes);
    await once(socket, "close");
    return answer;
  }
  const handshake = (extra = ""): string =>
    `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`;

  test("handshakes - nonsense, too long, or half of one, is answered or cut, and the next client is served", async () => {
    await using served = await opened();
    expect(await raw(served.url, "\x00\x01\x02\r\n\r\n")).toMatch(/^HTTP\/1.1 400/);
    expect(await raw(served.url, handshake(`X: ${"y".repeat(20_000)}\r\n`))).toMatch(/^HTTP\/1.1 431/);
    expect(await raw(served.url, handshake().replace("GET / ", "GET //evil/ "))).toMatch(/^HTTP\/1.1 400/);
    expect(await raw(served.url, handshake().replace("GET / ", "GET http://[ "))).toMatch(/^HTTP\/1.1 400/);
    expect(await raw(served.url, handshake("Sec-WebSocket-Protocol: ,,,\r\n"))).toMatch(/^HTTP\/1.1 400/);
    expect(await raw(served.url, handshake().replace("dGhl", "!!!!"))).toMatch(/^HTTP\/1.1 400/);
    using client = await joined(served);
    served.publisher.publish(frame(1));
    await until(() => client.received.length === 1, "an event");
  });

  test("frames - unmasked, of unknown kinds, or too large, end the connection of their sender alone", async () => {
    await using served = await opened();
    using good = await joined(served);
    const bad = [
      Buffer.of(0x81, 0x01, 0x41),
      Buffer.of(0x83, 0x80, 0, 0, 0, 0),
      Buffer.of(0x82, 0xff, 0, 0, 0, 9, 0, 0, 0, 0),
    ];
    for (const bytes of bad) {
      expect(await raw(served.url, Buffer.concat([Buffer.from(handshake()), bytes]))).toMatch(/^HTTP\/1.1 101/);
    }
    await until(() => served.publisher.clients.length === 1, "the bad ones to be gone");
    served.publisher.publish(frame(1));
    await until(() => good.received.length === 1, "an event");
  });

  test("messages - a client has nothing to say", async () => {
    await using served = await opened();
    using small = await joined(served);
    using large = await joined(served);
    small.socket.send("hello");
    large.socket.send(new Uint8Array(5000));
    await until(() => small.code !== undefined && large.code !== undefined, "both to be closed");
    expect([small.code, large.code]).toEqual([1008, 1009]);
  });

  test("pings - are answered, but not to somebody who never reads", async () => {
    await using served = await opened();
    using client = await joined(served);
    let pongs = 0;
    client.socket.on("pong", () => {
      pongs += 1;
    });
    client.socket.ping("a");
    await until(() => pongs === 1, "a pong");
    client.stall();
    for (let n = 0; n < 20_000; n += 1) client.socket.ping("x".repeat(120));
    await until(() => client.socket.bufferedAmount === 0, "the pings to be read");
    expect(served.publisher.clients[0]?.waitingBytes).toBeLessThan(16 * 1024);
  });
});

describe("late joiners", () => {
  test("snapshot - the open runs, resumed, and the newest event, before all else", async () => {
    await using served = await opened();
    const { publisher } = served;
    publisher.publish(new Start({}, { run: "ended" }));
    publisher.publish(new Start({ scan: 2 }, { run: "open" }));
    publisher.publish(frame(1, "open"));
    publisher.publish(frame(2, "open"));
    publisher.publish(new Stop({}, { run: "ended" }));
    using json = await joined(served);
    using packed = await joined(served, ["arroyo.msgpack"]);
    publisher.publish(frame(3, "open"));
    await until(() => json.received.length === 3 && packed.received.length === 3, "three messages each");
    const told = (all: readonly Record<string, unknown>[]): unknown[] =>
      all.map(({ type, resumed, sequence, run }) => [type, type === "start" ? resumed : sequence, run]);
    const expected = [
      ["start", true, "open"],
      ["event", 1, "open"],
      ["event", 2, "open"],
    ];
    expect(told(json.documents)).toEqual(expected);
    expect(told(packed.received.map((one) => unpack(one as Buffer)))).toEqual(expected);
    expect(publisher.counts).toMatchObject({ sent: 4, dropped: 0, clients: 2 });
  });

  test("snapshot - the last event of a run that ended is not given", async () => {
    await using served = await opened();
    for (const message of [new Start({}, { run: "r" }), frame(1, "r"), new Stop({}, { run: "r" })]) {
      served.publisher.publish(message);
    }
    using client = await joined(served);
    served.publisher.publish(frame(2));
    await until(() => client.received.length === 1, "the next event");
    expect(client.documents).toMatchObject([{ type: "event", metadata: { n: 2 } }]);
  });
});

describe("clients that do not keep up", () => {
  test("latest - only the newest event goes out in a round, and the last one before a Stop", async () => {
    await using served = await opened({ intervalMs: 5 });
    const { publisher } = served;
    using client = await joined(served);
    publisher.publish(new Start({}, { run: "r" }));
    for (let n = 0; n < 100; n += 1) publisher.publish(frame(n, "r"));
    publisher.publish(new Stop({}, { run: "r" }));
    for (let n = 100; n < 200; n += 1) publisher.publish(frame(n));
    await until(
      () => client.documents.some(({ sequence, type }) => type === "event" && sequence === 199),
      "the newest",
    );
    expect(client.documents.map(({ type, sequence }) => [type, sequence])).toEqual([
      ["start", 0],
      ["event", 99],
      ["stop", 1],
      ["event", 199],
    ]);
    expect(publisher.clients).toMatchObject([{ sent: 2, dropped: 198, waitingBytes: 0 }]);
  });

  test("latest, newestBy - keeps the newest of each kind, in the order of their numbers", async () => {
    await using served = await opened({ newestBy: "kind", intervalMs: 5 });
    using client = await joined(served);
    for (let n = 0; n < 10; n += 1) {
      served.publisher.publish(new Event({ kind: "image", n }, Uint8Array.of(n)));
      served.publisher.publish(new Event({ kind: "curve", n }, Uint8Array.of(n)));
    }
    await until(() => client.received.length === 2, "one of each");
    expect(client.documents.map(({ metadata }) => metadata)).toEqual([
      { kind: "image", n: 9 },
      { kind: "curve", n: 9 },
    ]);
  });

  test.each([
    ["drop-oldest", [90, 99]],
    ["drop-newest", [0, 9]],
  ] as const)("%s - keeps so many events, and says what it left out", async (overflow, [first, last]) => {
    await using served = await opened({ overflow, maxMessages: 10, maxBytes: 64 * 1024 * 1024 });
    const { publisher } = served;
    using client = await joined(served);
    // A message that fills the system's buffers, and this process's part of them.
    client.stall();
    publisher.publish(frame(0, undefined, 12 * 1024 * 1024));
    await until(() => publisher.clients[0]?.sent === 1, "the connection to be full");
    for (let n = 0; n < 100; n += 1) publisher.publish(frame(n));
    expect(publisher.clients).toMatchObject([{ dropped: 90 }]);
    client.socket.resume();
    await until(() => client.received.length === 11, "what waited");
    const numbers = client.documents.slice(1).map(({ metadata }) => (metadata as { n: number }).n);
    expect([numbers[0], numbers.at(-1), numbers.length]).toEqual([first, last, 10]);
    expect(publisher.counts).toMatchObject({ sent: 11, dropped: 90 });
  });

  test("a client that is gone without a word - is removed after two pings", async () => {
    await using served = await opened({ pingMs: 20 });
    using silent = await joined(served);
    using living = await joined(served);
    silent.stall();
    await until(() => served.publisher.clients.length === 1, "the silent one to be removed");
    expect(served.publisher.counts.dead).toBe(1);
    expect(living.socket.readyState).toBe(1);
  });

  test("50 clients, half of them stalled - nobody waits, the bounds hold, and the counts add up", async () => {
    const maxBytes = 256 * 1024;
    await using served = await opened({ overflow: "drop-oldest", maxBytes, pingMs: 0 });
    const { publisher } = served;
    const clients = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        new BareClient(served.url, n % 2 === 0 ? ["arroyo.native"] : ["arroyo.msgpack"]).open(),
      ),
    );
    await until(() => publisher.clients.length === 50, "50 clients");
    const stalled = clients.filter((_, n) => n % 4 < 2);
    for (const client of stalled) client.stall();
    const events = 400;
    publisher.publish(new Start({}, { run: "r" }));
    for (let n = 0; n < events; n += 1) {
      expect(publisher.publish(frame(n, "r", 40_000))).toBeUndefined();
      for (const { waitingBytes } of publisher.clients) expect(waitingBytes).toBeLessThanOrEqual(maxBytes + 41_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    publisher.publish(new Stop({}, { run: "r" }));
    const living = clients.filter((_, n) => n % 4 >= 2);
    await until(
      () => publisher.clients.filter((one) => one.waitingBytes === 0).length >= living.length,
      "the living ones to have all",
      20_000,
    );
    for (const client of stalled) client.socket.resume();
    await until(
      () => publisher.clients.every(({ waitingBytes }) => waitingBytes === 0),
      "all to have what was kept",
      20_000,
    );
    for (const { sent, dropped } of publisher.clients) expect(sent + dropped).toBe(events);
    const total = publisher.counts;
    expect(total.sent + total.dropped).toBe(50 * events);
    expect(total.lifecycleDropped).toBe(0);
    // Whoever takes longer than a second is given signs of life besides.
    const messages = (client: BareClient): number => client.received.filter((one) => !isSignOfLife(one)).length;
    await until(
      () => clients.reduce((sum, client) => sum + messages(client), 0) === total.sent + 100,
      "all of it to arrive",
      20_000,
    );
    for (const client of clients) client[Symbol.dispose]();
  });

  test("close - gives what waits to who reads, and does not wait for who does not", async () => {
    const served = await opened({ lingerMs: 300, overflow: "drop-oldest" });
    using reading = await joined(served);
    using stalled = await joined(served);
    stalled.stall();
    for (let n = 0; n < 10; n += 1) served.publisher.publish(frame(n, undefined, 1_000_000));
    await served.publisher.close();
    await until(() => reading.code !== undefined, "the close");
    expect(reading.code).toBe(1000);
    expect(reading.received).toHaveLength(10);
    expect(served.publisher.endpoint).toBeUndefined();
    expect(served.publisher.counts.clients).toBe(0);
    expect(served.publisher.counts.sent).toBeGreaterThanOrEqual(10);
  });
});
