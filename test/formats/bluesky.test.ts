import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { blueskyKafka, blueskyKafkaCodec, blueskyZmq, blueskyZmqCodec } from "../../src/formats/bluesky/index.ts";
import type { Codec } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { AnyMessage } from "../../src/message/message.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { randomArray, randomDocument } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { facilityTests, goodOnes } from "./facility-vectors.ts";
import { expectRejected } from "./hostility.ts";
import { arrayAt, eventAt, readAll } from "./wire.ts";

const json = blueskyZmq({ serializer: "json" });
const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
const PICKLE = /^the publisher uses pickle; configure JSON or msgpack$/;

describe("bluesky-zmq - vectors and hostile bytes", () => {
  facilityTests({
    format: "bluesky-zmq",
    codec: ({ serializer }) => (serializer === "json" ? json : blueskyZmqCodec),
    reasons: {
      "bad-pickle": PICKLE,
      "bad-pickle-as-msgpack": PICKLE,
      "bad-one-space": /^a prefix, a name and a document expected/,
      "bad-name-unknown": /^name: "begin" is no document$/,
      "bad-name-not-utf8": /^name: not UTF-8$/,
      "bad-json-truncated": /^doc: not JSON$/,
      "bad-json-not-object": /^doc: is not a JSON object$/,
      "bad-empty": /^the message is empty$/,
      "bad-msgpack-truncated": /^doc: descriptor: cut short/,
      "bad-array-size-mismatch": /^doc\.data\.img\.shape: \[3, 5\] of uint16 takes 30 bytes, the data has 24$/,
      "bad-array-object-pickle": /^doc\.data\.img: objects are a pickle; /,
      "bad-array-dtype-unknown": /^doc\.data\.img\.dtype: "<q9" is not supported$/,
      "bad-array-shape-huge": /^doc\.data\.img\.shape: .* takes \d+ bytes, the data has 24$/,
    },
  });
});

describe("bluesky-kafka - vectors and hostile bytes", () => {
  facilityTests({
    format: "bluesky-kafka",
    codec: blueskyKafkaCodec,
    reasons: {
      "bad-map-not-pair": /^a list of a name and a document expected$/,
      "bad-three-elements": /^a list of a name and a document expected$/,
      "bad-name-unknown": /^name: "begin" is no document$/,
      "bad-truncated": /^doc: data\.img\.data: cut short/,
      "bad-trailing-bytes": /^doc: 1 bytes are left over/,
      "bad-array-object-pickle": /^doc\.data\.img: objects are a pickle; /,
      "bad-array-size-mismatch": /^doc\.data\.img\.shape: /,
      "bad-array-shape-huge": /^doc\.data\.img\.shape: /,
      "bad-array-dtype-unknown": /^doc\.data\.img\.dtype: "\|S3" is not supported$/,
      "bad-array-data-missing": /^doc\.data\.img\.data: expected bytes$/,
      "bad-array-length-claim": /^doc: data\.img\.data: cut short/,
      "bad-doc-not-map": /^doc: the message is not a map$/,
    },
  });
});

/** Makes a message of ZeroMQ as a publisher with JSON does. */
function sent(name: string, doc: object): readonly Uint8Array[] {
  return [Buffer.from(` ${name} ${JSON.stringify(doc)}`)];
}

const event = (descriptor: string, number?: number): readonly Uint8Array[] =>
  sent("event", { descriptor, ...(number !== undefined && { seq_num: number }), data: {} });

describe("bluesky - runs", () => {
  const seen = (...messages: readonly (readonly Uint8Array[])[]): readonly (string | undefined)[] =>
    readAll(json, messages).map(({ message }) => message.run);

  test("the documents of the vectors belong to the run of their start", () => {
    const frames = goodOnes("bluesky-kafka").slice(0, 6);
    const runs = readAll(
      blueskyKafkaCodec,
      frames.map((vector) => vector.frames),
    ).map(({ message }) => `${message.type} ${message.run}`);
    const run = "6b71c415-2017-4148-a526-58fcba41c6f8";
    expect(runs).toEqual([`start ${run}`, ...Array(4).fill(`event ${run}`), `stop ${run}`]);
  });

  test("runs that are open side by side are told apart by their descriptors and resources", () => {
    expect(
      seen(
        sent("start", { uid: "a" }),
        sent("start", { uid: "b" }),
        sent("descriptor", { uid: "da", run_start: "a" }),
        sent("descriptor", { uid: "db", run_start: "b" }),
        sent("resource", { uid: "rb", run_start: "b" }),
        event("db"),
        event("da"),
        sent("datum", { resource: "rb" }),
        sent("stop", { run_start: "a" }),
        event("da"),
      ),
    ).toEqual(["a", "b", "a", "b", "b", "b", "a", "b", "a", "a"]);
  });

  test("an event of an unknown descriptor belongs to the only run that is open", () => {
    expect(seen(sent("start", { uid: "a" }), event("lost"))).toEqual(["a", "a"]);
  });

  test("who joins in the middle sees one run of a made-up id, until the Stop", () => {
    const [first, second, other, stop, next] = seen(
      event("d"),
      event("d"),
      event("e"),
      sent("stop", { run_start: "a" }),
      sent("start", { uid: "b" }),
    );
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect([second, other, stop, next]).toEqual([first, first, first, "b"]);
  });

  test("the name of the run must be text", () => {
    expectRejected(json, sent("start", {}), /^doc\.uid: missing$/);
    expectRejected(json, sent("stop", { run_start: 1 }), /^doc\.run_start: expected text$/);
    expectRejected(json, event("d", -1), /^doc\.seq_num: expected a whole number/);
    expectRejected(json, sent("event", { data: { a: { $payload: "map" } } }), /^doc: \{ \$payload \} is a mark/);
  });
});

describe("bluesky - numbers", () => {
  const numbers = (...messages: readonly (readonly Uint8Array[])[]): readonly (number | undefined)[] =>
    readAll(json, messages).map(({ sequence }) => sequence);
  const descriptor = (uid: string): readonly Uint8Array[] => sent("descriptor", { uid, run_start: "a" });

  test("each descriptor is counted for itself, the run as a whole", () => {
    const found = numbers(
      sent("start", { uid: "a" }),
      descriptor("x"),
      descriptor("y"),
      event("x", 1),
      event("x", 2),
      event("y", 1),
      event("x", 3),
      event("x", 6), // 4 and 5 are missing
      event("y", 2),
      event("y", 2), // rewound: no loss
    );
    expect(found.slice(3)).toEqual([1, 2, 3, 4, 7, 8, 9]);
  });

  test("what is missing at the beginning of a descriptor that was seen is a gap, too", () => {
    const found = numbers(sent("start", { uid: "a" }), descriptor("x"), descriptor("y"), event("x", 1), event("y", 3));
    expect(found.slice(3)).toEqual([1, 4]);
  });

  test("the events of a page are not missing", () => {
    const page = sent("event_page", { descriptor: "x", seq_num: [2, 3], data: {} });
    const found = numbers(sent("start", { uid: "a" }), descriptor("x"), event("x", 1), page, event("x", 4));
    expect(found.slice(2)).toEqual([1, undefined, 2]);
  });
});

describe("bluesky - reading", () => {
  test("the payload is the first array of the data, or that of the field", () => {
    const two = (codec: Codec) => {
      const write = blueskyZmqCodec.writer();
      const data = { first: IMAGE, second: new NdArray(Float32Array.of(1)) };
      const [, made] = write(new Event(data, new Uint8Array(0), { run: "r" }));
      return eventAt(readAll(codec, [made as readonly Uint8Array[]]));
    };
    const one = two(blueskyZmqCodec);
    expect((one.payload as NdArray).shape).toEqual([2, 3]);
    const data = (one.metadata["doc"] as { data: Record<string, unknown> }).data;
    expect(data).toMatchObject({ first: { $payload: "msgpack-numpy" }, second: { shape: [1] } });
    expect((two(blueskyZmq({ field: "second" })).payload as NdArray).dtype).toBe("float32");
    expect(two(blueskyZmq({ field: "none" })).payload.byteLength).toBe(0);
  });

  test("the time of a document is that of its message", () => {
    const [start] = readAll(json, [sent("start", { uid: "a", time: 1.5 })]);
    expect(start?.message.envelope.timeMs).toBe(1500);
  });

  test("a document in JSON is bounded as a whole, one in MessagePack without its arrays", () => {
    const limits = { ...DEFAULT_LIMITS, maxHeaderBytes: 40 };
    expect(() => json.reader(limits)(sent("start", { uid: "a".repeat(40) }))).toThrow("doc: has more than 40 bytes");
  });
});

describe("bluesky - writing", () => {
  const now = (): number => 2_000;

  function documents(codec: Codec, ...messages: readonly AnyMessage[]): readonly Record<string, unknown>[] {
    const write = codec.writer();
    const wire = messages.flatMap((message) => write(message));
    return readAll(codec, wire).map(({ message }) => (message.type === "event" ? message.metadata : message.data));
  }

  test("a run made here is start, descriptor, events and stop, as readers want them", () => {
    for (const codec of [blueskyKafka({ now }), blueskyZmq({ now })]) {
      const [start, descriptor, first, second, stop] = documents(
        codec,
        new Start({ plan_name: "scan" }, { run: "r" }),
        new Event({ motor: 1.5, label: "x" }, IMAGE, { run: "r", timeMs: 1_000 }),
        new Event({ motor: 2, label: "y" }, IMAGE, { run: "r" }),
        new Stop({}, { run: "r" }),
      ) as readonly { name: string; doc: Record<string, unknown> }[];
      expect(start).toMatchObject({ name: "start", doc: { uid: "r", time: 2, plan_name: "scan" } });
      expect(descriptor).toMatchObject({
        name: "descriptor",
        doc: {
          run_start: "r",
          name: "primary",
          data_keys: {
            image: { dtype: "array", shape: [2, 3] },
            motor: { dtype: "number" },
            label: { dtype: "string" },
          },
        },
      });
      expect(first).toMatchObject({
        name: "event",
        doc: {
          descriptor: descriptor?.doc["uid"],
          seq_num: 1,
          time: 1,
          data: { motor: 1.5 },
          timestamps: { image: 1 },
        },
      });
      expect(second?.doc).toMatchObject({ descriptor: descriptor?.doc["uid"], seq_num: 2 });
      const ending = { run_start: "r", exit_status: "success", num_events: { primary: 2 } };
      expect(stop).toMatchObject({ name: "stop", doc: ending });
    }
  });

  test("other data need another descriptor", () => {
    const names = documents(
      blueskyKafkaCodec,
      new Event({}, IMAGE, { run: "r" }),
      new Event({ more: true }, IMAGE, { run: "r" }),
      new Event({ more: false }, IMAGE, { run: "r" }),
    ).map(({ name }) => name);
    expect(names).toEqual(["descriptor", "event", "descriptor", "event", "event"]);
  });

  test("a run that did not end by itself was aborted", () => {
    const [stop] = documents(blueskyKafkaCodec, new Stop({}, { run: "r", reason: "interrupted" }));
    expect(stop).toMatchObject({ doc: { exit_status: "abort", reason: "interrupted" } });
  });

  test("another payload stands where the first one was", () => {
    const vector = goodOnes("bluesky-kafka").find(({ name }) => name === "event-8");
    const event = eventAt(readAll(blueskyKafkaCodec, [vector?.frames ?? []]));
    const changed = event.with({ payload: new NdArray(Float64Array.of(7)) });
    const again = eventAt(readAll(blueskyKafkaCodec, blueskyKafkaCodec.writer()(changed)));
    expect(again.metadata).toEqual(event.metadata);
    expect([...again.array("float64").data]).toEqual([7]);
  });

  test("in JSON arrays are lists", () => {
    const data = { image: IMAGE, mask: new NdArray(Uint8Array.of(1, 0), [2], "bool"), n: 2n ** 60n };
    const [, event] = documents(
      json,
      new Event(data, new NdArray(Float32Array.of(0.5)), { run: "r" }).with({
        metadata: { other: data },
      }),
    ) as readonly { doc: { data: Record<string, unknown> } }[];
    expect(event?.doc.data).toEqual({
      image: [0.5],
      other: {
        image: [
          [1, 2, 3],
          [4, 5, 6],
        ],
        mask: [true, false],
        n: 2n ** 60n,
      },
    });
    const halves = new NdArray(Uint16Array.of(0), [1], "float16");
    expect(() => json.writer()(new Event({}, halves, { run: "r" }))).toThrow(/doc\.data\.image: an array of float16/);
  });

  test("the prefix is that of the options, or the one that came", () => {
    const [frame] = blueskyZmq({ prefix: "bl7" }).writer()(new Start({}, { run: "r" }))[0] as readonly Uint8Array[];
    expect(Buffer.from(frame as Uint8Array).toString("latin1")).toMatch(/^bl7 start /);
    const [vector] = goodOnes("bluesky-zmq").filter(({ name }) => name === "msgpack-start-0");
    const [decoded] = readAll(blueskyZmqCodec, [vector?.frames ?? []]);
    const first = (codec: Codec): string =>
      Buffer.from(codec.writer()(decoded?.message as Start)[0]?.[0] ?? [])
        .toString("latin1")
        .slice(0, 12);
    expect(first(blueskyZmqCodec)).toBe("bl201 start ");
    expect(first(blueskyZmq({ prefix: "other" }))).toBe("other start ");
    expect(first(json)).toMatch(/^bl201 start/);
  });

  test("what cannot be a document is refused with what to do", () => {
    const write = blueskyZmqCodec.writer();
    expect(() => write(new Event({}, IMAGE))).toThrow(/outside of any run/);
    expect(() => write(new Event({ image: 1 }, IMAGE, { run: "r" }))).toThrow(/rename this field/);
    expect(() => write(new Event({ at: new Date() }, IMAGE, { run: "r" }))).toThrow(UsageError);
  });

  test("options are checked", () => {
    expect(() => blueskyZmq({ serializer: "pickle" as "json" })).toThrow(/expected json or msgpack, got "pickle"/);
    expect(() => blueskyZmq({ prefix: "a b" })).toThrow(/without blanks/);
    expect(() => blueskyZmq({ topic: "a" } as object)).toThrow(/no option "topic"/);
    expect(() => blueskyKafka({ prefix: "a" } as object)).toThrow(/no option "prefix"; there are field, now/);
    expect(() => blueskyKafka({ field: "" })).toThrow(/field/);
  });

  test(`random events come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const metadata = randomDocument(random);
      const payload = randomArray(random);
      const codec = random.pick([blueskyZmqCodec, blueskyKafkaCodec]);
      const wire = codec.writer()(new Event(metadata, payload, { run: "r" }));
      const message = eventAt(readAll(codec, wire));
      const { image, ...others } = (message.metadata["doc"] as { data: Record<string, unknown> }).data;
      expect(image).toEqual({ $payload: "msgpack-numpy" });
      expect(others).toEqual(metadata);
      expect(message.run).toBe("r");
      const array = arrayAt(message.payload);
      expect([array.dtype, array.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.from(bytesOf(array))).toEqual(Buffer.from(bytesOf(payload)));
    }
  });
});
