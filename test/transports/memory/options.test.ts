import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "../../../src/transports/memory/index.ts";
import { event, publisher } from "./harness.ts";

describe("options of the memory transport", () => {
  const wrong: readonly (readonly [what: string, make: () => unknown, says: RegExp])[] = [
    ["mode", () => new MemoryChannel({ mode: "stream" as "log" }), /mode: expected "live" or "log", got "stream"/],
    [
      "maxMessages",
      () => new MemoryChannel({ mode: "log", maxMessages: 0 }),
      /maxMessages: expected a whole number above 0/,
    ],
    ["maxBytes", () => new MemoryChannel({ mode: "log", maxBytes: 1.5 }), /maxBytes: expected a whole number above 0/],
    ["no channel", () => new MemoryPublisher({ channel: {} as never }), /channel: expected a MemoryChannel/],
    [
      "no channel to read",
      () => new MemoryListener({ channel: undefined as never }),
      /channel: expected a MemoryChannel/,
    ],
    [
      "waitForReaders",
      () => new MemoryPublisher({ channel: new MemoryChannel(), waitForReaders: -1 }),
      /waitForReaders: expected a whole number, got -1/,
    ],
    [
      "group of a live channel",
      () => new MemoryListener({ channel: new MemoryChannel(), group: "g" }),
      /group: a live channel/,
    ],
    [
      "from of a live channel",
      () => new MemoryListener({ channel: new MemoryChannel(), from: "oldest" }),
      /from: a live channel/,
    ],
    [
      "from",
      () => new MemoryListener({ channel: new MemoryChannel({ mode: "log" }), from: { position: -1 } }),
      /from: expected "committed", "oldest", "newest" or \{ position \}, got \{"position":-1\}/,
    ],
  ];
  for (const [what, make, says] of wrong) {
    test(`${what} - is refused with what was expected and what came`, () => {
      expect(make).toThrow(UsageError);
      expect(make).toThrow(says);
    });
  }

  test("claims - follow from the mode of the channel", () => {
    const [live, log] = [new MemoryChannel(), new MemoryChannel({ mode: "log" })];
    expect(new MemoryListener({ channel: live }).replay).toBe("none");
    expect(new MemoryListener({ channel: log }).replay).toBe("log");
    expect(new MemoryPublisher({ channel: live }).confirms).toBe(false);
    expect(new MemoryPublisher({ channel: log }).confirms).toBe(true);
  });

  test("publisher - refuses to be opened twice, and to publish while it is not open", async () => {
    const channel = new MemoryChannel<AnyMessage>();
    const source = await publisher(channel);
    await expect(source.open(new AbortController().signal)).rejects.toThrow(/open already/);
    expect(() => new MemoryPublisher<AnyMessage>({ channel }).publish(event(1))).toThrow(/is not open/);
  });

  test("topic - one that no wire could carry is refused here too", async () => {
    const source = await publisher(new MemoryChannel<AnyMessage>(), { topic: "!arroyo" });
    expect(() => source.publish(event(1))).toThrow(/belongs to Starts and Stops/);
  });

  test("inspect - shows how the channel stands", async () => {
    const channel = new MemoryChannel<AnyMessage>({ mode: "log" });
    await publisher(channel);
    expect(inspect(channel)).toMatch(/MemoryChannel.*mode: 'log'.*publishers: 1/s);
  });
});
