import { describe, expect, test } from "vitest";
import type { Entry } from "../../../src/transports/redis/entries.ts";
import { compareIds, idBefore } from "../../../src/transports/redis/entry-id.ts";
import { ReadSize } from "../../../src/transports/redis/read-size.ts";
import { redisError } from "../../../src/transports/redis/redis-errors.ts";
import { pubSubWarnings, type ServerLimits } from "../../../src/transports/redis/server-limits.ts";
import { countAt } from "../../../src/transports/redis/stream-info.ts";
import { Trimming } from "../../../src/transports/redis/trimming.ts";

const entries = (count: number, bytes: number): Entry[] =>
  Array.from({ length: count }, () => ({ id: "1-1", fields: [Buffer.from("m"), Buffer.alloc(bytes)] }));

test("ids - are compared as numbers, and the one before is found", () => {
  expect(compareIds("9-0", "10-0")).toBeLessThan(0);
  expect(compareIds("5-10", "5-9")).toBeGreaterThan(0);
  expect(compareIds("18446744073709551615-1", "18446744073709551615-1")).toBe(0);
  expect(idBefore("5-3")).toBe("5-2");
  expect(idBefore("5-0")).toBe("4-18446744073709551615");
  expect(idBefore("0-0")).toBe("0-0");
});

describe("read size", () => {
  test("small entries that wait - are read many at a time, large ones few", () => {
    const size = new ReadSize();
    for (let round = 0; round < 10; round += 1) size.saw(entries(size.count, 100), 150);
    expect(size.count).toBe(512);
    size.saw(entries(2, 1_000_000), 150);
    expect(size.count).toBe(2);
  });

  test("a stream with large entries further on - is read in smaller steps", () => {
    const size = new ReadSize();
    for (let round = 0; round < 10; round += 1) size.saw(entries(size.count, 100), 4_000_000);
    expect(size.count).toBe(8);
  });

  test("entries that come one by one - do not make the next read large", () => {
    const size = new ReadSize();
    for (let round = 0; round < 10; round += 1) size.saw(entries(1, 100), 150);
    expect(size.count).toBe(8);
  });
});

test("count - is certain before the oldest entry that is left, and at the end", () => {
  const info = { length: 4, lastId: "10-0", firstId: "7-0", added: 10, averageBytes: 0 };
  expect(countAt(info, "3-0")).toBe(6);
  expect(countAt(info, "8-0")).toBeUndefined();
  expect(countAt(info, "10-0")).toBe(10);
  expect(countAt({ ...info, added: undefined }, "3-0")).toBeUndefined();
});

test("trimming - keeps as many as the newest sizes say", () => {
  const trimming = new Trimming("s", { maxBytes: 100_000, maxAgeMs: Number.POSITIVE_INFINITY });
  trimming.begin(0, 0, Date.now());
  expect(trimming.byBytes()).toEqual([]);
  for (let sent = 0; sent < 1_000; sent += 1) trimming.sent(952);
  const [, , many] = trimming.byBytes() as readonly ["MAXLEN", "~", number];
  expect(many).toBeGreaterThanOrEqual(100);
  expect(many).toBeLessThan(200);
  for (let sent = 0; sent < 100; sent += 1) trimming.sent(99_952);
  const [, , few] = trimming.byBytes() as readonly ["MAXLEN", "~", number];
  expect(few).toBeLessThanOrEqual(128);
  expect(new Trimming("s", { maxBytes: Infinity, maxAgeMs: Infinity }).byBytes()).toEqual([]);
});

test("errors - are retryable where waiting can help, and say what to do where it cannot", () => {
  const judged = (message: string): boolean => redisError("test", "h:1", new Error(message)).retryable;
  const later = [
    "LOADING Redis is loading",
    "READONLY You can't write",
    "OOM command not allowed",
    "NOGROUP No such key",
  ];
  const lost = ["Connection is closed.", "All sentinels are unreachable. Retrying", "connect ETIMEDOUT"];
  for (const message of [...later, ...lost]) expect(judged(message), message).toBe(true);
  for (const message of ["WRONGPASS x", "NOPERM x", "WRONGTYPE x", "ERR unknown command"])
    expect(judged(message)).toBe(false);
  expect(redisError("test", "h:1", new Error("NOPERM no")).message).toContain("ACL");
});

test("limits - a subscriber's buffer that is smaller than a message is named", () => {
  const limits: ServerLimits = {
    maxBulkBytes: 1,
    subscriberBytes: 1_000,
    subscriberSoftBytes: 0,
    isDurable: true,
    evicts: "noeviction",
    isTold: false,
  };
  expect(pubSubWarnings(limits, 2_000).join()).toContain('"pubsub 8000 0 0" (the server does not tell it');
  expect(pubSubWarnings(limits, 500)).toEqual([]);
  expect(pubSubWarnings({ ...limits, subscriberBytes: 0 }, 2_000)).toEqual([]);
});
