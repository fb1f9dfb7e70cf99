import { describe, expect, test } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import type { Limits } from "../../../src/message/limits.ts";
import { LIFECYCLE_TOPIC } from "../../../src/message/native/topic.ts";
import { HOSTILE_MESSAGES, HOSTILE_MSGPACK } from "../../corpus/hostile-payloads.ts";
import { type HandMade, handMade, packed } from "./hand-made.ts";
import { eventOf, only, RUN, reader, writer } from "./samples.ts";

const none = new Uint8Array(0);
const bytes = (length: number): Uint8Array => new Uint8Array(length);
const origin = ["s", "p"];
const array = (...shape: unknown[]): HandMade => ({ flags: 1, ofStatic: { origin, array: shape } });
const dynamic = (fields: object): HandMade => ({ dynamic: { sequence: 0, ...fields } });
const lifecycle = (kind: number, fields: object): HandMade => ({ kind, dynamic: { sequence: 0, ...fields } });
const start = { stream: "s", began: {}, next: {} };

/** Gives the reason of a rejection. */
function rejected(frames: readonly Uint8Array[], limits: Partial<Limits> = {}): string {
  try {
    reader(limits)(frames);
  } catch (error) {
    expect(error).toBeInstanceOf(RejectedError);
    return (error as RejectedError).reason;
  }
  throw new Error("the message was taken");
}

describe("sound messages", () => {
  test("a header made by hand - is taken", () => {
    const { message, sequence } = reader()([handMade({ sequence: 5n, timeMs: 1.5, dynamic: { sequence: 9 } })]);
    expect(sequence).toBe(5);
    expect(message.envelope).toEqual({ run: "r", timeMs: 1.5, origin: { stream: "s", partition: "p", sequence: 9 } });
  });

  test("numbers in longer forms than needed - are taken", () => {
    const dynamicBytes = Buffer.concat([
      Buffer.of(0x81, 0xa8),
      Buffer.from("sequence"),
      Buffer.of(0xcf, 0, 0, 0, 0, 0, 0, 1, 2),
    ]);
    expect(reader()([handMade({ dynamicBytes })]).message.envelope.origin?.sequence).toBe(258);
  });

  test("sixteen axes, and axes without length - are taken", () => {
    const sixteen = Array.from({ length: 16 }, () => 1);
    expect(eventOf(reader()([handMade(array("int8", ...sixteen)), bytes(1)])).payload).toMatchObject({
      shape: sixteen,
    });
    expect(eventOf(reader()([handMade(array("int8", 0, 1e6))])).array("int8").data).toHaveLength(0);
  });

  test("a Start or Stop under another topic - is taken: the frame only helps the transport to choose", () => {
    const frames = [Buffer.from("other"), handMade(lifecycle(1, start))];
    expect(reader()(frames).hop?.topic).toBe(LIFECYCLE_TOPIC);
  });
});

describe("rejections", () => {
  test.each<[string, HandMade, ...Uint8Array[]]>([
    ['does not begin with "AYO"', { magic: "AYX" }],
    ["layout version 2: made by a newer arroyojs", { version: 2 }],
    ["layout version 0: there is no such version", { version: 0 }],
    ["type 5: no such kind of message; made by a newer arroyojs", { kind: 5 }],
    ["type 0: no such kind", { kind: 0 }],
    ["sequence: larger than 2^53 - 1", { sequence: 2n ** 53n }],
    ["sequence: larger than 2^53 - 1", { kind: 1, sequence: 2n ** 64n - 1n, dynamic: { sequence: 0, ...start } }],
    ["time: is infinite", { timeMs: Number.POSITIVE_INFINITY }],
    ["time: is infinite", { timeMs: Number.NEGATIVE_INFINITY }],
    ["header: shorter than its maps", { mapsLength: 1e6 }],
    ["header: longer than its maps", { mapsLength: 10, staticLength: 5 }, bytes(1)],
    ["static map: longer than both maps", { staticLength: 60_000 }],
    ["made by a newer arroyojs", { flags: 32 }],
    ["made by a newer arroyojs", { flags: 32, kind: 1 }],
    ['made by a newer arroyojs: the key "!secret"', { flags: 32, ...dynamic({ "!secret": 1 }) }],
    ['made by a newer arroyojs: the key "!secret"', dynamic({ "!secret": 1 })],
    ['made by a newer arroyojs: the key "!secret"', { ofStatic: { origin, "!secret": 1 } }],
    ['made by a newer arroyojs: the key "!secret"', lifecycle(1, { ...start, "!secret": 1 })],
    ['made by a newer arroyojs: the key "!secret"', lifecycle(4, { ...start, open: [], "!secret": 1 })],
    ["sequence: expected as the first key", { dynamic: {} }],
    ["sequence: expected as the first key", { dynamic: { metadata: {}, sequence: 0 } }],
    ["sequence: expected as the first key", { dynamic: { sequence: -1 } }],
    ["sequence: expected as the first key", { dynamic: { sequence: 1.5 } }],
    ["sequence: expected as the first key", { dynamic: { sequence: 2n ** 53n } }],
    ["cut short", { dynamicBytes: none }],
    ["expected a map", { dynamicBytes: packed([1]) }],
    ["left over", { dynamicBytes: Buffer.concat([packed({ sequence: 0 }), packed(0)]) }],
    ["metadata: expected a map", dynamic({ metadata: [1] })],
    ["metadata: expected a map", dynamic({ metadata: null })],
    ["key: expected text", { flags: 2, ...dynamic({ key: 1 }) }],
    ["trace: expected traceparent", dynamic({ trace: "text" })],
    ["trace: expected traceparent", dynamic({ trace: ["a", 1] })],
    ["trace: expected traceparent", dynamic({ trace: ["a", "b", "c"] })],
    ["trace: expected traceparent", dynamic({ trace: [] })],
    ["headers: expected pairs", dynamic({ headers: {} })],
    ["headers: expected pairs", dynamic({ headers: [["a"]] })],
    ["headers: expected pairs", dynamic({ headers: [["a", 1]] })],
    ["headers: expected pairs", dynamic({ headers: Array.from({ length: 20 }, (_, i) => ["a", i < 19 ? "b" : 1]) })],
    ["not in its shortest form", { dynamicBytes: longKey() }],
    ["flags: a key", { flags: 2 }],
    ["flags: a key", dynamic({ key: "k" })],
    ["flags: a key", { kind: 1, flags: 2, dynamic: { sequence: 0, ...start } }],
    ["flags: an array", { flags: 1 }],
    ["flags: an array", { ...array("int8", 1), flags: 0 }, bytes(1)],
    ["origin: expected", { ofStatic: { run: "r" } }],
    ["origin: expected", { ofStatic: { origin: ["a"] } }],
    ["origin: expected", { ofStatic: { origin: ["a", 1] } }],
    ["run: expected text", { ofStatic: { run: 1, origin } }],
    ["run: a Start or Stop needs one", { ...lifecycle(1, start), ofStatic: { origin } }],
    ["array: expected an element type", { flags: 1, ofStatic: { origin, array: "uint8" } }],
    ["array: the element type", array()],
    ["array: the element type", array("complex64", 1)],
    ["array: the element type", array("toString", 1)],
    ["array: more than 16 axes", array("int8", ...Array.from({ length: 17 }, () => 1)), bytes(1)],
    ["array: a length in the shape", array("int8", -1)],
    ["array: a length in the shape", array("int8", 1.5)],
    ["array: a length in the shape", array("int8", "1")],
    ["array: a length in the shape", array("int8", 2n ** 63n)],
    ["array: the shape needs more", array("int8", 2 ** 53 - 1, 2 ** 53 - 1)],
    ["array: the shape needs more", array("uint64", 2 ** 32, 2 ** 32, 0)],
    ["payload: uint16 [2, 2] needs 8 bytes, got 7", array("uint16", 2, 2), bytes(7)],
    ["payload: uint16 [2, 2] needs 8 bytes, got 9", array("uint16", 2, 2), bytes(9)],
    ["payload: uint16 [] needs 2 bytes, got 0", array("uint16")],
    ["payload: only events have one", lifecycle(1, start), bytes(1)],
    ["frames: more than one behind the header", {}, bytes(1), bytes(1)],
    ["frames: expected 1 to 3, got 4", {}, none, none, none],
    ["stream: expected text", lifecycle(1, { ...start, stream: 1 })],
    ["began: expected a map", lifecycle(1, { ...start, began: [] })],
    ["next: expected a map", lifecycle(1, { stream: "s", began: {} })],
    ["next: expected a whole number", lifecycle(1, { ...start, next: { a: -1 } })],
    ["data: expected a map", lifecycle(1, { ...start, data: 1 })],
    ["reason: expected completed", lifecycle(3, { next: {}, reason: "bored" })],
    ["sent: expected a list", lifecycle(3, { next: {}, sent: {} })],
    ["sent: expected topic", lifecycle(3, { next: {}, sent: [1] })],
    ["sent: expected a whole number", lifecycle(3, { next: {}, sent: [["a", 1]] })],
    ["account: expected a map", lifecycle(3, { next: {}, account: [] })],
    ["account.block: expected text", lifecycle(3, { next: {}, account: {} })],
    ["account.dropped: expected a whole number", lifecycle(3, { next: {}, account: { block: "b", dropped: "1" } })],
    ["account.lost: expected a whole number", lifecycle(3, { next: {}, account: { block: "b", lost: "?" } })],
    ["account.hops: expected a list", lifecycle(3, { next: {}, account: { block: "b", hops: 1 } })],
    ["account.hops.block: expected text", lifecycle(3, { next: {}, account: { block: "b", hops: [{}] } })],
    ["account.runs.run: expected text", lifecycle(3, { next: {}, account: { block: "b", runs: [{}] } })],
    [
      "account.sent.from: expected",
      lifecycle(3, { next: {}, account: { block: "b", sent: [{ stream: "", partition: "" }] } }),
    ],
    ["open: expected the names", lifecycle(4, { ...start, open: [1] })],
  ])("%s - is the reason where it is true (%#)", (reason, made, ...frames) => {
    expect(rejected([handMade(made), ...frames])).toContain(reason);
  });

  test.each(HOSTILE_MSGPACK)("metadata: $name - is rejected", ({ bytes: hostile }) => {
    const head = Buffer.concat([
      Buffer.of(0x82, 0xa8),
      Buffer.from("sequence"),
      Buffer.of(0, 0xa8),
      Buffer.from("metadata"),
    ]);
    const nested = Buffer.concat([head, Buffer.of(0x81, 0xa1, 0x61), hostile]);
    expect(rejected([handMade({ dynamicBytes: nested })])).toMatch(/\S/);
  });

  test.each(HOSTILE_MESSAGES)("$name - is rejected, alone and behind a topic", ({ bytes: hostile }) => {
    expect(rejected([hostile])).toMatch(/\S/);
    expect(rejected([Buffer.from("topic"), hostile])).toMatch(/\S/);
  });

  test("no frames, or a topic alone - are rejected", () => {
    expect(rejected([])).toBe("frames: expected 1 to 3, got 0");
    expect(rejected([Buffer.from("topic")])).toContain("does not begin");
    expect(rejected([Buffer.from("AYO\u0001")])).toContain("header: cut short");
  });

  test("topics - that are no text, too long or the lifecycle's are rejected for events", () => {
    expect(rejected([Buffer.of(0xff, 0xfe), handMade()])).toBe("topic: is not UTF-8");
    expect(rejected([Buffer.alloc(256, "x"), handMade()])).toContain("topic: longer");
    expect(rejected([Buffer.from(LIFECYCLE_TOPIC), handMade()])).toContain("topic: an event under");
  });

  test("limits - of frames, header, message and depth hold", () => {
    const [header] = only(writer()(new Event({ a: { b: [1] } }, none, { run: RUN })));
    const frames = [header as Uint8Array, none];
    expect(rejected(frames, { maxFrames: 1 })).toBe("frames: expected 1 to 1, got 2");
    expect(rejected(frames, { maxHeaderBytes: 60 })).toContain("header: longer than the 60 bytes allowed");
    expect(rejected([frames[0] as Uint8Array, bytes(1000)], { maxMessageBytes: 1000 })).toContain("message: longer");
    expect(rejected(frames, { maxDepth: 3 })).toBe("metadata.a.b: nested too deeply");
    expect(eventOf(reader({ maxDepth: 4 })(frames)).metadata).toEqual({ a: { b: [1] } });
    expect(rejected([handMade(array("uint8", 2000))], { maxMessageBytes: 1000 })).toContain("array: the shape needs");
  });
});

/** A map whose second key is "metadata" in a form that is longer than needed, so that its value would hide. */
function longKey(): Uint8Array {
  const first = Buffer.concat([Buffer.of(0x82, 0xa8), Buffer.from("sequence"), Buffer.of(0)]);
  return Buffer.concat([first, Buffer.of(0xd9, 8), Buffer.from("metadata"), Buffer.of(0x80)]);
}
