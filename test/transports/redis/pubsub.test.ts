import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Account, Block, Event, type Message, Start, Stop } from "../../../src/index.ts";
import { freePorts } from "../../../src/testing/brokers/free-port.ts";
import { type Broker, startProxy, startRedis } from "../../../src/testing/brokers/index.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { RedisListener, type RedisListenerOptions } from "../../../src/transports/redis/redis-listener.ts";
import { RedisPublisher } from "../../../src/transports/redis/redis-publisher.ts";
import { RedisStreamListener } from "../../../src/transports/redis/redis-stream-listener.ts";
import { RedisStreamPublisher } from "../../../src/transports/redis/redis-stream-publisher.ts";
import { ask, fresh, until } from "./places.ts";

let redis: Broker;
beforeAll(async () => {
  redis = await startRedis({ own: true });
});
afterAll(async () => redis[Symbol.asyncDispose]());

class Subscriber implements AsyncDisposable {
  readonly inlet: RecordingInlet;
  readonly ended: Promise<unknown>;
  readonly #stop = new AbortController();

  constructor(options: Partial<RedisListenerOptions>) {
    const listener = new RedisListener({ url: redis.url, ...options });
    this.inlet = new RecordingInlet(listener.codec);
    this.ended = listener.start(this.inlet as never, this.#stop.signal).catch((error: unknown) => error);
  }

  static async ready(options: Partial<RedisListenerOptions>): Promise<Subscriber> {
    const one = new Subscriber(options);
    await until(() => one.inlet.readyAt.length > 0, "the subscriber to be ready");
    return one;
  }

  get seen(): unknown[] {
    return this.inlet.messages.map((message) => (message.type === "event" ? message.field("n") : message.type));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }
}

async function opened(
  options: ConstructorParameters<typeof RedisPublisher<Message>>[0],
): Promise<RedisPublisher<Message> & AsyncDisposable> {
  const publisher = new RedisPublisher<Message>(options);
  publisher.begin("test");
  await publisher.open(new AbortController().signal);
  return Object.assign(publisher, { [Symbol.asyncDispose]: () => publisher.close() });
}

const event = (n: number, topic = ""): Event => new Event({ n, topic }, Uint8Array.of(n), { run: "r" });

describe("redis pub/sub", () => {
  test("topics and patterns - give what was asked for, and Start and Stop always", async () => {
    const channel = fresh("scan*[x]");
    await using all = await Subscriber.ready({ channels: channel });
    await using roi = await Subscriber.ready({ channels: [channel], topics: ["roi"] });
    await using pattern = await Subscriber.ready({ patterns: `${channel.slice(0, 4)}*` });
    const topic = (message: Message): string => (message.type === "event" ? String(message.field("topic")) : "");
    await using publisher = await opened({ url: redis.url, channel, topic });
    await publisher.publish(new Start({}, { run: "r" }));
    await publisher.publish(event(1, "roi-1"));
    await publisher.publish(event(2, "raw"));
    await publisher.publish(event(3));
    await publisher.publish(new Stop({}, { run: "r" }));
    const whole = ["start", 1, 2, 3, "stop"];
    await until(() => [all, roi, pattern].every(({ seen }) => seen.includes("stop")), "the Stop everywhere");
    expect(all.seen).toEqual(whole);
    expect(pattern.seen).toEqual(whole);
    expect(roi.seen).toEqual(["start", 1, "stop"]);
  });

  test("a connection that is cut in the middle of a run - what was missed is counted, exactly", async () => {
    const channel = fresh("cut");
    await using proxy = await startProxy({ port: redis.port });
    let seen = 0;
    const block = new Block({
      name: "reader",
      listeners: [new RedisListener<Message>({ url: `redis://127.0.0.1:${proxy.port}`, channels: channel })],
      operator: () => {
        seen += 1;
      },
    });
    await block.start();
    await block.ready();
    await using publisher = await opened({ url: redis.url, channel, waitForSubscribers: 1 });
    await publisher.publish(new Start({}, { run: "r" }));
    for (let n = 0; n < 10; n += 1) await publisher.publish(event(n));
    await until(() => seen === 11, "what came before the cut");
    proxy.refuse();
    await until(() => publisher.readers === 0, "the server to notice");
    for (let n = 10; n < 17; n += 1) await publisher.publish(event(n));
    proxy.resume();
    await until(() => publisher.readers === 1, "the reader to come back", 10_000);
    for (let n = 17; n < 20; n += 1) await publisher.publish(event(n));
    await publisher.publish(new Stop({}, { run: "r" }));
    await until(() => seen >= 15, "what came after the cut");
    const account: Account = await block.stop();
    expect(account).toMatchObject({ received: 15, lost: 7 });
  });

  test("limits of the server - are named, with what to do", async () => {
    await ask(redis.url, "CONFIG", "SET", "client-output-buffer-limit", "pubsub 33554432 8388608 60");
    await using subscriber = await Subscriber.ready({ channels: fresh("limits") });
    expect(subscriber.inlet.warnings.join()).toMatch(
      /client-output-buffer-limit pubsub is 33554432 8388608.*CONFIG SET/,
    );
    await ask(redis.url, "CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 0 0");
    await using other = await Subscriber.ready({ channels: fresh("limits") });
    expect(other.inlet.warnings).toEqual([]);
  });

  test("garbage on a channel - is rejected, and the next message comes", async () => {
    const channel = fresh("garbage");
    await using subscriber = await Subscriber.ready({ channels: channel });
    for (const garbage of [Buffer.alloc(0), Buffer.from("AYO"), Buffer.alloc(5_000, 0xff)]) {
      await ask(redis.url, "PUBLISH", channel, garbage);
    }
    await ask(redis.url, "PUBLISH", `${channel}!${"t".repeat(300)}`, Buffer.from("AYO\u0001"));
    await using publisher = await opened({ url: redis.url, channel });
    await publisher.publish(event(1));
    await until(() => subscriber.seen.length === 1, "the event");
    expect(subscriber.inlet.rejections.length).toBe(4);
  });
});

describe("redis connections", () => {
  test("options - what is wrong is said before anything is connected, and no password is repeated", () => {
    const wrong =
      (options: object): (() => unknown) =>
      () =>
        new RedisListener(options as RedisListenerOptions);
    expect(wrong({ channels: "a" })).toThrow("one of url");
    expect(wrong({ url: "http://user:secret@host", channels: "a" })).toThrow(/url: expected one like(?!.*secret)/);
    expect(wrong({ url: "redis://h", chanels: "a" })).toThrow('did you mean "channels"');
    expect(wrong({ url: "redis://h" })).toThrow("expected channels");
    expect(wrong({ cluster: ["a:1:2"], channels: "a" })).toThrow("host:port");
    expect(wrong({ url: "redis://h", channels: "a!b" })).toThrow("stands before a topic");
    expect(() => new RedisStreamListener({ url: "redis://h", stream: "s", cursor: "c", group: "g" })).toThrow(
      "cursor and group",
    );
    expect(() => new RedisStreamListener({ url: "redis://h", stream: "s", from: { id: "x" } })).toThrow("from.id");
    expect(() => new RedisStreamPublisher({ url: "redis://h", stream: "s", maxBytes: 0 })).toThrow("maxBytes");
  });

  test("replay - is claimed as it can be kept", () => {
    const replay = (options: object): string =>
      new RedisStreamListener({ url: "redis://h", stream: "s", ...options }).replay;
    expect(replay({ cursor: "c", from: "newest" })).toBe("log");
    expect(replay({})).toBe("log");
    expect(replay({ from: "newest" })).toBe("none");
    expect(replay({ group: "g" })).toBe("unacked");
  });

  test("nobody there - is a retryable error that names the place", async () => {
    const [port] = await freePorts(1);
    const publisher = new RedisStreamPublisher({ url: `redis://127.0.0.1:${port}`, stream: "s" });
    const error = await publisher.open(new AbortController().signal).catch((one: unknown) => one);
    expect(error).toMatchObject({ retryable: true });
    expect(String(error)).toContain(`127.0.0.1:${port}`);
    expect(String(error)).toContain("ECONNREFUSED");
  });

  test("a user with few rights - reads and writes streams and channels", async () => {
    const rights =
      "~* &* -@all +xadd +xread +xrange +hgetall +hset +eval +xinfo +publish +subscribe +psubscribe +pubsub +auth";
    await using own = await startRedis({
      own: true,
      settings: { user: [`few on >pass:word ${rights}`, "default off"] },
    });
    const place = { url: own.url, username: "few", password: "pass:word" };
    const stream = new RedisStreamPublisher<Message>({ ...place, stream: "s" });
    const warnings: string[] = [];
    stream.onWarning = (message) => warnings.push(message);
    stream.begin("test");
    await stream.open(new AbortController().signal);
    await stream.publish(new Start({}, { run: "r" }));
    await stream.publish(event(1));
    expect(warnings.join()).toContain("does not tell its limits");
    const inlet = new RecordingInlet(stream.codec);
    const stop = new AbortController();
    const reading = new RedisStreamListener({ ...place, stream: "s", cursor: "c" }).start(inlet as never, stop.signal);
    await until(() => inlet.taken.length === 2, "both messages");
    for (const { settlement } of inlet.taken) await settlement?.ack();
    stop.abort();
    await reading;
    await stream.close();
    await using subscriber = await Subscriber.ready({ ...place, channels: "c" });
    await using publisher = await opened({ ...place, channel: "c" });
    await publisher.publish(event(2));
    await until(() => subscriber.seen.length === 1, "the event");
  });

  test("a cluster - carries streams and channels", async () => {
    await using own = await startRedis({
      own: true,
      settings: { "cluster-enabled": "yes", "cluster-announce-ip": "127.0.0.1" },
    });
    await ask(own.url, "CLUSTER", "ADDSLOTSRANGE", 0, 16383);
    for (;;) if (String(await ask(own.url, "CLUSTER", "INFO")).includes("cluster_state:ok")) break;
    const place = { cluster: [`127.0.0.1:${own.port}`] };
    const stream = new RedisStreamPublisher<Message>({ ...place, stream: "s" });
    stream.onWarning = () => undefined;
    stream.begin("test");
    await stream.open(new AbortController().signal);
    await stream.publishBatch([new Start({}, { run: "r" }), event(1), event(2)]);
    const inlet = new RecordingInlet(stream.codec);
    const stop = new AbortController();
    const reading = new RedisStreamListener({ ...place, stream: "s", group: "g" }).start(inlet as never, stop.signal);
    await until(() => inlet.taken.length === 3, "three messages");
    for (const { settlement } of inlet.taken) await settlement?.ack();
    stop.abort();
    await reading;
    await stream.close();
    const subscribed = new RecordingInlet(stream.codec);
    const stopToo = new AbortController();
    const listening = new RedisListener({ ...place, channels: "c" }).start(subscribed as never, stopToo.signal);
    await until(() => subscribed.readyAt.length === 1, "the subscription");
    await using publisher = await opened({ ...place, channel: "c" });
    await publisher.publish(event(3));
    await until(() => subscribed.taken.length === 1, "the event");
    stopToo.abort();
    await listening;
  });

  test("TLS - with an authority of our own", async () => {
    const folder = mkdtempSync(join(tmpdir(), "arroyo-tls-"));
    try {
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
      execFileSync(
        "openssl",
        [
          ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
          ...["-keyout", key, "-out", cert, ...subject],
        ],
        { stdio: "ignore" },
      );
      const [port = 0] = await freePorts(1);
      const settings = { "tls-port": port, "tls-cert-file": cert, "tls-key-file": key, "tls-auth-clients": "no" };
      await using own = await startRedis({ own: true, settings: { ...settings, "tls-ca-cert-file": cert } });
      expect(own.port).not.toBe(port);
      const url = `rediss://127.0.0.1:${port}`;
      await using publisher = await opened({ url, channel: "c", tls: { ca: readFileSync(cert) } });
      await publisher.publish(event(1));
      const strange = new RedisPublisher({ url, channel: "c" });
      const error = await strange.open(new AbortController().signal).catch((one: unknown) => one);
      expect(String(error)).toMatch(/self.signed certificate/i);
      expect(error).toMatchObject({ retryable: false });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
