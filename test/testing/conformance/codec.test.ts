import { describe, test } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import type { Codec, Decoded, Writer } from "../../../src/message/codec.ts";
import { Event } from "../../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../../src/message/limits.ts";
import type { Message } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { Start } from "../../../src/message/start.ts";
import { codecSuite } from "../../../src/testing/conformance/codec.ts";
import { findsFaults } from "./broken.ts";

/** Wraps the native codec and does one thing wrong. */
function broken(fault: string): Codec {
  const shared = nativeCodec.writer({ stream: "shared" });
  let seen = 0;
  return {
    name: "broken",
    reader: (limits) => {
      const wide = {
        "does not look at the size": { ...limits, maxMessageBytes: DEFAULT_LIMITS.maxMessageBytes },
        "does not look at the header's size": { ...limits, maxHeaderBytes: DEFAULT_LIMITS.maxHeaderBytes },
        "does not look at the depth": { ...limits, maxDepth: DEFAULT_LIMITS.maxDepth },
      }[fault];
      const read = nativeCodec.reader(wide ?? limits);
      let damaged = false;
      return (frames) => {
        if (fault === "does not count frames" && frames.length > limits.maxFrames) return read(frames.slice(0, 2));
        if (fault === "counts over all readers") seen += 1;
        if (fault === "changes what it received" && frames[0] !== undefined) frames[0][0] = 0;
        let decoded: readonly Decoded[];
        try {
          decoded = read(fault === "copies what it received" ? frames.map((frame) => new Uint8Array(frame)) : frames);
        } catch (error) {
          if (fault === "throws whatever it meets") throw new TypeError("cannot read properties of undefined");
          damaged = true;
          throw error;
        }
        if (fault === "never recovers" && damaged) throw new RejectedError("something was wrong before");
        const [one] = decoded;
        if (one === undefined) return decoded;
        if (fault === "loses the key") return [{ ...one, message: withoutKey(one.message) }];
        if (fault === "counts over all readers") return seen % 5 === 0 ? [] : decoded;
        if (fault === "gives no message") return [{ ...one, message: { type: "event" } as never }];
        if (fault === "counts by twos") return [{ ...one, sequence: (one.sequence ?? 0) * 2 }];
        if (fault === "does not mark copies" && one.hop?.copy === true)
          return [{ ...one, hop: { ...one.hop, copy: false } }];
        return decoded;
      };
    },
    writer: (options) => {
      const own = fault === "has one writer for all" ? shared : nativeCodec.writer(options);
      const write = (message: Message): readonly (readonly Uint8Array[])[] => {
        if (fault === "changes the message" && message.type === "start")
          (message.data as { changed?: boolean }).changed = true;
        const wires = own(message);
        return fault === "copies the payload"
          ? wires.map((frames) => frames.map((frame) => new Uint8Array(frame)))
          : wires;
      };
      const again = fault === "gives no Starts again" ? () => [] : own.again;
      return Object.assign(write, own, again === undefined ? {} : { again }) as Writer;
    },
  };
}

function withoutKey(message: Message): Message {
  if (message.type !== "event" || message.envelope.key === undefined) return message;
  const { key: _key, ...envelope } = message.envelope;
  return new Event(message.metadata, message.payload, envelope);
}

describe("codec suite", () => {
  describe("the native codec passes", () => {
    for (const each of codecSuite({ name: "arroyo/1", codec: nativeCodec })) test(each.name, each.run);
  });

  findsFaults(
    {
      "loses the key": ["round trip"],
      "gives no message": ["decoded"],
      "counts by twos": ["decoded"],
      "counts over all readers": ["reader"],
      "has one writer for all": ["writer - keeps"],
      "gives no Starts again": ["writer - gives the Starts"],
      "does not mark copies": ["writer - gives the Starts"],
      "changes the message": ["bytes"],
      "changes what it received": ["bytes"],
      "copies the payload": ["zero copy - a payload is written"],
      "copies what it received": ["zero copy - a payload is read"],
      "does not look at the size": ["limits - a message that is too large"],
      "does not count frames": ["limits - too many frames"],
      "does not look at the header's size": ["limits - a header"],
      "does not look at the depth": ["limits - contents"],
      "throws whatever it meets": ["damage - is rejected or read"],
      "never recovers": ["damage - does not stay"],
    },
    (fault) => codecSuite({ name: "broken", codec: broken(fault) }),
  );

  test("subject - messages of its own are what is written", async () => {
    const messages = [new Start({ only: 1 }, { run: "r" })];
    const [roundTrip] = codecSuite({ name: "arroyo/1", codec: nativeCodec, messages });
    await roundTrip?.run();
  });
});
