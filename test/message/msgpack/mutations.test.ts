import { describe, expect, it } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import { decode, find, findIn, Packer, skim, skip } from "../../../src/message/msgpack/index.ts";
import { HOSTILE_MSGPACK } from "../../corpus/hostile-payloads.ts";
import { mutated } from "../../corpus/mutations.ts";
import { randomDocument } from "../../corpus/random-documents.ts";
import { MUTATIONS, SEED, Seeded } from "../../corpus/seeded.ts";
import { decodeAll, encode, LIMITS } from "./hex.ts";

/** What a reader made of bytes: a value, or a rejection. Any other error fails the test. */
function attempt<T>(read: () => T): { value: T } | undefined {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof RejectedError) return undefined;
    throw error;
  }
}

function numpyArray(): Uint8Array {
  const packer = new Packer();
  packer.reset();
  packer.mapHeader(2);
  packer.string("seq_num");
  packer.uint(7);
  packer.string("image");
  packer.mapHeader(5);
  packer.binKey("nd");
  packer.value(true, "nd");
  packer.binKey("type");
  packer.string("<u2");
  packer.binKey("kind");
  packer.bin(new Uint8Array(0));
  packer.binKey("shape");
  packer.value([2, 2], "shape");
  packer.binKey("data");
  packer.bin(new Uint8Array(8));
  return new Uint8Array(packer.finish());
}

const HEADER = {
  run: "scan-42",
  origin: ["detector", "0", 123_456],
  key: "module-07",
  headers: [
    ["unit", "keV"],
    ["raw", new Uint8Array(3)],
  ],
  trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  metadata: { frame: 70_000, exposure: 0.1, motor: "größe", big: 2n ** 60n, shutter: true },
  array: { dtype: "uint16", shape: [512, 512] },
};

describe("msgpack under mutation", () => {
  it.each(HOSTILE_MSGPACK)("corpus - $name is rejected by decode, and by skim inside a map", ({ bytes }) => {
    expect(attempt(() => decodeAll(bytes))).toBeUndefined();
    const inMap = Buffer.concat([Buffer.of(0x81, 0xa1, 0x6b), bytes]);
    expect(attempt(() => skim(inMap, 0, inMap.length, LIMITS))).toBeUndefined();
  });

  it(`readers - ${MUTATIONS} mutations are read or rejected, and all readers agree`, () => {
    const random = new Seeded(SEED);
    const binary = { ...LIMITS, binaryKeys: true };
    let passed = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const label = `seed ${SEED}, mutation ${i}`;
      const sound = i % 3 === 0 ? encode(HEADER) : i % 3 === 1 ? encode(randomDocument(random)) : numpyArray();
      const bytes = Buffer.concat(mutated([sound], random));
      const end = bytes.length;
      const skimmed = attempt(() => skim(bytes, 0, end, LIMITS));
      const decoded = attempt(() => decode(bytes, 0, end, LIMITS));
      const withBinary = attempt(() => decode(bytes, 0, end, binary));
      const skipped = attempt(() => skip(bytes, 0));
      const found = attempt(() => find(bytes, 0, end, "metadata"));
      const foundInside = attempt(() => findIn(bytes, 0, end, "metadata", "motor"));

      if (skimmed !== undefined) expect(decoded, label).toBeDefined();
      if (decoded === undefined) continue;
      passed++;
      const { value } = decoded;
      expect(withBinary?.value, label).toStrictEqual(value);
      expect(skipped?.value, label).toBe(end);
      if (!isMap(value)) continue;
      const keys = Object.keys(value);
      if (!keys.some((key) => key.startsWith("!"))) expect(skimmed?.value, label).toBe(keys.length);
      expect(found?.value, label).toStrictEqual(value["metadata"]);
      if (isMap(value["metadata"])) expect(foundInside?.value, label).toStrictEqual(value["metadata"]["motor"]);
      expect(decodeAll(encode(asPlain(value))), label).toStrictEqual(asPlain(value));
    }
    // Else the mutations are so coarse that they test nothing.
    expect(passed).toBeGreaterThan(MUTATIONS / 20);
    expect(passed).toBeLessThan(MUTATIONS);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Copies a value, with plain bytes in the place of Buffers. */
function asPlain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(asPlain);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asPlain(inner)]));
}
