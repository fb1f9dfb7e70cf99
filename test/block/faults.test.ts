import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeadLetter } from "../../src/dead-letters/dead-letter.ts";
import { FileStore } from "../../src/dead-letters/file-store.ts";
import { RejectedError } from "../../src/errors.ts";
import type { BlockEvents } from "../../src/events.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { Message } from "../../src/message/message.ts";
import { nativeCodec } from "../../src/message/native/native-codec.ts";
import type { Context, Result } from "../../src/operator/context.ts";
import { event, free, type HandDriven, handDriven, name, start, stop } from "./hand-driven.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "arroyojs-faults-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lettersOnDisk = (): number => readdirSync(folder).filter((file) => file.endsWith(".letter")).length;

async function letters(): Promise<DeadLetter[]> {
  await using store = new FileStore({ path: folder });
  await store.open();
  const found: DeadLetter[] = [];
  for await (const one of store.list()) if (one.type === "letter") found.push(await store.read(one.id));
  return found;
}

const odd = (message: Message): Message => {
  if (message.type === "event" && (message.field("n") as number) < 0) throw new TypeError("odd pixels");
  return message;
};

async function burying(maxBytes?: number, operator: (message: Message, context: Context) => Result<Message> = odd) {
  const deadLetters = { path: folder, ...(maxBytes === undefined ? {} : { maxBytes }) };
  return handDriven({ operator, onError: "dead-letter", deadLetters });
}

/** Waits for files to be written until nothing is left to do. */
async function idle({ block, clock }: HandDriven, settled: () => boolean): Promise<void> {
  const done = new Promise<void>((resolve) => {
    const look = (): void => (settled() ? resolve() : void setImmediate(look));
    look();
  });
  await clock.runUntil(Promise.race([done, block.finished.catch(() => undefined)]));
}

describe("dead letters", () => {
  test("a message that fails - is on disk before it is acked", async () => {
    const hand = await burying();
    let onDisk: number | undefined;
    void hand.listener.inlet.put(free(-1), {
      ack: () => {
        onDisk = lettersOnDisk();
      },
      nack: () => undefined,
    });
    await idle(hand, () => onDisk !== undefined);
    expect(onDisk).toBe(1);
    expect(await hand.end()).toBeUndefined();
    expect(hand.block.account).toMatchObject({ received: 1, dead: 1, reasons: { "process: odd pixels": 1 } });
  });

  test("a letter - has the original bytes, where they came from, what failed and why", async () => {
    const hand = await burying();
    const news: BlockEvents["dead-letter"][] = [];
    hand.block.on("dead-letter", (one: BlockEvents["dead-letter"]) => void news.push(one));
    const writer = nativeCodec.writer({ stream: "detector" });
    const wire = [start(), event(-7)].flatMap((message) => writer(message));
    for (const frames of wire) await hand.listener.inlet.putFrames(frames);
    await hand.end();
    const [letter] = await letters();
    expect(letter?.frames.map((frame) => [...frame])).toEqual(wire[1]?.map((frame) => [...frame]));
    expect(letter).toMatchObject({
      block: "hand",
      codec: "arroyo/1",
      run: "r",
      stream: "detector",
      step: "process",
      attempt: 1,
      origin: { stream: "detector", partition: "", sequence: 0 },
      error: { name: "TypeError", message: "odd pixels" },
    });
    expect(news).toEqual([{ block: "hand", id: letter?.id, step: "process", reason: "odd pixels" }]);
  });

  test("a letter of a message without bytes - can be read back as that message", async () => {
    const hand = await burying();
    await hand.put(start(), new Event({ n: -1, text: "å" }, Uint8Array.of(1, 2, 3), { run: "r" }));
    await hand.end();
    const [letter] = await letters();
    const [decoded] = nativeCodec.reader(DEFAULT_LIMITS)(letter?.frames ?? []);
    expect(decoded?.message).toMatchObject({ type: "event", run: "r", metadata: { n: -1, text: "å" } });
  });

  test("garbage - goes there too, as it came, and the settlement with it", async () => {
    const hand = await burying();
    const settled: string[] = [];
    await hand.listener.inlet.putFrames([Uint8Array.of(1, 2), Uint8Array.of(3)], {
      ack: () => void settled.push(`ack, ${lettersOnDisk()} on disk`),
      nack: () => void settled.push("nack"),
    });
    expect(await hand.end()).toBeUndefined();
    expect(settled).toEqual(["ack, 1 on disk"]);
    const [letter] = await letters();
    expect(letter).toMatchObject({ step: "decode", error: { name: "RejectedError" } });
    expect(letter?.frames.map((frame) => [...frame])).toEqual([[1, 2], [3]]);
    expect(hand.block.account).toMatchObject({ received: 1, dead: 1, rejected: 1 });
  });

  test("a message that a publisher refuses - is one letter for each message that it was made from", async () => {
    const gathering = (message: Message, context: Context): Result<Message> => {
      if (message.type !== "event") return message;
      if (message.field("n") === 1) return context.hold();
      context.release();
      return new Event({ n: "both" }, new Uint8Array(1));
    };
    const hand = await burying(undefined, gathering);
    hand.publisher.before = (message) => {
      if (name(message).endsWith("both")) throw new Error("too large");
    };
    await hand.put(start(), event(1), event(2), stop());
    expect(await hand.end()).toBeUndefined();
    expect((await letters()).map(({ step, error }) => [step, error.message])).toEqual([
      ["publish", "too large"],
      ["publish", "too large"],
    ]);
    expect(hand.listener.settled).toHaveLength(4);
    expect(hand.listener.settled.every((how) => how.startsWith("ack"))).toBe(true);
    expect(hand.block.account).toMatchObject({ received: 4, finished: 2, dead: 2 });
  });

  test("20 in a row - fail the block: the fault is probably not in the messages", async () => {
    const hand = await burying();
    await hand.put(...Array.from({ length: 30 }, () => free(-1)));
    const error = await hand.end();
    expect(error).toMatchObject({ code: "DEAD_LETTERS" });
    expect(String(error)).toContain("20 messages in a row went into the dead letters, the last because: odd pixels");
    expect(lettersOnDisk()).toBe(20);
    expect(hand.block.account).toMatchObject({ received: 30, dead: 20, left: 10 });
  });

  test("20 with one between that is finished - do not", async () => {
    const hand = await burying();
    await hand.put(...Array.from({ length: 30 }, (_, index) => free(index === 15 ? 1 : -1)));
    expect(await hand.end()).toBeUndefined();
    expect(hand.block.account).toMatchObject({ received: 30, dead: 29, finished: 1 });
  });

  test("a full store - fails the block, and the message is given back", async () => {
    const hand = await burying(10);
    await hand.put(free(-1), free(1));
    expect(await hand.end()).toMatchObject({ code: "DEAD_LETTERS_FULL" });
    expect(hand.listener.settled.toSorted()).toEqual(["nack -1 failed", "nack 1 stopped"]);
    expect(hand.block.account).toMatchObject({ dead: 0, failed: 1, left: 1 });
  });
});

describe("garbage", () => {
  const settlement = (settled: string[]) => ({
    ack: () => void settled.push("ack"),
    nack: (reason: string) => void settled.push(`nack ${reason}`),
  });

  for (const [replay, onError, fails] of [
    ["none", "fail", false],
    ["none", "skip", false],
    ["log", "skip", false],
    ["log", "fail", true],
    ["unacked", "fail", true],
  ] as const) {
    test(`replay "${replay}", onError "${onError}" - ${fails ? "fails the block" : "is counted, acked and left out"}`, async () => {
      const hand = await handDriven({ replay, onError });
      const settled: string[] = [];
      await hand.listener.inlet.putFrames(Uint8Array.of(1, 2, 3), settlement(settled));
      const error = await hand.end();
      expect(error === undefined).toBe(!fails);
      expect(settled).toEqual([fails ? "nack failed" : "ack"]);
      const { received, rejected, reasons } = hand.block.account;
      expect([received, rejected, Object.keys(reasons)]).toEqual([0, 1, [expect.stringMatching(/^rejected: /)]]);
      if (fails) expect(error).toMatchObject({ code: "PROCESS", message: expect.stringContaining("HandListener") });
    });
  }

  test("found only when process looks inside - is left out on a live transport, and fails the block on a log", async () => {
    for (const [replay, fails] of [
      ["none", false],
      ["log", true],
    ] as const) {
      const operator = (): never => {
        throw new RejectedError("metadata: not msgpack");
      };
      const hand = await handDriven({ replay, operator });
      await hand.put(free(1));
      expect((await hand.end()) === undefined).toBe(!fails);
      expect(hand.block.account).toMatchObject(fails ? { failed: 1 } : { dropped: 1, rejected: 1 });
      expect(hand.listener.settled).toEqual([fails ? "nack 1 failed" : "ack 1"]);
    }
  });
});

describe("publishers that refuse", () => {
  test("onError fail - the block fails with the publisher's name and the cause", async () => {
    const hand = await handDriven();
    hand.publisher.before = (message) => {
      if (name(message) === "1") throw new Error("disk full");
    };
    await hand.put(free(1), free(2));
    const error = await hand.end();
    expect(error).toMatchObject({ code: "PUBLISH", message: "hand: HandPublisher did not take a message: disk full" });
    // What has left process is still published.
    expect(hand.listener.settled).toEqual(["nack 1 failed", "ack 2"]);
  });

  test("onError skip - the message is given up and counted under the publisher's name", async () => {
    const hand = await handDriven({ onError: "skip" });
    hand.publisher.before = (message) => {
      if (name(message) === "1") throw new Error("too large");
    };
    await hand.put(free(1), free(2));
    expect(await hand.end()).toBeUndefined();
    expect(hand.listener.settled).toEqual(["ack 1", "ack 2"]);
    expect(hand.block.account).toMatchObject({ finished: 1, failed: 1, reasons: { "HandPublisher: too large": 1 } });
  });

  test("best effort - is a warning and no failure", async () => {
    const hand = await handDriven();
    const { publisher } = await handDriven();
    await hand.end();
    publisher.before = () => {
      throw new Error("too large");
    };
    const best = await handDriven({ publishers: [{ publisher, required: false }] });
    await best.put(free(1));
    expect(await best.end()).toBeUndefined();
    expect(best.warnings).toEqual(["HandPublisher did not take a message: too large"]);
    expect(best.block.account).toMatchObject({ finished: 1, failed: 0, reasons: { "HandPublisher: too large": 1 } });
  });

  test("retries - are tried with back-off first, by the same rule as process", async () => {
    // biome-ignore lint/suspicious/noThenProperty: the name of the option
    const hand = await handDriven({ onError: { retries: 2, then: "fail" } });
    let attempts = 0;
    hand.publisher.before = () => {
      attempts += 1;
      if (attempts < 3) throw new Error("not now");
    };
    await hand.put(free(1));
    await hand.clock.advance(299);
    expect(attempts).toBe(2);
    await hand.clock.advance(1);
    expect([attempts, hand.listener.settled]).toEqual([3, ["ack 1"]]);
  });
});

test("reasons - are one line and bounded, whatever an error says", async () => {
  const operator = (): never => {
    throw new Error(`${"x".repeat(500)}\nsecond line`);
  };
  const hand = await handDriven({ operator, onError: "skip" });
  await hand.put(free(1));
  await hand.end();
  const [reason = ""] = Object.keys(hand.block.account.reasons);
  expect([reason.length, reason.slice(0, 10), reason.slice(-4)]).toEqual([132, "process: x", "x..."]);
});
