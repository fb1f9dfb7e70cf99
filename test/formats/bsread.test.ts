import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type BsreadOptions, bsread, bsreadCodec } from "../../src/formats/bsread/index.ts";
import { Event } from "../../src/message/event.ts";
import { bytesOf, type DType, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { DTYPES, randomArray, randomDocument } from "../corpus/random-documents.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { facilityTests, goodOnes } from "./facility-vectors.ts";
import { expectRejected } from "./hostility.ts";
import { arrayAt, eventAt, readAll } from "./wire.ts";

describe("bsread - vectors and hostile bytes", () => {
  facilityTests({
    format: "bsread",
    codec: bsreadCodec,
    reasons: {
      "bad-main-not-json": /^header: not JSON$/,
      "bad-main-only": /^data header: missing$/,
      "bad-data-header-not-json": /^data header: not JSON$/,
      "bad-pulse-id-missing": /^header\.pulse_id: missing$/,
      "bad-too-few-parts": /^4 parts expected for 2 channels, got 2$/,
      "bad-too-many-parts": /^2 parts expected for 1 channels, got 4$/,
      "bad-timestamp-part-missing": /^2 parts expected for 1 channels, got 1$/,
      "bad-timestamp-short": /^timestamps\["CAM"\]: expected 16 bytes, got 13$/,
      "bad-value-short": /^values\["CAM"\]\.shape: \[24, 40\] of uint16 takes 1920 bytes, the data has 1918$/,
      "bad-value-ragged": /^values\["CAM"\]\.shape: .* the data has 1919$/,
      "bad-type-unknown": /^data header: channels\["CAM"\]\.type: "complex128" is not supported$/,
      "bad-compression-unknown": /^data header: channels\["CAM"\]\.compression: "zstd" is not supported$/,
      "bad-lz4-size-neither": /^values\["CAM"\]: the size before the LZ4 block fits in neither byte order$/,
      "bad-lz4-truncated": /^values\["CAM"\]: an LZ4 block ends early$/,
      "bad-bitshuffle-size-claim": /^values\["CAM"\]: the compressed bytes claim a size of 281474976710656 bytes/,
      "bad-bitshuffle-shape": /^values\["CAM"\]: the compressed bytes claim a size of 1920 bytes, not 1968$/,
      "bad-shape-negative": /^data header: channels\["CAM"\]\.shape\[0\]: expected a whole number/,
      "bad-header-compression-unknown": /^header\.dh_compression: "zip" is not supported$/,
      "bad-channels-not-list": /^data header: channels: expected a list$/,
    },
  });
});

const STAMP = new Uint8Array(16);

function pulse(id: number, channels: readonly object[] = [], ...parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const data = Buffer.from(JSON.stringify({ htype: "bsr_d-1.1", channels }));
  const hash = createHash("md5").update(data).digest("hex");
  const main = { htype: "bsr_m-1.1", pulse_id: id, hash, global_timestamp: { sec: 1, ns: 500_000_000 } };
  return [Buffer.from(JSON.stringify(main)), data, ...parts];
}

const BYTES = { name: "A", type: "uint8", shape: [2] };

describe("bsread - reading", () => {
  test("the stream is one run that begins with the first pulse; its time is the global one", () => {
    const decoded = readAll(bsreadCodec, [pulse(1), pulse(2)]);
    expect(decoded.map(({ message }) => message.type)).toEqual(["start", "event", "event"]);
    expect(decoded[1]?.message.envelope.timeMs).toBe(1500);
  });

  test("the payload is the first array, or that of the channel", () => {
    const two = pulse(
      1,
      [{ name: "N" }, BYTES, { ...BYTES, name: "B" }],
      new Uint8Array(8),
      STAMP,
      Uint8Array.of(1, 2),
      STAMP,
      Uint8Array.of(3, 4),
      STAMP,
    );
    const payload = (options: BsreadOptions): readonly number[] => [
      ...(eventAt(readAll(bsread(options), [two])).payload as NdArray).data,
    ];
    expect(payload({})).toEqual([1, 2]);
    expect(payload({ channel: "B" })).toEqual([3, 4]);
    const event = eventAt(readAll(bsread({ channel: "N" }), [two]));
    expect([event.payload.byteLength, arrayAt(event.metadata["values"]?.["A" as never]).shape]).toEqual([0, [2]]);
  });

  test("a header that comes again is read once, whatever its hash claims", () => {
    const [first, second] = [
      pulse(1, [{ name: "A" }], new Uint8Array(8), STAMP),
      pulse(2, [BYTES], Uint8Array.of(1, 2), STAMP),
    ];
    const hash = createHash("md5")
      .update(first[1] as Uint8Array)
      .digest("hex");
    const main = Buffer.from(JSON.stringify({ htype: "bsr_m-1.1", pulse_id: 2, hash }));
    const again = pulse(3, [{ name: "A" }], new Uint8Array(8), STAMP);
    const events = readAll(bsreadCodec, [first, again, [main, ...second.slice(1)]]).slice(1);
    const [one, same, lied] = events.map(({ message }) => (message as Event).metadata["channels"]);
    expect(same).toBe(one);
    expect(lied).toEqual([BYTES]);
  });

  test("an array is a view of its part", () => {
    const body = new Uint8Array(2);
    expect(arrayAt(eventAt(readAll(bsreadCodec, [pulse(1, [BYTES], body, STAMP)])).payload).data.buffer).toBe(
      body.buffer,
    );
  });

  test("what is not of the format is refused by name", () => {
    const refused = (channels: readonly unknown[], reason: RegExp, ...parts: readonly Uint8Array[]): void =>
      expectRejected(bsreadCodec, pulse(1, channels as object[], ...parts), reason);
    refused([1], /^data header: channels\[0\]: expected an object$/);
    refused([{}], /^data header: channels\[0\]\.name: expected text$/);
    refused([{ name: "__proto__" }], /^data header: channels\[0\]\.name: is refused$/);
    refused([{ name: "A" }, { name: "A" }], /^data header: channels: "A" is there twice$/);
    refused([{ name: "A", encoding: "middle" }], /^data header: channels\["A"\]\.encoding: expected little or big$/);
    refused([{ name: "A", type: 1 }], /^data header: channels\["A"\]\.type: expected text$/);
    refused([{ name: "A", compression: 1 }], /^data header: channels\["A"\]\.compression: expected text$/);
    refused([{ name: "A" }], /^values\["A"\]: expected 8 bytes, got 7$/, new Uint8Array(7), STAMP);
    refused([BYTES], /^timestamps\["A"\]: expected 16 bytes, got 0$/, Uint8Array.of(1, 2), new Uint8Array(0));
    refused([{ name: "A", type: "string" }], /^values\["A"\]: not UTF-8$/, Uint8Array.of(0xff), STAMP);
    const text = { name: "A", type: "string", compression: "lz4" };
    refused(
      [text],
      /^values\["A"\]: with the size before it in neither byte order/,
      Uint8Array.of(255, 255, 255, 255, 0),
      STAMP,
    );
    expectRejected(bsreadCodec, [Buffer.from('{"htype":"other"}')], /^header\.htype: expected "bsr_m-1\.1"$/);
    const [main] = pulse(1);
    expectRejected(bsreadCodec, [main as Uint8Array, Buffer.from("{}")], /^data header: htype: expected "bsr_d-1\.1"$/);
  });
});

describe("bsread - pulses", () => {
  const numbers = (ids: readonly number[], options: BsreadOptions = {}): readonly (number | undefined)[] =>
    readAll(
      bsread(options),
      ids.map((id) => pulse(id)),
    )
      .slice(1)
      .map(({ sequence }) => sequence);

  test("the step is found out, then what is missing is a gap", () => {
    expect(numbers([100, 110, 120, 150, 160])).toEqual([100, 101, 102, 105, 106]);
    expect(numbers([7, 8, 9, 12])).toEqual([7, 8, 9, 12]);
  });

  test("nothing is missing before the step is known, nor when ids go back", () => {
    expect(numbers([100, 130, 140, 150, 160])).toEqual([100, 101, 102, 103, 104]);
    expect(numbers([100, 101, 102, 5, 6, 6, 7])).toEqual([100, 101, 102, 103, 104, 105, 106]);
  });

  test("a source that became slower for good loses nothing", () => {
    const slower = Array.from({ length: 300 }, (_, index) => 10 + 10 * index);
    const found = numbers([1, 2, 3, ...slower]);
    expect((found.at(-1) as number) - (found.at(-2) as number)).toBe(1);
  });

  test("a step that is given holds from the beginning", () => {
    expect(numbers([100, 130, 140], { pulseStep: 10 })).toEqual([100, 103, 104]);
  });

  test("where several readers share the stream, nothing is counted", () => {
    expect(numbers([100, 130], { pulseStep: 10, shared: true })).toEqual([undefined, undefined]);
  });
});

describe("bsread - writing", () => {
  const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const codec = bsread({ now: () => 1_500.25 });
  const parsed = (part: Uint8Array | undefined): Record<string, unknown> =>
    JSON.parse(Buffer.from(part ?? []).toString());

  test("an event made here is a pulse; Start and Stop have no form", () => {
    const write = codec.writer();
    expect(write(new Start({}, { run: "r" }))).toEqual([]);
    const [parts = []] = write(new Event({ energy: 12, label: "x", on: true }, IMAGE, { run: "r" }));
    const hash = createHash("md5")
      .update(parts[1] ?? "")
      .digest("hex");
    expect(parsed(parts[0])).toEqual({
      htype: "bsr_m-1.1",
      pulse_id: 0,
      global_timestamp: { sec: 1, ns: 500_250_000 },
      hash,
    });
    const rest = { encoding: "little", compression: "none" };
    expect(parsed(parts[1])).toEqual({
      htype: "bsr_d-1.1",
      channels: [
        { name: "image", type: "uint16", shape: [3, 2], ...rest },
        { name: "energy", type: "float64", shape: [1], ...rest },
        { name: "label", type: "string", shape: [1], ...rest },
        { name: "on", type: "bool", shape: [1], ...rest },
      ],
    });
    expect(parts[2]?.buffer).toBe(IMAGE.data.buffer);
    expect(write(new Stop({}, { run: "r" }))).toEqual([]);
    expect(parsed(write(new Event({}, IMAGE, { run: "s" }))[0]?.[0])).toMatchObject({ pulse_id: 1 });
  });

  test("another payload stands where the first one was, and its channel says what it is", () => {
    for (const name of ["image-lz4", "image-bitshuffle_lz4", "lz4-big-endian-size-and-data", "header-lz4"]) {
      const [vector] = goodOnes("bsread").filter((one) => one.name === name);
      const event = eventAt(readAll(codec, [vector?.frames ?? []]));
      const again = eventAt(readAll(codec, codec.writer()(event.with({ payload: IMAGE }))));
      expect([...again.array("uint16").data], name).toEqual([1, 2, 3, 4, 5, 6]);
      expect(again.metadata["timestamps"]).toEqual(event.metadata["timestamps"]);
      const [before] = event.metadata["channels"] as readonly object[];
      const image = (again.metadata["channels"] as readonly Record<string, unknown>[]).find(
        ({ shape }) => String(shape) === "3,2",
      );
      expect(Object.keys(image ?? {}).sort(), name).toEqual(Object.keys(before ?? {}).sort());
    }
  });

  test("channels that did not change are written with the bytes that came", () => {
    const [vector] = goodOnes("bsread").filter(({ name }) => name === "image-bitshuffle_lz4");
    const event = eventAt(readAll(codec, [vector?.frames ?? []]));
    const [parts = []] = codec.writer()(event.with({ metadata: { ...event.metadata } }));
    expect(parts[1]).toEqual(new Uint8Array(vector?.frames[1] ?? []));
    expect(parts[2]?.buffer).toBe(vector?.frames[2]?.buffer);
  });

  test("what has no form is refused with what to do", () => {
    const write = codec.writer();
    expect(() => write(new Event({ image: 1 }, IMAGE))).toThrow(/rename this field/);
    expect(() => write(new Event({}, new NdArray(Uint16Array.of(1), [1], "float16")))).toThrow(/convert it to float32/);
    const metadata = { header: {}, channels: [{ name: "A", type: "object" }], values: { A: 1 } };
    expect(() => write(new Event(metadata, IMAGE))).toThrow(
      /channels\["A"\]\.type: "object" is not supported; readers would/,
    );
    const whole = { header: {}, channels: [{ name: "A", type: "int8" }], values: { A: 300 } };
    expect(() => write(new Event(whole, IMAGE))).toThrow(/values\["A"\]: 300 is no int8/);
    expect(() => bsread({ compression: "zip" as "lz4" })).toThrow(/expected none, lz4, bitshuffle_lz4, got "zip"/);
    expect(() => bsread({ pulseStep: 0 })).toThrow(/pulseStep/);
    expect(() => bsread({ step: 1 } as object)).toThrow(/no option "step"/);
  });

  test(`random events come back as they were (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    const dtypes = DTYPES.filter((dtype) => dtype !== "float16");
    for (let times = 0; times < 1_000; times += 1) {
      const flat = randomArray(random, random.pick<DType>(dtypes));
      // One element is a single value here.
      const payload = new NdArray<DType>(flat.data, [1, ...flat.shape], flat.dtype);
      if (payload.shape.length === 1) continue;
      const plain = Object.entries(randomDocument(random)).filter(
        ([, value]) => typeof value === "string" || typeof value === "number" || typeof value === "bigint",
      );
      const used = bsread({ compression: random.pick(["none", "lz4", "bitshuffle_lz4"]) });
      const event = new Event(Object.fromEntries(plain), payload, { run: "r" });
      const again = eventAt(readAll(used, used.writer()(event)));
      const { image, ...others } = again.metadata["values"] as Record<string, unknown>;
      expect(others).toEqual(Object.fromEntries(plain));
      const array = arrayAt(again.payload);
      expect([array.dtype, array.shape]).toEqual([payload.dtype, payload.shape]);
      expect(Buffer.from(bytesOf(array))).toEqual(Buffer.from(bytesOf(payload)));
    }
  });
});
