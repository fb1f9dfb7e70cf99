import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { RejectedError } from "arroyojs";
import { describe, expect, test } from "vitest";
import { decodeZstd } from "../../src/compression/zstd.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";

interface Frame {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly frame: string;
}

const file = new URL("zstd-frames.json", import.meta.url);
const { frames } = JSON.parse(readFileSync(file, "utf8")) as { readonly frames: readonly Frame[] };

function decoded(bytes: Uint8Array, size: number): Uint8Array {
  const target = new Uint8Array(size);
  decodeZstd(bytes, target);
  return target;
}

describe("zstd - frames of the real library", () => {
  test.each(frames)("$name", ({ frame, bytes, sha256 }) => {
    const target = decoded(Buffer.from(frame, "base64"), bytes);
    expect(createHash("sha256").update(target).digest("hex")).toBe(sha256);
  });

  test.each(frames)("$name - another size, bytes that are missing or left over are refused", ({ frame, bytes }) => {
    const whole = Buffer.from(frame, "base64");
    const wrong: readonly (readonly [Uint8Array, number])[] = [
      [whole, bytes + 1],
      [whole, Math.max(0, bytes - 1) + (bytes === 0 ? 5 : 0)],
      [whole.subarray(0, -1), bytes],
      [whole.subarray(0, 8), bytes],
      [Buffer.concat([whole, Buffer.of(0)]), bytes],
    ];
    for (const [given, size] of wrong) expect(() => decoded(given, size)).toThrow(RejectedError);
  });
});

test(`zstd - damaged frames are decoded to some bytes or refused (seed ${SEED})`, () => {
  const random = new Seeded(SEED);
  let refused = 0;
  for (const { frame, bytes } of frames) {
    const whole = Buffer.from(frame, "base64");
    for (let times = 0; times < 100; times += 1) {
      const given = new Uint8Array(whole);
      for (let change = 0; change <= random.below(3); change += 1)
        given[random.below(given.length)] = random.below(256);
      try {
        decoded(given, bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RejectedError);
        refused += 1;
      }
    }
  }
  expect(refused).toBeGreaterThan(frames.length);
});

test.each([
  ["a dictionary", "28b52ffd21010007010000", /dictionary/],
  ["a size that is not the expected one", "28b52ffda0ffffff7f010000", /claims 2147483647 bytes/],
  ["a match before the first byte", "28b52ffd2004250000000100042000", /damaged/],
  ["a part of no known kind", "28b52ffd2001070000", /no known kind/],
  ["another format", "1f8b080000000000", /does not begin as one/],
])("zstd - %s is refused", (_, hex, reason) => {
  expect(() => decoded(Buffer.from(hex, "hex"), hex.startsWith("28b52ffd2004") ? 4 : 1)).toThrow(reason);
});
