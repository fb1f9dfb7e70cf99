import { describe, expect, test } from "vitest";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { Message } from "../../src/message/message.ts";
import { nativeCodec } from "../../src/message/native/native-codec.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { Publisher } from "../../src/publisher/publisher.ts";
import { later } from "../block/hand-driven.ts";

const event = (n: number): Event => new Event({ n }, new Uint8Array(1), { run: "r" });

/** Lets the test encode. */
class Encoding extends Publisher {
  override readonly confirms: boolean = true;
  topic: string | undefined;

  override publish(message: Message): void {
    this.encode(message);
  }

  protected override topicOf(): string | undefined {
    return this.topic;
  }

  /** What a reader finds in the wire message of a message. */
  hopOf(message: Message) {
    const [frames = []] = this.encode(message);
    const [decoded] = nativeCodec.reader(DEFAULT_LIMITS)(frames);
    const { incarnation, topic, skipped } = decoded?.hop ?? {};
    return { stream: decoded?.stream, sequence: decoded?.sequence, incarnation, topic, skipped };
  }
}

describe("publisher: life", () => {
  test("begin - is another incarnation, whose numbers begin at 0", () => {
    const publisher = new Encoding();
    publisher.begin("block");
    const first = [event(1), event(2)].map((one) => publisher.hopOf(one));
    publisher.begin("block");
    const second = publisher.hopOf(event(3));
    expect([first[0]?.sequence, first[1]?.sequence, second.sequence]).toEqual([0, 1, 0]);
    expect(first[0]?.incarnation).toBe(first[1]?.incarnation);
    expect(second.incarnation).not.toBe(first[0]?.incarnation);
  });

  test("stream - is the block's name, unless the publisher has its own", () => {
    const [unnamed, named] = [new Encoding(), new Encoding()];
    named.stream = "detector";
    for (const publisher of [unnamed, named]) publisher.begin("block");
    const start = new Start({}, { run: "r" });
    expect([unnamed, named].map((publisher) => publisher.hopOf(start).stream)).toEqual(["block", "detector"]);
  });

  test("topics - each has its own numbers; what is left out is said by the next message of its topic", () => {
    const publisher = new Encoding();
    publisher.topic = "a";
    publisher.hopOf(event(1));
    publisher.leaveOut(event(2));
    publisher.topic = "b";
    expect(publisher.hopOf(event(3))).toMatchObject({ topic: "b", sequence: 0, skipped: 0 });
    publisher.topic = "a";
    expect(publisher.hopOf(event(4))).toMatchObject({ topic: "a", sequence: 2, skipped: 1 });
  });

  test("sentOf - says what was sent of an open run as its source, and nothing before and after", () => {
    const publisher = new Encoding();
    expect(publisher.sentOf("r")).toEqual([]);
    publisher.begin("block");
    publisher.publish(new Start({}, { run: "r" }));
    const origin = { stream: "other", partition: "", sequence: 7 };
    for (const message of [event(1), event(2), new Event({}, new Uint8Array(1), { run: "r", origin })]) {
      publisher.publish(message);
    }
    expect(publisher.sentOf("r")).toEqual([{ stream: "block", partition: "", from: 0, to: 2, events: 2 }]);
    publisher.publish(new Stop({}, { run: "r" }));
    expect(publisher.sentOf("r")).toEqual([]);
  });
});

describe("publisher: repetition", () => {
  test("after an attempt that came through - the same message is a new one, with the next number", () => {
    const publisher = new Encoding();
    publisher.begin("block");
    const message = event(1);
    expect(publisher.hopOf(message).sequence).toBe(0);
    publisher.attempted("done");
    expect(publisher.hopOf(message).sequence).toBe(1);
  });

  test("after an attempt that failed - it is the old one, and others are new", () => {
    const publisher = new Encoding();
    publisher.begin("block");
    const message = event(1);
    publisher.hopOf(message);
    publisher.attempted("failed");
    expect([publisher.hopOf(message).sequence, publisher.hopOf(event(2)).sequence]).toEqual([0, 1]);
  });

  test("several wire messages of one message - are repeated each as it was", () => {
    const publisher = new Encoding();
    publisher.begin("block");
    const message = event(1);
    const both = (): unknown[] => [publisher.hopOf(message).sequence, publisher.hopOf(message).sequence];
    expect(both()).toEqual([0, 1]);
    publisher.attempted("failed");
    expect(both()).toEqual([0, 1]);
  });

  test("a message that cannot be encoded - takes no number", () => {
    const publisher = new Encoding();
    publisher.begin("block");
    const odd = new Event({ f: () => undefined }, new Uint8Array(1), { run: "r" });
    expect(() => publisher.publish(odd)).toThrow();
    expect(publisher.hopOf(event(1)).sequence).toBe(0);
  });

  test("without a block - nothing that was sent is kept", async () => {
    const publisher = new Encoding();
    const message = event(1);
    publisher.publish(message);
    publisher.attempted("failed");
    expect(publisher.hopOf(message).sequence).toBe(1);
  });
});

describe("publisher: publishBatch", () => {
  test("not overridden - publishes one after the other, and waits only where there is something to wait for", async () => {
    const gate = later();
    const begun: unknown[] = [];
    class Slow extends Publisher {
      override publish(message: Message): void | Promise<void> {
        const n = message.type === "event" ? message.field("n") : undefined;
        begun.push(n);
        return n === 2 ? gate.promise : undefined;
      }
    }
    expect(new Slow().publishBatch([event(1), event(3)])).toBeUndefined();
    const sent = new Slow().publishBatch([event(1), event(2), event(3)]);
    expect(begun).toEqual([1, 3, 1, 2]);
    gate.resolve();
    await sent;
    expect(begun.at(-1)).toBe(3);
  });
});
