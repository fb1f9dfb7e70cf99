import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { find, Packer, skim } from "../../../src/message/msgpack/index.ts";
import { randomDocument } from "../../corpus/random-documents.ts";
import { SEED, Seeded } from "../../corpus/seeded.ts";
import { decodeAll, encode, LIMITS } from "./hex.ts";

const REFUSED = new Set(["__proto__", "constructor", "prototype"]);
const text = fc.string({ unit: "binary", maxLength: 300 });
const key = fc.string({ unit: "binary", maxLength: 40 }).filter((name) => !REFUSED.has(name));
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.float(),
  fc.nat(70_000).map((small) => 35_000 - small),
);
/** Beyond what a number can hold: smaller ones come back as numbers. */
const bigint = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
  .filter((big) => !Number.isSafeInteger(Number(big)));

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false),
    number,
    bigint,
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(key, tie("value"), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

describe("msgpack round trip", () => {
  it("any value - comes back as it was", () => {
    fc.assert(
      fc.property(value, (any) => {
        expect(decodeAll(encode(any))).toStrictEqual(any);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it("any map - passes skim, and each of its keys is found", () => {
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 70, noNullPrototype: true }), (map) => {
        const bytes = encode(map);
        const demands = new Set(Object.keys(map).filter((name) => name.startsWith("!")));
        expect(skim(bytes, 0, bytes.length, LIMITS, demands)).toBe(Object.keys(map).length);
        for (const name of Object.keys(map)) {
          expect(find(bytes, 0, bytes.length, name)).toStrictEqual(map[name]);
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("one packer - makes the same bytes as a new one for each value", () => {
    const random = new Seeded(SEED);
    const packer = new Packer();
    for (let i = 0; i < 2000; i++) {
      const document = randomDocument(random);
      packer.reset();
      packer.value(document, "document");
      expect(Buffer.compare(packer.finish(), encode(document)), `seed ${SEED}, document ${i}`).toBe(0);
    }
  });
});
