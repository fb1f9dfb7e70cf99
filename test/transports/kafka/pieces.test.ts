import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { isRetryable } from "../../../src/errors.ts";
import type { SentRecord } from "../../../src/transports/kafka/client.ts";
import { firstPosition, type PositionFacts } from "../../../src/transports/kafka/first-position.ts";
import { isStale, kafkaError } from "../../../src/transports/kafka/kafka-errors.ts";
import { KafkaListener } from "../../../src/transports/kafka/kafka-listener.ts";
import { KafkaPublisher } from "../../../src/transports/kafka/kafka-publisher.ts";
import { murmur2 } from "../../../src/transports/kafka/murmur2.ts";
import { OpenRuns, startsIn } from "../../../src/transports/kafka/open-runs.ts";
import { requestsOf } from "../../../src/transports/kafka/requests.ts";

const theirs = createRequire(import.meta.url)("kafkajs/src/producer/partitioners/default/murmur2.js") as (
  key: Buffer,
) => number;

describe("keys", () => {
  test("keys - have the hash of the other clients", () => {
    const texts = ["", "a", "ab", "abc", "abcd", "run-17", "ключ", "0123456789".repeat(20)];
    for (const text of texts) expect(murmur2(Buffer.from(text)), text).toBe(theirs(Buffer.from(text)));
  });

  test("keys - have the hash of the Java client", () => {
    // From the tests of its own murmur2.
    const known = { "21": -973932308, foobar: -790332482, "a-little-bit-long-string": -985981536 };
    for (const [text, hash] of Object.entries(known)) expect(murmur2(Buffer.from(text)), text).toBe(hash);
  });
});

describe("requests", () => {
  const record = (partition: number, bytes: number): SentRecord => {
    return { partition, key: null, value: [new Uint8Array(bytes)], timestamp: undefined, headers: undefined };
  };

  test("requests - keep the order and stay below the bound, each partition for itself", () => {
    const records = [record(0, 400), record(1, 400), record(0, 400), record(0, 400), record(1, 10)];
    const requests = requestsOf(records, 1_000);
    expect(requests.flat()).toEqual(records);
    expect(requests.map((request) => request.length)).toEqual([3, 2]);
  });

  test("requests - one that is too large goes alone", () => {
    expect(requestsOf([record(0, 10), record(0, 5_000), record(0, 10)], 1_000).map(({ length }) => length)).toEqual([
      1, 1, 1,
    ]);
    expect(requestsOf([], 1_000)).toEqual([]);
  });
});

describe("metadata of a commit", () => {
  test("open runs - are those whose Start stands before the commit and whose Stop does not", () => {
    const runs = new OpenRuns();
    runs.goesOn("old", 3);
    runs.began("a", 10);
    runs.began("b", 20);
    runs.ended("a", 30);
    runs.ended("old", 31);
    expect(runs.has("b")).toBe(true);
    expect(runs.has("a")).toBe(false);
    expect(runs.metadataAt(10)).toBe("arroyo/1 3");
    expect(runs.metadataAt(21)).toBe("arroyo/1 3,10,20");
    expect(runs.metadataAt(31)).toBe("arroyo/1 3,20");
    expect(runs.metadataAt(32)).toBe("arroyo/1 20");
  });

  test("metadata - reads back, and ignores what others wrote", () => {
    expect(startsIn("arroyo/1 20,3", 100)).toEqual([3, 20]);
    expect(startsIn("arroyo/1 3,20", 20)).toEqual([3]);
    for (const other of [
      "",
      "arroyo/1 ",
      "arroyo/2 1",
      "x",
      "arroyo/1 1;2",
      "arroyo/1 -1",
      `arroyo/1 ${"9".repeat(30)}`,
    ]) {
      expect(startsIn(other, 100), other).toEqual([]);
    }
  });

  test("metadata - stays below what brokers take, however many runs are open", () => {
    const runs = new OpenRuns();
    for (let run = 0; run < 5_000; run += 1) runs.began(`run-${run}`, 1e15 + run);
    const metadata = runs.metadataAt(2e15);
    expect(metadata.length).toBeLessThan(4_096);
    expect(startsIn(metadata, 2e15).at(-1)).toBe(1e15 + 4_999);
  });
});

describe("first position", () => {
  const facts = (over: Partial<PositionFacts> = {}): PositionFacts => ({
    subject: "KafkaListener",
    topic: "t",
    partition: 0,
    extent: { low: 100, high: 200 },
    committed: undefined,
    begin: undefined,
    withoutCommit: "earliest",
    outOfRange: "earliest",
    ...over,
  });
  const committed = (offset: number): PositionFacts["committed"] => ({ offset, metadata: "arroyo/1 110" });

  test("first position - is the commit, with the runs that are open there", () => {
    expect(firstPosition(facts({ committed: committed(150) }))).toEqual({ position: 150, starts: [110], lost: 0 });
    expect(firstPosition(facts({ committed: committed(200) })).position).toBe(200);
  });

  test("first position - without a commit is what was chosen", () => {
    expect(firstPosition(facts()).position).toBe(100);
    expect(firstPosition(facts({ withoutCommit: "latest" })).position).toBe(200);
    expect(() => firstPosition(facts({ withoutCommit: "fail" }))).toThrow(/nothing is committed/);
  });

  test("first position - a wish to begin anew counts more than the commit", () => {
    expect(firstPosition(facts({ committed: committed(150), begin: "latest" })).position).toBe(200);
    expect(firstPosition(facts({ committed: committed(150), begin: 170 })).position).toBe(170);
  });

  test("first position - out of range is counted as lost, or refused", () => {
    expect(firstPosition(facts({ committed: committed(40) }))).toEqual({ position: 100, starts: [], lost: 60 });
    expect(firstPosition(facts({ committed: committed(40), outOfRange: "latest" })).lost).toBe(160);
    expect(firstPosition(facts({ committed: committed(500) }))).toEqual({ position: 100, starts: [], lost: 0 });
    const refused = (): unknown => firstPosition(facts({ committed: committed(40), outOfRange: "fail" }));
    expect(refused).toThrow(/partition 0 of t: offset 40 is out of range, the topic has 100 to 200/);
  });
});

describe("errors", () => {
  const cause = (error: object): unknown =>
    Object.assign(new Error("given up"), {
      name: "KafkaJSNumberOfRetriesExceeded",
      retriable: false,
      cause: Object.assign(new Error("because"), error),
    });

  test("errors - of connections can be tried again, whatever the client thinks of them", () => {
    const error = kafkaError(
      "KafkaListener",
      cause({ name: "KafkaJSConnectionError", message: "connect ECONNREFUSED" }),
    );
    expect(isRetryable(error)).toBe(true);
    expect(kafkaError("X", error)).toBe(error);
  });

  test("errors - say what to do where trying again cannot help", () => {
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ type: "TOPIC_AUTHORIZATION_FAILED" }, /may not use this topic/],
      [{ type: "MESSAGE_TOO_LARGE", message: "too large" }, /max\.message\.bytes/],
      [{ name: "KafkaJSSASLAuthenticationError", message: "no" }, /correct sasl/],
      [{ name: "KafkaJSNotImplemented", message: "Snappy compression not implemented" }, /kafkajs-snappy/],
      [{ name: "KafkaJSConnectionError", message: "self-signed certificate" }, /correct tls/],
    ];
    for (const [error, message] of cases) {
      const ours = kafkaError("KafkaListener", cause(error));
      expect(ours.message).toMatch(message);
      expect(isRetryable(ours), ours.message).toBe(false);
    }
  });

  test("errors - a generation that is over is known", () => {
    expect(isStale(cause({ type: "ILLEGAL_GENERATION" }))).toBe(true);
    expect(isStale(new Error("x"))).toBe(false);
  });
});

describe("options", () => {
  const listener = (options: object): unknown =>
    new KafkaListener({ brokers: ["h:9092"], topic: "t", groupId: "g", ...options } as never);
  const publisher = (options: object): unknown =>
    new KafkaPublisher({ brokers: ["h:9092"], topic: "t", ...options } as never);

  test("options - what cannot be meant is refused with its name", () => {
    const cases: readonly (readonly [() => unknown, RegExp])[] = [
      [() => listener({ brokers: [] }), /KafkaListener: brokers: expected a list/],
      [() => listener({ brokers: ["h"] }), /brokers/],
      [() => listener({ topic: "a b" }), /topic/],
      [() => listener({ topic: ".." }), /topic/],
      [() => listener({ groupId: "" }), /groupId/],
      [() => listener({ group: "g" }), /no option "group"; did you mean "groupId"/],
      [() => listener({ from: "oldest" }), /from: expected "committed", "earliest", "latest"/],
      [() => listener({ outOfRange: "skip" }), /outOfRange/],
      [() => listener({ handoverMs: 20_000 }), /handoverMs: expected at most 15000/],
      [() => listener({ sasl: { mechanism: "plain", username: "u" } }), /sasl\.password: expected a string/],
      [() => listener({ sasl: { mechanism: "magic", password: "secret" } }), /sasl\.mechanism/],
      [() => listener({ createTopic: { partitions: 0 } }), /createTopic\.partitions/],
      [() => publisher({ compression: "brotli" }), /compression/],
      [() => publisher({ partition: 3 }), /partition: expected a function/],
      [() => publisher({ groupId: "g" }), /no option "groupId"/],
    ];
    for (const [make, message] of cases) expect(make).toThrow(message);
  });

  test("options - a secret is never repeated", () => {
    try {
      listener({ sasl: { mechanism: "magic", username: "u", password: "secret" } });
    } catch (error) {
      expect(String(error)).not.toContain("secret");
    }
  });
});
