import { describe, expect, test } from "vitest";
import { type KaraboBridgeOptions, karaboBridge, karaboBridgeCodec } from "../../src/formats/karabo-bridge/index.ts";
import { Event } from "../../src/message/event.ts";
import { bytesOf, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { randomArray, randomDocument } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { facilityTests, goodOnes } from "./facility-vectors.ts";
import { expectRejected } from "./hostility.ts";
import { arrayAt, eventAt, packed, readAll, unpacked } from "./wire.ts";

describe("karabo-bridge - vectors and hostile bytes", () => {
  facilityTests({
    format: "karabo-bridge",
    codec: karaboBridgeCodec,
    reasons: {
      "bad-odd-parts": /^parts in pairs expected, got 3$/,
      "bad-error-reply": /^the server answers "Error: bad request hello"$/,
      "bad-array-before-source": /^parts\[0\]\.source: "D" was not announced$/,
      "bad-content-unknown": /^parts\[0\]\.content: "pickle" is not known$/,
      "bad-dtype-unknown": /^parts\[2\]\.dtype: "object" is not supported$/,
      "bad-shape-mismatch": /^parts\[2\]\.shape: \[4, 7\] of uint16 takes 56 bytes, the data has 48$/,
      "bad-shape-huge": /^parts\[2\]\.shape: .* takes \d+ bytes, the data has 48$/,
      "bad-shape-negative": /^parts\[2\]\.shape\[0\]: expected a whole number/,
      "bad-header-truncated": /^parts\[0\]: metadata: cut short/,
      "bad-header-not-map": /^parts\[0\]: the message is not a map$/,
      "bad-payload-short": /^parts\[2\]\.shape: .* the data has 47$/,
      "bad-path-missing": /^parts\[2\]\.path: missing$/,
      "bad-v1-truncated": /cut short/,
      "bad-v1-not-map": /^the message is not a map$/,
    },
  });
});

const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);

const announced = (source: string, metadata: object = {}, properties: object = {}): Uint8Array[] => [
  packed({ source, content: "msgpack", metadata }),
  packed(properties),
];
const array = (source: string, path: string): Uint8Array[] => [
  packed({ source, content: "array", path, dtype: "uint8", shape: [1] }),
  Uint8Array.of(7),
];

describe("karabo-bridge - reading", () => {
  test("the payload is the first array, or that of a source or a property", () => {
    const train = [...announced("A"), ...array("A", "x"), ...announced("B"), ...array("B", "x"), ...array("B", "y.z")];
    const payloadOf = (options: KaraboBridgeOptions): string => {
      const { metadata } = eventAt(readAll(karaboBridge(options), [train]));
      const sources = metadata["sources"] as Record<string, Record<string, object>>;
      const all = Object.entries(sources).flatMap(([source, properties]) =>
        Object.entries(properties).map(([property, value]) => ("$payload" in value ? `${source}/${property}` : "")),
      );
      return all.join("");
    };
    expect(payloadOf({})).toBe("A/x");
    expect(payloadOf({ source: "B" })).toBe("B/x");
    expect(payloadOf({ property: "y.z" })).toBe("B/y.z");
    expect(payloadOf({ source: "B", property: "none" })).toBe("");
  });

  test("the stream is one run that begins with the first message", () => {
    const decoded = readAll(karaboBridgeCodec, [announced("A"), announced("A")]);
    expect(decoded.map(({ message }) => message.type)).toEqual(["start", "event", "event"]);
    expect(new Set(decoded.map(({ message }) => message.run)).size).toBe(1);
  });

  test("the newest source says number and time of the train", () => {
    const old = { "timestamp.tid": 7, timestamp: 1 };
    const [, decoded] = readAll(karaboBridgeCodec, [
      [...announced("A", old), ...announced("B", { "timestamp.tid": 8, timestamp: 1.5 }), ...announced("C", old)],
    ]);
    expect([decoded?.sequence, decoded?.message.envelope.timeMs]).toEqual([8, 1500]);
    const [, none] = readAll(karaboBridgeCodec, [announced("A", { "timestamp.tid": 2n ** 64n - 1n })]);
    expect(none?.sequence).toBeUndefined();
    const [, shared] = readAll(karaboBridge({ shared: true }), [announced("A", old)]);
    expect([shared?.sequence, shared?.message.envelope.timeMs]).toEqual([undefined, 1000]);
  });

  test("an array is a view of its part", () => {
    const train = [...announced("A"), ...array("A", "x")];
    const { payload } = eventAt(readAll(karaboBridgeCodec, [train]));
    expect(arrayAt(payload).data.buffer).toBe((train[3] as Uint8Array).buffer);
  });

  test("what makes no sense is refused by name", () => {
    const refused = (parts: readonly Uint8Array[], reason: RegExp): void =>
      expectRejected(karaboBridgeCodec, parts, reason);
    refused([...announced("A"), ...announced("A")], /^parts\[2\]\.source: "A" is announced twice$/);
    refused([...announced("A"), ...array("A", "x"), ...array("A", "x")], /^parts\[4\]\.path: "x" came already$/);
    refused(announced("__proto__"), /^parts\[0\]\.source: the name "__proto__" is refused$/);
    refused([...announced("A"), ...array("A", "constructor")], /^parts\[2\]\.path: the name "constructor" is refused$/);
    refused(announced("A", { "timestamp.tid": "x" }), /^metadata\["A"\]\.timestamp\.tid: expected a whole number/);
    refused([packed({ content: "msgpack" }), packed({})], /^parts\[0\]\.source: missing$/);
    refused([packed({ source: "A" }), packed({})], /^parts\[0\]\.content: missing$/);
    refused(
      [packed({ source: "A", content: "msgpack", metadata: 1 }), packed({})],
      /^parts\[0\]\.metadata: expected a map$/,
    );
    refused(
      [packed({ source: "A", content: "msgpack" }), packed(1)],
      /^parts\[0\], its map: the message is not a map$/,
    );
    refused([packed({ A: 1 })], /^sources\["A"\]: expected a map$/);
    refused([packed({ A: { metadata: 1 } })], /^metadata\["A"\]: expected a map$/);
    refused([packed({ A: { x: { $payload: "map" } } })], /\$payload/);
  });
});

describe("karabo-bridge - writing", () => {
  test("an event made here is a train of one source; Start and Stop have no form", () => {
    const write = karaboBridge({ source: "DET" }).writer();
    expect(write(new Start({}, { run: "r" }))).toEqual([]);
    const [parts = []] = write(new Event({ n: 1 }, IMAGE, { run: "r", timeMs: 1_500.25 }));
    expect(unpacked(parts[0])).toEqual({
      source: "DET",
      content: "msgpack",
      metadata: {
        source: "DET",
        timestamp: 1.50025,
        "timestamp.tid": 1,
        "timestamp.sec": "1",
        "timestamp.frac": "500250000000000000",
      },
    });
    expect(unpacked(parts[1])).toEqual({ n: 1 });
    expect(unpacked(parts[2])).toEqual({
      source: "DET",
      content: "array",
      path: "image.data",
      dtype: "uint16",
      shape: [2, 3],
    });
    expect(parts[3]?.buffer).toBe(IMAGE.data.buffer);
    expect(write(new Stop({}, { run: "r" }))).toEqual([]);
    expect(unpacked(write(new Event({}, IMAGE, { run: "s" }))[0]?.[0])["metadata"]).toMatchObject({
      "timestamp.tid": 2,
    });
  });

  test("a train can be written in the other version", () => {
    const [vector] = goodOnes("karabo-bridge").filter(({ name }) => name === "many-dtypes-rep");
    const event = eventAt(readAll(karaboBridgeCodec, [vector?.frames ?? []]));
    const [one = []] = karaboBridge({ version: "1.0" }).writer()(event);
    expect(one).toHaveLength(1);
    const again = eventAt(readAll(karaboBridgeCodec, [one]));
    expect(again.metadata["metadata"]).toEqual(event.metadata["metadata"]);
    const [pairs = []] = karaboBridge({ version: "2.2" }).writer()(again);
    expect(pairs.length).toBe(vector?.frames.length);
  });

  test("another payload stands where the first one was", () => {
    const train = [...announced("A"), ...array("A", "x"), ...array("A", "y")];
    const event = eventAt(readAll(karaboBridgeCodec, [train]));
    const again = eventAt(readAll(karaboBridgeCodec, karaboBridgeCodec.writer()(event.with({ payload: IMAGE }))));
    expect([...again.array("uint16").data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(Object.keys((again.metadata["sources"] as { A: object }).A)).toEqual(["x", "y"]);
  });

  test("options are checked", () => {
    expect(() => karaboBridge({ version: "3" as "1.0" })).toThrow(/expected 1.0 or 2.2/);
    expect(() => karaboBridge({ source: "" })).toThrow(/source: expected a name/);
    expect(() => karaboBridge({ path: "a" } as object)).toThrow(/no option "path"/);
  });

  test(`random events come back as they were, in both versions (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 1_000; times += 1) {
      const metadata = randomDocument(random);
      const payload = randomArray(random);
      const codec = karaboBridge({ version: random.pick(["1.0", "2.2"]), source: "S", property: "p" });
      const event = eventAt(readAll(codec, codec.writer()(new Event(metadata, payload, { run: "r" }))));
      const { p, ...others } = (event.metadata["sources"] as { S: Record<string, unknown> }).S;
      expect(p).toEqual({ $payload: "msgpack-numpy" });
      expect(others).toEqual(metadata);
      const read = arrayAt(event.payload);
      expect([read.dtype, read.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.from(bytesOf(read))).toEqual(Buffer.from(bytesOf(payload)));
    }
  });
});
