import { describe, expect, it, vi } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import { MAX_DEPTH, Packer } from "../../../src/message/msgpack/index.ts";
import { bytesOf, decodeAll, encode, hexOf } from "./hex.ts";

class Motor {
  position = 1;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

describe("msgpack encode, values", () => {
  it.each([
    [{ when: new Date(0) }, "metadata.when: a Date cannot be encoded; use milliseconds or an ISO string"],
    [{ a: new Map() }, "metadata.a: a Map cannot be encoded; use Object.fromEntries(map)"],
    [{ a: new Set() }, "metadata.a: a Set cannot be encoded; use [...set]"],
    [{ a: [0, () => 1] }, "metadata.a[1]: a function cannot be encoded; leave it out"],
    [{ a: Symbol("x") }, "metadata.a: a symbol cannot be encoded; use its description"],
    [{ a: new Motor() }, "metadata.a: a Motor cannot be encoded; use a plain object"],
    [{ a: Object.create({ b: 1 }) }, "metadata.a: an object with a prototype of its own cannot be encoded"],
    [{ a: new Float32Array(2) }, "metadata.a: a Float32Array cannot be encoded; make it the payload"],
    [{ a: new Int8Array(2) }, "metadata.a: an Int8Array cannot be encoded; make it the payload"],
    [{ a: new DataView(new ArrayBuffer(1)) }, "metadata.a: a DataView cannot be encoded; make it the payload"],
    [{ a: new ArrayBuffer(1) }, "metadata.a: an ArrayBuffer cannot be encoded; use new Uint8Array(buffer)"],
    [{ a: new Error("x") }, "metadata.a: an Error cannot be encoded; use its message"],
    [{ a: /x/ }, "metadata.a: a RegExp cannot be encoded; use its source"],
    [{ a: Promise.resolve() }, "metadata.a: a Promise cannot be encoded; await it first"],
    [{ a: new (class extends Array {})(), b: new Proxy(new Motor(), {}) }, "metadata.b: a Motor cannot be encoded"],
    [{ a: new Number(1) }, "metadata.a: a Number cannot be encoded"],
    [{ a: 2n ** 64n }, "metadata.a: a bigint beyond 64 bits cannot be encoded; use a string"],
    [{ a: -(2n ** 63n) - 1n }, "metadata.a: a bigint beyond 64 bits cannot be encoded; use a string"],
    [{ a: "x\ud800" }, "metadata.a: half of a surrogate pair is not text; use toWellFormed()"],
    [{ a: `${"x".repeat(50)}\udc00` }, "metadata.a: half of a surrogate pair"],
    [{ "\ud800": 1 }, 'metadata["\\ud800"]: half of a surrogate pair'],
    [JSON.parse('{"a":{"__proto__":1}}'), "metadata.a.__proto__: a key of this name is refused"],
    [{ constructor: 1 }, "metadata.constructor: a key of this name is refused; use another name"],
    [{ prototype: 1 }, "metadata.prototype: a key of this name is refused"],
    [{ "a b": [[{ c: new Date(0) }]] }, 'metadata["a b"][0][0].c: a Date cannot be encoded'],
    [new Date(0), "metadata: a Date cannot be encoded"],
  ])("refuses with place and remedy - case %#", (value, message) => {
    expect(() => encode(value, "metadata")).toThrow(UsageError);
    expect(() => encode(value, "metadata")).toThrow(message);
  });

  it("refuses - what contains itself", () => {
    const self: Record<string, unknown> = {};
    self.self = self;
    expect(() => encode(self, "metadata")).toThrow(
      /^metadata\.self\.self.*: nested more than 64 deep; does it contain/,
    );
  });

  it("depth - the limit counts what is open around the value", () => {
    expect(decodeAll(encode(nested(MAX_DEPTH)))).toStrictEqual(nested(MAX_DEPTH));
    expect(() => encode(nested(MAX_DEPTH + 1))).toThrow("nested more than 64 deep");
    const packer = new Packer();
    packer.reset();
    packer.mapHeader(1);
    packer.string("metadata");
    packer.value(nested(MAX_DEPTH - 1), "metadata", 1);
    expect(decodeAll(packer.finish())).toStrictEqual({ metadata: nested(MAX_DEPTH - 1) });
    packer.reset();
    expect(() => packer.value(nested(MAX_DEPTH), "metadata", 1)).toThrow(/^metadata[[.]/);
  });

  it("undefined - is left out of objects, nil in lists and alone", () => {
    expect(hexOf(encode({ a: undefined, b: 1, c: undefined }))).toBe("81 a1 62 01");
    expect(hexOf(encode([undefined, 1]))).toBe("92 c0 01");
    expect(hexOf(encode(undefined))).toBe("c0");
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested.
    expect(hexOf(encode([, 1]))).toBe("92 c0 01");
  });

  it.each([15, 16, 17, 65_535, 65_536])("undefined - is left out of an object of %i keys", (count) => {
    const entries = Array.from({ length: count }, (_, i) => [`k${i}`, i % 3 === 0 ? undefined : i] as const);
    const expected = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    expect(decodeAll(encode(Object.fromEntries(entries)))).toStrictEqual(expected);
  });

  it("objects - with a null prototype and frozen ones are plain; what is inherited or hidden is not sent", () => {
    const bare = Object.assign(Object.create(null), { a: 1 });
    expect(decodeAll(encode(bare))).toStrictEqual({ a: 1 });
    expect(decodeAll(encode(Object.freeze({ a: 1 })))).toStrictEqual({ a: 1 });
    const hidden = Object.defineProperty({ a: 1, [Symbol("s")]: 2 }, "b", { value: 3, enumerable: false });
    expect(decodeAll(encode(hidden))).toStrictEqual({ a: 1 });
  });

  it("objects - a polluted prototype does not get into messages", () => {
    const polluted = Object.prototype as Record<string, unknown>;
    try {
      polluted.evil = 1;
      expect(hexOf(encode({ a: 1 }))).toBe("81 a1 61 01");
      expect(hexOf(encode({}))).toBe("80");
    } finally {
      delete polluted.evil;
    }
  });

  it("objects - one that changes while it is read still makes sound bytes", () => {
    const shrinking: Record<string, unknown> = {
      get a() {
        delete shrinking.b;
        return 1;
      },
      b: 2,
      c: 3,
    };
    expect(decodeAll(encode(shrinking))).toStrictEqual({ a: 1, c: 3 });
  });

  it("bytes - a Buffer and a view are bin", () => {
    expect(hexOf(encode(Buffer.from("abc")))).toBe("c4 03 61 62 63");
    expect(hexOf(encode(bytesOf("00 01 02 03").subarray(1, 3)))).toBe("c4 02 01 02");
  });
});

describe("msgpack Packer", () => {
  it("parts - a map can be written by hand", () => {
    const packer = new Packer();
    packer.reset();
    packer.mapHeader(5);
    packer.binKey("nd");
    packer.value(true, "nd");
    packer.string("n");
    packer.uint(300);
    packer.string("b");
    packer.bin(Uint8Array.of(1));
    packer.string("l");
    packer.arrayHeader(1);
    packer.uint(0);
    packer.string("r");
    packer.raw(bytesOf("81 a1 61 01"));
    expect(hexOf(packer.finish())).toBe(
      "85 c4 02 6e 64 c3 a1 6e cd 01 2c a1 62 c4 01 01 a1 6c 91 00 a1 72 81 a1 61 01",
    );
  });

  it("parts - what they cannot write is refused", () => {
    const packer = new Packer();
    packer.reset();
    for (const number of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => packer.uint(number)).toThrow(UsageError);
    expect(() => packer.binKey("k".repeat(256))).toThrow(UsageError);
    expect(() => packer.string("\udc00", "run")).toThrow("run: half of a surrogate pair");
  });

  it("prelude - room is left in front, also of large messages", () => {
    for (const content of ["a", "a".repeat(100), "a".repeat(5000), "a".repeat(100_000)]) {
      const packer = new Packer();
      packer.reset(40);
      packer.value(content, "content");
      const bytes = packer.finish();
      expect([...bytes.subarray(0, 40)]).toStrictEqual(new Array(40).fill(0));
      bytes.fill(0xff, 0, 40);
      expect(decodeAll(bytes.subarray(40))).toBe(content);
    }
  });

  it("finish - what was handed out is never written again", () => {
    const packer = new Packer();
    const sizes = [10, 3000, 4090, 4096, 5000, 9000, 1, 20_000, 40_000, 100, 70_000, 3, 1_500_000, 5];
    const handedOut: { bytes: Uint8Array; hex: string; value: unknown }[] = [];
    for (let round = 0; round < 5; round++) {
      for (const size of sizes) {
        const value = { round, size, text: "ä".repeat(size / 2), bin: new Uint8Array(size % 7000).fill(round) };
        packer.reset(size % 50);
        packer.value(value, "value");
        const bytes = packer.finish().subarray(size % 50);
        handedOut.push({ bytes, hex: size > 50_000 ? "" : hexOf(bytes), value });
      }
    }
    for (const { bytes, hex, value } of handedOut) {
      if (hex !== "") expect(hexOf(bytes)).toBe(hex);
      const { text, bin, ...rest } = decodeAll(bytes) as { text: string; bin: Uint8Array };
      expect({ ...rest, text, bin: new Uint8Array(bin) }).toStrictEqual(value);
    }
  });

  it("reset - forgets what was begun, also after a refusal", () => {
    const packer = new Packer();
    packer.reset();
    packer.value({ a: "x".repeat(6000), b: new Uint8Array(10_000) }, "value");
    packer.reset();
    expect(() => packer.value({ a: 1, b: new Date(0) }, "value")).toThrow(UsageError);
    packer.reset(2);
    packer.value({ a: 1 }, "value");
    expect(hexOf(packer.finish())).toBe("00 00 81 a1 61 01");
    packer.reset();
    packer.value([1], "value");
    expect(hexOf(packer.finish())).toBe("91 01");
  });

  it("large bytes - are copied exactly once, into the message", () => {
    const frame = new Uint8Array(8 * 1024 * 1024).fill(1);
    const set = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, "set");
    const packer = new Packer();
    packer.reset(40);
    packer.value({ image: frame, again: frame, name: "x" }, "metadata");
    const bytes = packer.finish();
    const copied = set.mock.calls.reduce((sum, [source]) => sum + source.length, 0);
    set.mockRestore();
    expect(copied).toBeGreaterThanOrEqual(2 * frame.length);
    expect(copied).toBeLessThan(2 * frame.length + 1000);
    expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
    const { image, name } = decodeAll(bytes.subarray(40)) as { image: Uint8Array; name: string };
    expect([image.length, image[0], image.at(-1), name]).toStrictEqual([frame.length, 1, 1, "x"]);
    frame[0] = 9;
    expect(image[0]).toBe(1);
  });

  it("small messages - share memory, and cannot take it away from one another", () => {
    const packer = new Packer();
    const [first, second] = [1, 2].map((value) => {
      packer.reset();
      packer.value(value, "value");
      return packer.finish();
    }) as [Uint8Array, Uint8Array];
    expect(second.buffer).toBe(first.buffer);
    expect(first.buffer.byteLength).toBeLessThanOrEqual(16 * 1024);
    try {
      structuredClone(first.buffer, { transfer: [first.buffer as ArrayBuffer] });
    } catch {
      // Newer versions of Node refuse, older ones copy: either way the memory stays.
    }
    expect(hexOf(second)).toBe("02");
  });
});
