import { describe, expect, test } from "vitest";
import { RejectedError } from "../../src/errors.ts";
import type { Codec, Decoded } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { nativeCodec } from "../../src/message/native/native-codec.ts";
import { event, InletSubject, start, stop } from "./inlet-subject.ts";

/** Reads each byte of a frame as the number of an event; 255 is no number, and 254 a fault of the reader. */
const bytes: Codec = {
  name: "bytes",
  reader: () => (frames) =>
    [...(frames[0] ?? [])].map((n): Decoded => {
      if (n === 255) throw new RejectedError("255 is no number");
      if (n === 254) throw new TypeError("cannot read 254");
      return { message: event(n) };
    }),
  writer: () => () => [],
};

describe("inlet: wire messages", () => {
  test("several messages in one - share its settlement, and are charged their share", () => {
    const subject = new InletSubject({ codec: bytes });
    void subject.inlet.putFrames(Uint8Array.of(1, 2, 3), subject.settlement("frame"));
    const [first, second, third] = subject.take();
    expect(first?.bytes).toBe(44);
    first?.done();
    third?.done();
    expect(subject.settled).toEqual([]);
    second?.done();
    expect(subject.settled).toEqual(["ack frame"]);
    expect(subject.ledger.counts()).toMatchObject({ received: 3, finished: 3 });
  });

  test("several messages in one - are given back once all are settled, when one failed", () => {
    const subject = new InletSubject({ codec: bytes });
    void subject.inlet.putFrames(Uint8Array.of(1, 2, 3), subject.settlement("frame"));
    subject.conclude("refused");
    expect(subject.settled).toEqual([]);
    subject.finish();
    expect(subject.settled).toEqual(["nack frame failed"]);
  });

  test("no message in one - is acked at once", () => {
    const subject = new InletSubject({ codec: bytes });
    void subject.inlet.putFrames([new Uint8Array(0)], subject.settlement("frame"));
    expect([subject.settled, subject.ledger.counts().received]).toEqual([["ack frame"], 0]);
  });

  test("garbage - is refused with its reason and its frames, and is no received message", () => {
    const subject = new InletSubject({ codec: bytes });
    void subject.inlet.putFrames([Uint8Array.of(255), new Uint8Array(2)], subject.settlement("garbage"));
    expect(subject.rejected).toEqual(["2 frames: 255 is no number"]);
    expect(subject.ledger.counts().received).toBe(0);
  });

  test("garbage - that the codec falls over is garbage like any other", () => {
    const subject = new InletSubject({ codec: bytes });
    void subject.inlet.putFrames(Uint8Array.of(254));
    expect(subject.rejected).toEqual(["1 frames: cannot read 254"]);
  });

  test("garbage - too many frames or bytes are refused before the codec sees them", () => {
    const subject = new InletSubject({ codec: bytes });
    void subject.inlet.putFrames(Array.from({ length: 5 }, () => Uint8Array.of(255)));
    void subject.inlet.putFrames(new Uint8Array(1_001).fill(255));
    expect(subject.rejected).toEqual([
      "5 frames: 5 frames, at most 4 are taken",
      "1 frames: 1001 bytes, at most 1000 are taken",
    ]);
  });
});

describe("inlet: control messages", () => {
  const beat = (subject: InletSubject): void => void subject.hop("beat", event(1), {}, { control: true });

  test("heartbeat - is counted apart and acked, and the operator gets nothing", () => {
    const subject = new InletSubject();
    beat(subject);
    expect(subject.finish()).toEqual([]);
    expect(subject.settled).toEqual(["ack beat"]);
    expect(subject.ledger.counts()).toMatchObject({ received: 0, reasons: { control: 1 } });
  });

  test("heartbeat - goes to the operator where the listener says so, and is acked when it is finished", () => {
    const subject = new InletSubject({ control: true });
    beat(subject);
    expect(subject.settled).toEqual([]);
    expect(subject.finish()).toEqual(["- 1"]);
    expect(subject.settled).toEqual(["ack beat"]);
    expect(subject.ledger.counts()).toMatchObject({ received: 1, finished: 1, reasons: { control: 1 } });
  });

  test("sign of life - stays here, also where the operator gets heartbeats", () => {
    const subject = new InletSubject({ control: true });
    void subject.hop("S", start("r"), {});
    void subject.hop("alive", event(0), { open: ["r"] }, { control: true });
    expect(subject.finish()).toEqual(["start r"]);
    expect(subject.settled).toEqual(["ack alive", "ack S"]);
  });

  test("sign of life - ends a run that is no longer open at its publisher: its Stop was lost", () => {
    const subject = new InletSubject();
    void subject.hop("S", start("r"), {});
    void subject.hop("alive", event(0), { open: ["other"] }, { control: true });
    expect(subject.finish()).toEqual(["start r", "stop r abandoned"]);
    expect(subject.ledger.account("b").runs).toMatchObject([{ run: "r", ended: "abandoned", received: 1 }]);
  });
});

describe("inlet: copies", () => {
  for (const [replay, passes] of [
    ["none", false],
    ["unacked", true],
    ["log", true],
  ] as const) {
    test(`an event that came before - replay "${replay}" ${passes ? "gives it again: it passes" : "means a duplicate: it is acked"}`, () => {
      const subject = new InletSubject({ replay });
      for (const round of ["first", "again"]) void subject.hop(round, event(1), {}, { sequence: 4 });
      expect(subject.take()).toHaveLength(passes ? 2 : 1);
      expect(subject.settled).toEqual(passes ? [] : ["ack again"]);
      const { received, reasons } = subject.ledger.counts();
      expect([received, reasons]).toEqual(passes ? [2, {}] : [1, { duplicate: 1 }]);
    });
  }

  test("a copy of a Start - is not counted as received, and is acked behind what it repeats", () => {
    const subject = new InletSubject({ replay: "unacked" });
    void subject.hop("S", start("r", 0), {});
    void subject.hop("copy", start("r", 0), { copy: true });
    expect(subject.settled).toEqual([]);
    expect(subject.finish()).toEqual(["start r"]);
    expect(subject.settled.sort()).toEqual(["ack S", "ack copy"]);
    expect(subject.ledger.counts()).toMatchObject({ received: 1, finished: 1, reasons: { "copy of a Start": 1 } });
  });

  test("a copy of a Start - is given back with what it repeats", () => {
    const subject = new InletSubject({ replay: "unacked" });
    void subject.hop("S", start("r", 0), {});
    void subject.hop("copy", start("r", 0), { copy: true });
    subject.conclude("refused");
    expect(subject.settled).toEqual(["nack copy stopped", "nack S failed"]);
  });
});

describe("inlet: settlement", () => {
  test("at most once - everything is acked as it comes, once, whatever becomes of it", () => {
    const subject = new InletSubject({ atMostOnce: true });
    void subject.put("a", event(1));
    void subject.inlet.putFrames(nativeCodec.writer()(event(2))[0] ?? [], subject.settlement("b"));
    expect(subject.settled).toEqual(["ack a", "ack b"]);
    subject.conclude("refused");
    subject.finish();
    expect(subject.settled).toEqual(["ack a", "ack b"]);
  });

  test("an ack that fails - is told, and fails nothing", async () => {
    const subject = new InletSubject();
    const broken = (): never => {
      throw new Error("gone");
    };
    void subject.inlet.put(event(1), { ack: broken, nack: broken });
    void subject.inlet.put(event(2), { ack: () => Promise.reject(new Error("too late")), nack: broken });
    subject.finish();
    await subject.clock.settle();
    expect(subject.news).toEqual([
      "warning Given: an acknowledgement failed: gone; the message may come again",
      "warning Given: an acknowledgement failed: too late; the message may come again",
    ]);
  });

  test("what comes after the end - is given back, and counted as left", () => {
    const subject = new InletSubject();
    subject.inlet.over();
    void subject.put("late", event(1));
    expect(subject.settled).toEqual(["nack late stopped"]);
    expect(subject.ledger.counts()).toMatchObject({ received: 1, left: 1, reasons: { "came after the end": 1 } });
  });

  test("close - gives back what waits for its Start, and what waits for room", async () => {
    const subject = new InletSubject({ maxMessages: 1 });
    void subject.put("waits for Start", event(1, "r"));
    void subject.put("queued", event(2));
    const full = subject.put("waits for room", event(3));
    subject.inlet.close();
    await full;
    expect(subject.settled).toEqual(["nack waits for room stopped", "nack waits for Start stopped"]);
    expect(subject.finish()).toEqual(["- 2"]);
  });

  test("lost - what the transport knows to be lost is counted, with its reason, and told", () => {
    const subject = new InletSubject();
    subject.inlet.lost(3, "trimmed");
    expect(subject.ledger.counts()).toMatchObject({ lost: 3, reasons: { trimmed: 3 } });
    expect(subject.news).toEqual(["lost Given 3"]);
  });

  test("room - a listener that is never held up is asked for a break again and again", () => {
    const subject = new InletSubject();
    const breaks = Array.from({ length: 512 }, (_, n) => subject.put("", event(n))).filter(
      (wait) => wait !== undefined,
    );
    expect(breaks).toHaveLength(4);
  });
});

describe("inlet: runs", () => {
  test("events before their Start - wait for it, on the clock of the block", async () => {
    const subject = new InletSubject();
    void subject.put("e", event(1, "r"));
    await subject.clock.advance(900);
    expect(subject.settled).toEqual([]);
    void subject.put("S", start("r"));
    expect(subject.finish()).toEqual(["start r resumed", "r 1"]);
  });

  test("events before their Start - are dropped and acked when it does not come", async () => {
    const subject = new InletSubject();
    void subject.put("e", event(1, "r"));
    await subject.clock.advance(1_300);
    expect(subject.settled).toEqual(["ack e"]);
    expect(subject.ledger.counts()).toMatchObject({ received: 1, dropped: 1, reasons: { "no-start": 1 } });
    expect(subject.clock.timers).toBe(0);
  });

  test("joined late - the first event says where", () => {
    const subject = new InletSubject();
    void subject.hop("copy", start("r", 0), { copy: true });
    const origin = { stream: "det", partition: "", sequence: 41 };
    void subject.hop("e", new Event({ n: 1 }, new Uint8Array(1), { run: "r", origin }), {}, { sequence: 41 });
    expect(subject.ledger.account("b").runs).toMatchObject([{ run: "r", joinedAt: 41 }]);
  });

  test("end - a made Stop is in no count and nobody is told of its settlement", () => {
    const subject = new InletSubject();
    void subject.put("S", start("r"));
    subject.inlet.end("abandoned", "flush");
    const [, made] = subject.take();
    expect([made?.made, made?.ending]).toEqual([true, "flush"]);
    made?.done();
    expect([subject.settled, subject.ledger.counts().received]).toEqual([[], 1]);
    expect(subject.news).toEqual(["run Given r opened", "run Given r ended abandoned"]);
  });

  test("a Stop - ends its run, and what comes later is acked and counted", () => {
    const subject = new InletSubject();
    for (const message of [start("r"), stop("r"), event(1, "r")]) void subject.put(message.type, message);
    expect(subject.settled).toEqual([]);
    expect(subject.finish()).toEqual(["start r", "stop r completed"]);
    expect(subject.settled.sort()).toEqual(["ack event", "ack start", "ack stop"]);
    expect(subject.ledger.counts()).toMatchObject({
      received: 3,
      finished: 2,
      dropped: 1,
      reasons: { "after-stop": 1 },
    });
  });
});

describe("inlet: silence", () => {
  /** Has a run open of a source that gives signs of life. */
  function timed(maxMessages = 1_000): InletSubject {
    const subject = new InletSubject({ maxMessages });
    void subject.hop("S", start("r"), {});
    void subject.hop("alive", event(0), { open: ["r"] }, { control: true });
    return subject;
  }
  const isOpen = (subject: InletSubject): boolean => [...subject.inlet.openRuns].length === 1;

  test("of a source with signs of life - ends its runs", async () => {
    const subject = timed();
    await subject.clock.advance(9_900);
    expect(isOpen(subject)).toBe(true);
    await subject.clock.advance(1_000);
    expect(subject.finish()).toEqual(["start r", "stop r abandoned"]);
    expect(subject.clock.timers).toBe(0);
  });

  test("of a source without them - means nothing, unless it is asked for", async () => {
    for (const silenceEnds of [false, true]) {
      const subject = new InletSubject({ silenceEnds });
      void subject.put("S", start("r"));
      await subject.clock.advance(60_000);
      expect(isOpen(subject)).toBe(!silenceEnds);
    }
  });

  test("that our own full queue makes - does not count", async () => {
    const subject = timed(1);
    const wait = subject.put("waits", event(1));
    await subject.clock.advance(60_000);
    expect(isOpen(subject)).toBe(true);
    subject.finish();
    await wait;
    await subject.clock.advance(9_000);
    expect(isOpen(subject)).toBe(true);
    await subject.clock.advance(2_000);
    expect(isOpen(subject)).toBe(false);
  });

  test("while the source is not connected - does not count", async () => {
    const subject = timed();
    subject.inlet.connected(false);
    await subject.clock.advance(60_000);
    subject.inlet.connected(true);
    await subject.clock.advance(9_000);
    expect(isOpen(subject)).toBe(true);
    await subject.clock.advance(2_000);
    expect(isOpen(subject)).toBe(false);
    expect(subject.news).toContain("state Given disconnected");
  });

  test("ends with each message of the source", async () => {
    const subject = timed();
    for (let sequence = 0; sequence < 5; sequence += 1) {
      await subject.clock.advance(9_000);
      void subject.hop("e", event(sequence, "r"), {}, { sequence });
    }
    expect(isOpen(subject)).toBe(true);
  });

  test("after close - no timer is left", async () => {
    const subject = timed();
    subject.inlet.close();
    expect(subject.clock.timers).toBe(0);
  });
});
