import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { Data, Message } from "../../../src/message/message.ts";
import { joined } from "../../../src/message/native/joined.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { SEED } from "../../corpus/seeded.ts";
import { eventOf, only, reader, visible, writer } from "./samples.ts";

const RUNS = process.env["ARROYO_LONG"] === "1" ? 5000 : 500;
const CHECK = { seed: SEED, numRuns: RUNS };

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 40 });
const name = text.filter((key) => !["__proto__", "constructor", "prototype"].includes(key));
const scalar = fc.oneof(text, bytes, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.maxSafeInteger());
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(name, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const content = fc.dictionary(name, tree, { maxKeys: 20, noNullPrototype: true }) as fc.Arbitrary<Data>;

const payload = fc.oneof(
  bytes,
  fc.uint16Array({ maxLength: 12 }).map((data) => new NdArray(data)),
  fc.float64Array({ minLength: 6, maxLength: 6 }).map((data) => new NdArray(data, [1, 2, 3])),
  fc.bigUint64Array({ maxLength: 3 }).map((data) => new NdArray(data, [data.length, 1], "uint64")),
  fc.uint8Array({ minLength: 1, maxLength: 1 }).map((data) => new NdArray(data, [], "bool")),
);

const envelope = fc.record(
  {
    run: text,
    key: text,
    timeMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
    origin: fc.record({ stream: text, partition: text, sequence: fc.maxSafeNat() }, { noNullPrototype: true }),
    headers: fc.array(fc.tuple(text, fc.oneof(text, bytes)), { maxLength: 3 }),
    trace: fc.oneof(fc.record({ parent: text }), fc.record({ parent: text, state: text })),
  },
  { requiredKeys: ["origin"], noNullPrototype: true },
);

const reason = fc.constantFrom("completed", "abandoned", "interrupted");
const message: fc.Arbitrary<Message> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(content, payload, envelope).map(([data, body, own]) => new Event(data, body, own)) },
  fc.tuple(content, envelope, fc.boolean()).map(([data, own, resumed]) => new Start(data, { ...own, resumed })),
  fc
    .tuple(content, envelope, text, reason)
    .map(([data, own, run, why]) => new Stop(data, { ...own, run, reason: why })),
);
const topic = fc.option(
  fc.string({ maxLength: 10 }).filter((one) => !/^(AYO|!arroyo|__proto__$|constructor$|prototype$)/.test(one)),
);

describe("any message", () => {
  test("written and read - is the same, in frames and in one body, and after a second hop", () => {
    const write = writer();
    const next = writer("next");
    const read = reader();
    const again = reader();
    fc.assert(
      fc.property(message, topic, (original, under) => {
        const writing = under === null ? undefined : { topic: under };
        const frames = only(write(original, writing));
        const wanted = visible(original);
        const received = read(frames).message;
        expect(visible(received)).toEqual(wanted);
        expect(visible(read([joined(frames)]).message)).toEqual(wanted);
        expect(visible(again(only(next(received, writing))).message)).toEqual(wanted);
        // Not touched before it is sent on: nothing of it was decoded.
        expect(visible(again(only(next(read(frames).message, writing))).message)).toEqual(wanted);
      }),
      CHECK,
    );
  });

  test("an event with other content - is the same as one that was made with it", () => {
    const write = writer();
    const read = reader();
    fc.assert(
      fc.property(fc.tuple(content, payload, envelope), content, payload, ([data, body, own], other, otherBody) => {
        const event = eventOf(read(only(write(new Event(data, body, own)))));
        const changes = [{ payload: otherBody }, { metadata: other }, { metadata: other, payload: otherBody }, {}];
        for (const change of changes) {
          const wanted = visible(new Event(data, body, own).with(change));
          expect(visible(event.with(change))).toEqual(wanted);
          expect(visible(event.with(change).keep())).toEqual(wanted);
          expect(visible(event.keep().with(change))).toEqual(wanted);
          expect(visible(read(only(write(event.with(change)))).message)).toEqual(wanted);
        }
      }),
      CHECK,
    );
  });

  test("each key of the metadata - is found alone as it is found among all", () => {
    const write = writer();
    const read = reader();
    fc.assert(
      fc.property(content, name, (data, missing) => {
        const frames = only(write(new Event(data, new Uint8Array(0))));
        const event = eventOf(read(frames));
        for (const key of [...Object.keys(data), missing]) {
          expect(event.field(key)).toEqual(Object.hasOwn(data, key) ? data[key] : undefined);
        }
      }),
      CHECK,
    );
  });
});
