import { describe, expect, test } from "vitest";
import type { Account } from "../../src/message/account.ts";
import type { Decoded } from "../../src/message/codec.ts";
import type { Envelope } from "../../src/message/envelope.ts";
import { Event } from "../../src/message/event.ts";
import { jsonCodec } from "../../src/message/json-codec.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { AnyMessage } from "../../src/message/message.ts";
import { NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { HOSTILE_JSON, HOSTILE_MESSAGES, HOSTILE_MSGPACK } from "../corpus/hostile-payloads.ts";
import { DTYPES, randomArray, randomDocument } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { expectRejected, survive } from "../formats/hostility.ts";

const ENVELOPE: Required<Omit<Envelope, "trace">> & Envelope = {
  run: "scan 7",
  key: "module-3",
  timeMs: 1_700_000_000_000.25,
  origin: { stream: "camera", partition: "p0", sequence: 41 },
  headers: [
    ["a", "1"],
    ["a", Uint8Array.of(1, 2)],
  ],
  trace: { parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", state: "x=1" },
};

function readText(text: string | Uint8Array): Decoded {
  const [decoded] = jsonCodec.reader(DEFAULT_LIMITS)([Buffer.from(text)]);
  return decoded as Decoded;
}

function readEvent(fields: string): Event {
  return readText(`{"type":"event",${fields}}`).message as Event;
}

function again(message: AnyMessage): AnyMessage {
  const [frames, ...others] = jsonCodec.writer()(message);
  expect(others).toEqual([]);
  expect(frames).toHaveLength(1);
  return readText(frames?.[0] as Uint8Array).message;
}

function text(message: AnyMessage, stream?: string): string {
  const writer = jsonCodec.writer(stream === undefined ? undefined : { stream });
  return Buffer.from(writer(message)[0]?.[0] as Uint8Array).toString();
}

describe("json codec - form", () => {
  test("an event can be read by a person", () => {
    const event = new Event({ exposure: 0.5, name: "Ω" }, new NdArray(Uint16Array.of(1, 258), [1, 2]), { run: "r" });
    expect(text(event)).toBe(
      '{"type":"event","run":"r","metadata":{"exposure":0.5,"name":"Ω"},' +
        '"payload":{"dtype":"uint16","shape":[1,2],"data":"AQACAQ=="}}',
    );
  });

  test("each message names its stream, a Stop its reason", () => {
    const start = new Start({ frames: 2 }, { run: "r", resumed: true });
    expect(text(start, "camera")).toBe(
      '{"type":"start","run":"r","stream":"camera","resumed":true,"data":{"frames":2}}',
    );
    expect(readText(text(start, "camera")).stream).toBe("camera");
    expect(text(new Event({}, new Uint8Array(0)), "camera")).toBe('{"type":"event","stream":"camera","metadata":{}}');
    expect(text(new Stop({}, { run: "r", reason: "abandoned" }))).toBe(
      '{"type":"stop","run":"r","reason":"abandoned","data":{}}',
    );
  });

  test("what JSON has no form for stands in an object with one key", () => {
    const metadata = { big: 2n ** 60n, nan: NaN, zero: -0, bytes: Uint8Array.of(255), list: [Infinity, undefined] };
    expect(text(new Event(metadata, new Uint8Array(0)))).toBe(
      '{"type":"event","metadata":{"big":{"$bigint":"1152921504606846976"},"nan":{"$float":"NaN"},' +
        '"zero":{"$float":"-0"},"bytes":{"$bytes":"/w=="},"list":[{"$float":"Infinity"},null]}}',
    );
  });
});

describe("json codec - round trip", () => {
  test("one of everything", () => {
    const start = new Start({ nested: { list: [1, "a", null, true] } }, { ...ENVELOPE, resumed: true });
    expect(again(start)).toEqual(start);
    for (const dtype of DTYPES) {
      const event = new Event({ of: dtype }, randomArray(new Seeded(SEED), dtype), ENVELOPE);
      const copy = again(event) as Event<unknown, NdArray>;
      expect(copy.metadata).toEqual(event.metadata);
      expect(copy.envelope).toEqual(ENVELOPE);
      expect([copy.payload.dtype, copy.payload.shape]).toEqual([dtype, event.payload.shape]);
      expect(copy.payload.data).toEqual(event.payload.data);
    }
    const stop = new Stop({ frames: 2 }, { ...ENVELOPE, reason: "interrupted" });
    expect(again(stop)).toEqual(stop);
  });

  test("an account travels with its Stop", () => {
    const counts = { received: 3, events: 1, finished: 3, filtered: 0, reduced: 0, published: 3, publishedEvents: 1 };
    const bad = { dropped: 0, failed: 0, dead: 0, left: 0, rejected: 1, droppedUpstream: 0, lost: "unknown" as const };
    const account: Account = { block: "b", ...counts, ...bad, reasons: { "not JSON": 1 }, runs: [], hops: [] };
    const stop = Stop.accounted(new Stop({}, { run: "r" }), account);
    expect((again(stop) as Stop).account).toEqual(account);
  });

  test(`random contents come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 2_000; times += 1) {
      const metadata = randomDocument(random);
      const event = new Event(metadata, random.bytes(random.below(20)), { run: "r" });
      const copy = again(event) as Event;
      expect(copy.metadata).toEqual(metadata);
      expect(copy.payload).toEqual(event.payload);
    }
  });

  test("arrays in metadata come back as arrays", () => {
    const dark = new NdArray(Float32Array.of(0.5, 1), [2, 1]);
    const copy = again(new Event({ dark: [dark] }, new Uint8Array(0))) as Event<{ dark: NdArray[] }>;
    expect(copy.metadata.dark[0]?.shape).toEqual([2, 1]);
    expect(copy.metadata.dark[0]?.data).toEqual(dark.data);
  });

  test("content may be nested 64 deep, in both directions", () => {
    const nested = (depth: number): Record<string, unknown> => (depth === 1 ? { leaf: -0 } : { a: nested(depth - 1) });
    expect((again(new Event(nested(64), new Uint8Array(0))) as Event).metadata).toEqual(nested(64));
    expect(() => text(new Event(nested(65), new Uint8Array(0)))).toThrow(/metadata\.a.*nested more than 64 deep/);
    const deeper = `{"type":"event","metadata":${'{"a":'.repeat(64)}{}${"}".repeat(64)}}`;
    expectRejected(jsonCodec, [Buffer.from(deeper)], /nested too deeply/);
  });
});

describe("json codec - written by others", () => {
  test("little is needed", () => {
    const { message } = readText('{"type":"start"}\n');
    expect(message).toBeInstanceOf(Start);
    expect(message.run).toMatch(/^[0-9a-f-]{36}$/);
    expect(readEvent('"run":null,"metadata":null').envelope).toEqual({});
  });

  test("Python's NaN and Infinity are numbers outside of texts, and text inside", () => {
    const { metadata } = readEvent('"metadata":{"a":[NaN,Infinity,-Infinity],"b":"NaN, \\"Infinity","Infinity":NaN}');
    expect(metadata).toEqual({ a: [NaN, Infinity, -Infinity], b: 'NaN, "Infinity', Infinity: NaN });
  });

  test("integers beyond 2^53 are BigInts, others and floats are numbers", () => {
    const { metadata } = readEvent(
      '"metadata":{"a":[9007199254740993,-9007199254740991,12345678901234567890,1e20,0.5]}',
    );
    expect(metadata).toEqual({ a: [9007199254740993n, -9007199254740991, 12345678901234567890n, 1e20, 0.5] });
  });

  test("a stream that only the Start names is that of its run", () => {
    const read = jsonCodec.reader(DEFAULT_LIMITS);
    const streams = [
      '{"type":"start","run":"a","stream":"camera"}',
      '{"type":"event","run":"a"}',
      '{"type":"event","run":"b"}',
      '{"type":"stop","run":"a"}',
      '{"type":"event","run":"a"}',
    ].map((message) => read([Buffer.from(message)])[0]?.stream);
    expect(streams).toEqual(["camera", "camera", undefined, "camera", undefined]);
  });

  test("fields of a newer version are left out, unless they must be understood", () => {
    expect(readEvent('"metadata":{},"colour":1').metadata).toEqual({});
    expectRejected(jsonCodec, [Buffer.from('{"type":"event","!colour":1}')], /newer arroyojs/);
  });
});

describe("json codec - refusals name the field", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["[]", /^the message: expected an object/],
    ['{"run":"r"}', /^type: missing/],
    ['{"type":"pause"}', /^type: expected/],
    ['{"type":"stop"}', /^run: missing/],
    ['{"type":"stop","run":"r","reason":"tired"}', /^reason: /],
    ['{"type":"stop","run":"r","account":{"block":1}}', /^account\./],
    ['{"type":"start","resumed":1}', /^resumed: /],
    ['{"type":"start","stream":1}', /^stream: expected text/],
    ['{"type":"start","data":[1]}', /^data: expected an object/],
    ['{"type":"event","run":7}', /^run: expected text/],
    ['{"type":"event","timeMs":NaN}', /^timeMs: /],
    ['{"type":"event","origin":{"stream":"s","partition":"p","sequence":-1}}', /^origin\.sequence: /],
    ['{"type":"event","origin":{"stream":"s","sequence":1}}', /^origin\.partition: /],
    ['{"type":"event","headers":[["a"]]}', /^headers\[0\]: /],
    ['{"type":"event","trace":{"state":"s"}}', /^trace\.parent: /],
    ['{"type":"event","metadata":{"a":{"$bytes":"AA"}}}', /^metadata\.a: not base64/],
    ['{"type":"event","metadata":{"a":{"$bytes":"A*AA"}}}', /^metadata\.a: not base64/],
    ['{"type":"event","metadata":{"a":{"$bigint":"1.5"}}}', /^metadata\.a: \$bigint/],
    ['{"type":"event","metadata":{"a":[{"$float":"much"}]}}', /^metadata\.a\[0\]: \$float/],
    ['{"type":"event","payload":5}', /^payload: expected/],
    ['{"type":"event","payload":"AQ="}', /^payload: not base64/],
    ['{"type":"event","payload":{"dtype":"uint16","shape":[2],"data":"AQ=="}}', /^payload\.shape: \[2\] of uint16/],
    ['{"type":"event","payload":{"dtype":"object","shape":[1],"data":"AQ=="}}', /^payload\.dtype: "object"/],
    ['{"type":"event","payload":{"dtype":"uint8","shape":[-1],"data":"AQ=="}}', /^payload\.shape\[0\]: /],
    ['{"type":"event","payload":{"dtype":"uint8","shape":[1]}}', /^payload\.data: /],
    ['{"type":"event"} {}', /^not JSON/],
  ];
  for (const [message, reason] of refused) {
    test(message, () => expectRejected(jsonCodec, [Buffer.from(message)], reason));
  }

  test("what cannot be written is named with a remedy", () => {
    const write = (metadata: unknown): string => text(new Event(metadata, new Uint8Array(0)));
    expect(() => write({ when: [new Date(0)] })).toThrow("metadata.when[0]: a Date cannot be encoded");
    expect(() => write({ data: Float32Array.of(1) })).toThrow("metadata.data: a Float32Array cannot be encoded");
    expect(() => write(JSON.parse('{"__proto__":1}'))).toThrow("metadata.__proto__: a key of this name is refused");
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(() => write(loop)).toThrow("does it contain itself?");
    expect(() => write([1])).toThrow("metadata: expected an object");
  });
});

describe("json codec - hostile bytes", () => {
  for (const { name, bytes } of HOSTILE_JSON) {
    test(`in metadata: ${name}`, () => {
      const around = ['{"type":"event","metadata":{"a":', "}}"] as const;
      expectRejected(jsonCodec, [Buffer.concat([Buffer.from(around[0]), bytes, Buffer.from(around[1])])]);
    });
  }
  for (const { name, bytes } of [...HOSTILE_MESSAGES, ...HOSTILE_MSGPACK]) {
    test(`as the message: ${name}`, () => expectRejected(jsonCodec, [bytes]));
  }

  test("limits - frames, bytes", () => {
    expectRejected(jsonCodec, [Buffer.from("{}"), Buffer.from("{}")], /^one part expected/);
    const read = jsonCodec.reader({ ...DEFAULT_LIMITS, maxMessageBytes: 20 });
    expect(() => read([Buffer.from('{"type":"event","metadata":{}}')])).toThrow("more than 20 bytes");
  });

  test("limits - many small values, but not long texts", () => {
    const read = jsonCodec.reader({ ...DEFAULT_LIMITS, maxHeaderBytes: 100 });
    const text = `"${'\\"'.repeat(200)}"`;
    expect(
      read([Buffer.from(`{"type":"event","metadata":{"a":${text}},"payload":"${"A".repeat(400)}"}`)]),
    ).toHaveLength(1);
    const many = `{"type":"event","metadata":{"a":[${"{},".repeat(100)}1]}}`;
    expect(() => read([Buffer.from(many)])).toThrow("more than 100 bytes beside its texts");
  });

  test(`damaged messages are taken or rejected (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    const write = jsonCodec.writer({ stream: "s" });
    const messages = Array.from({ length: 20 }, () => new Event(randomDocument(random), randomArray(random), ENVELOPE));
    const more = [new Start(randomDocument(random), ENVELOPE), new Stop(randomDocument(random), ENVELOPE)];
    const python = Buffer.from('{"type":"event","metadata":{"a":[NaN,-Infinity,12345678901234567890]}}');
    survive(jsonCodec, [...[...messages, ...more].flatMap((message) => write(message)), [python]]);
  });
});
