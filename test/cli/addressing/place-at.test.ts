import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { placeAt, withoutSecrets } from "../../../src/cli/addressing/place-at.ts";
import type { Asked, Purpose } from "../../../src/cli/addressing/stream-place.ts";

const cwd = mkdtempSync(join(tmpdir(), "arroyo-places-"));
afterAll(() => rmSync(cwd, { recursive: true }));
writeFileSync(join(cwd, "night.acap"), "");
mkdirSync(join(cwd, "incoming"));

const asked = (purpose: Purpose): Asked => ({ command: "look", purpose, waits: true, cwd });

describe("to read", () => {
  test.each([
    ["tcp://127.0.0.1:5555", "zmq", {}],
    ["redis://h:1/frames", "redis-stream", { url: "redis://h:1", stream: "frames", from: "newest" }],
    ["redis://h/3/frames?from=oldest", "redis-stream", { url: "redis://h/3", stream: "frames", from: "oldest" }],
    [
      "rediss://u:p%2F@h?stream=7&from=5-1",
      "redis-stream",
      { url: "rediss://u:p%2F@h", stream: "7", from: { id: "5-1" } },
    ],
    ["redis://h/2?channel=a&channel=b", "redis", { url: "redis://h/2", channels: ["a", "b"] }],
    ["redis://h?pattern=scan:*", "redis", { url: "redis://h", patterns: ["scan:*"] }],
    [
      "kafka://ada:pw@h1:9093,h2/frames?tls=true&sasl=scram-sha-256&group=g",
      "kafka",
      {
        brokers: ["h1:9093", "h2:9092"],
        topic: "frames",
        tls: true,
        sasl: { mechanism: "scram-sha-256", username: "ada", password: "pw" },
        groupId: "g",
        clientId: "arroyo-look",
      },
    ],
    ["amqp://h/v%2F1/q", "amqp", { url: "amqp://h/v%2F1", queue: "q", declare: false }],
    ["amqp://h?exchange=scans&key=roi.*", "amqp", { url: "amqp://h/%2F", exchange: "scans", keys: ["roi.*"] }],
    ["amqp://h//q", "amqp", { url: "amqp://h/%2F", queue: "q", declare: false }],
    [
      "amqps://u:p@h:5671?stream=log&from=12",
      "amqp-stream",
      { url: "amqps://u:p@h:5671/%2F", queue: "log", declare: false, from: { offset: 12 } },
    ],
    ["wss://h/live?token=t&view=1", "websocket", { url: "wss://h/live?view=1", token: "t" }],
    ["night.acap", "capture", { path: join(cwd, "night.acap"), from: "oldest", speed: 1, maxGapMs: 5000 }],
    ["incoming", "files", { folder: join(cwd, "incoming"), journal: false }],
  ])("%s - is taken for what it names", (url, use, options) => {
    const place = placeAt(url, asked("read"));
    expect(place.use).toBe(use);
    expect(place.options).toEqual(options);
  });

  test("a topic - is watched in a group of its own, from the newest", () => {
    const place = placeAt("kafka://h/frames", asked("read"));
    expect(place).toMatchObject({ use: "kafka-watch", options: { topic: "frames", from: "latest" } });
    expect(place.options["groupId"]).toMatch(/^arroyo-look-[\da-f-]{36}$/);
  });

  test.each([
    ["redis://h/frames?group=g", /in the group g/],
    ["kafka://h/frames?group=g", /in the group g/],
    ["amqp://h/v/q", /each message once/],
  ])("%s - takes messages away, and says so", (url, why) => {
    expect(placeAt(url, asked("read")).takes).toMatch(why);
  });
});

describe("to publish", () => {
  test.each([
    ["redis://h/frames", "redis-stream", { url: "redis://h", stream: "frames" }],
    ["redis://h?channel=live", "redis", { url: "redis://h", channel: "live", waitForSubscribers: 1 }],
    ["kafka://h/frames", "kafka", { brokers: ["h:9092"], topic: "frames", clientId: "arroyo-look" }],
    ["amqp://h/v/q", "amqp", { url: "amqp://h/v", queue: "q", declare: false }],
    ["amqp://h?exchange=scans&key=roi", "amqp", { url: "amqp://h/%2F", exchange: "scans", key: "roi" }],
    [
      "ws://[::1]:8080/live?token=t",
      "websocket",
      { host: "::1", port: 8080, path: "/live", waitForClients: 1, token: "t", overflow: "drop-oldest" },
    ],
    ["new.acap", "capture", { path: join(cwd, "new.acap") }],
  ])("%s - is taken for what it names", (url, use, options) => {
    expect(placeAt(url, asked("publish"))).toMatchObject({ use, options });
    expect(placeAt(url, asked("publish")).options).toEqual(options);
  });
});

describe("wrong addresses - say what, where, and what to write", () => {
  test.each<[Purpose, string, string]>([
    ["read", "localhost:5555", '"localhost:5555" is no address of a stream; write tcp://localhost:5555'],
    ["read", "mqtt://u:p@h/x", '"mqtt://***@h/x" is no address of a stream; write tcp://HOST:PORT, '],
    ["read", "redis://u:p@h", "redis://***@h: names neither stream nor channel; write redis://HOST:PORT/STREAM"],
    ["read", "redis://h/a/b", "redis://h/a/b: has too many parts; write redis://HOST:PORT/STREAM"],
    ["read", "redis://h/a?channel=b", "names a stream and a channel; leave one out"],
    ["read", "redis://h/a?form=oldest", 'there is no "form" behind the question mark; did you mean "from"?'],
    ["read", "redis://", "is no address of a broker; write redis://HOST:PORT/STREAM"],
    ["read", "kafka://h", "kafka://h: names no topic; write kafka://HOST:PORT/TOPIC"],
    ["read", "kafka://h/a?from=newst", 'from: there is no "newst"; did you mean "newest"?'],
    ["read", "kafka://h/a?from=", '"from" has no value; write from=VALUE, or leave it out'],
    ["read", "kafka://u:%@h/a", "is not followed by two hexadecimal digits"],
    ["read", "amqp://h/frames", "it names no queue; write arroyo look amqp://HOST/%2F/frames"],
    ["read", "amqp://h/v/q?stream=s", "names several of queue, stream and exchange; leave all but one out"],
    ["read", "amqp://h/v/q?from=oldest", "from: only a stream is read from a place; write stream=NAME"],
    ["read", "amqp://h?stream=s&from=soon", 'from: expected newest, oldest or an offset, got "soon"'],
    ["publish", "amqp://h/v/q?key=a", "key: only an exchange looks at it; write exchange=NAME too"],
    ["publish", "wss://h:1/x", "to serve TLS a certificate is needed; write ws://, or a configuration"],
    ["publish", "ws://h/x", "names no port; write ws://HOST:PORT/PATH"],
    ["publish", "night.acap", "night.acap is there already; give another name, or delete it"],
    ["publish", "./incoming", "./incoming is a folder; name a file in it: night.acap"],
    ["publish", "./out.bin", "what is written is a capture; name it so: ./out.bin.acap"],
    ["read", "./none.acap", "there is no file or folder ./none.acap; correct the path"],
  ])("%s %s", (purpose, url, words) => {
    expect(() => placeAt(url, asked(purpose))).toThrow(words);
  });
});

test("secrets - are in nothing that is shown", () => {
  for (const url of [
    "redis://u:canary@h/s",
    "kafka://u:canary@h/s",
    "amqp://u:canary@h/v/q",
    "ws://h:1/?token=canary",
  ]) {
    expect(placeAt(url, asked("read")).shown).not.toContain("canary");
    expect(withoutSecrets(url)).not.toContain("canary");
    expect(placeAt(url, asked("read")).secrets).toEqual(["canary"]);
  }
});
