import { expect, test } from "vitest";
import type { Codec, Decoded } from "../../src/message/codec.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { HOSTILE_MESSAGES } from "../corpus/hostile-payloads.ts";
import { SEED } from "../corpus/seeded.ts";
import { expectRejected, survive } from "./hostility.ts";
import { type Expected, expectDecoded, goodVectors, vectorsOf } from "./vectors.ts";

/** Says how the vectors of a format are to be understood. */
export interface Understanding {
  /** Why each hostile vector is refused. */
  readonly reasons: Readonly<Record<string, RegExp>>;
  /** True where numbers are not used to find losses. */
  readonly unnumbered?: boolean;
}

/** Reads one wire message with a reader of its own and gives what is behind the messages that the reader makes. */
export function lastRead(codec: Codec, frames: readonly Uint8Array[]): Decoded {
  return codec.reader(DEFAULT_LIMITS)(frames).at(-1) as Decoded;
}

/** Reads every vector of a format of detectors; hostile ones are refused for the reasons given by name. */
export function detectorVectorTests(codec: Codec, { reasons, unnumbered = false }: Understanding): void {
  for (const vector of vectorsOf(codec.name)) {
    test(vector.name, () => {
      const { name, frames, expect: expected } = vector;
      if (!("kind" in expected)) {
        expectRejected(codec, frames, reasons[name] as RegExp);
        return;
      }
      const decoded = lastRead(codec, frames);
      if (unnumbered) expect(decoded.sequence).toBeUndefined();
      expectDecoded(decoded, laidOut(unnumbered ? { ...expected, sequence: null } : expected));
    });
  }

  test("a reason is known for each hostile vector", () => {
    const hostile = vectorsOf(codec.name).filter(({ expect }) => "rejected" in expect);
    expect(Object.keys(reasons).sort()).toEqual(hostile.map(({ name }) => name).sort());
  });

  test("what was read is written with the same bytes, by reference", () => {
    for (const { name, frames, expect: expected } of goodVectors(codec.name)) {
      const { message } = lastRead(codec, frames);
      const [written] = codec.writer()(message);
      expect(written?.length, name).toBe(frames.length);
      for (const [index, frame] of (written ?? []).entries()) {
        const received = frames[index] as Uint8Array;
        expect(Buffer.compare(frame, received), name).toBe(0);
        if (expected.kind === "event") expect(frame.buffer, name).toBe(received.buffer);
      }
    }
  });
}

/** Feeds the shared corpus and damaged messages to a format of detectors. */
export function detectorHostilityTests(codec: Codec): void {
  for (const { name, bytes } of HOSTILE_MESSAGES) {
    test(`as the message: ${name}`, () => expectRejected(codec, [bytes]));
  }

  test(`damaged messages are taken or rejected (seed ${SEED})`, () => {
    survive(
      codec,
      goodVectors(codec.name).map(({ frames }) => frames),
    );
  });
}

/** Gives what is expected with values for tags, and arrays that the layout does not place where our messages have them. */
function laidOut(expected: Expected): Expected {
  const { arrays, metadata } = expected;
  const text = JSON.stringify(metadata);
  const missing = Object.keys(arrays).filter((name) => name !== "data" && !text.includes(`{"$array":"${name}"}`));
  const { appendix, ...others } = untagged(metadata) as Record<string, unknown>;
  const placed = Object.fromEntries(missing.map((name) => [name, { $array: name }]));
  return { ...expected, metadata: { ...others, ...placed, ...(appendix !== undefined && { appendix }) } };
}

function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (typeof value !== "object" || value === null) return value;
  const { $bytes, $bigint, $float } = value as Record<string, string | undefined>;
  if ($bytes !== undefined) return new Uint8Array(Buffer.from($bytes, "base64"));
  if ($bigint !== undefined) return BigInt($bigint);
  if ($float !== undefined) return Number($float);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, untagged(item)]));
}
