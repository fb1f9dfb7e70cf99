import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Codec, Decoded } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/message/limits.ts";
import type { Message } from "../../src/message/message.ts";
import { bytesOf, type DType, isNdArray, type NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { HOSTILE_MESSAGES } from "../corpus/hostile-payloads.ts";
import { mutated } from "../corpus/mutations.ts";
import { MUTATIONS, SEED, Seeded } from "../corpus/seeded.ts";
import { expectRejected, isTaken, survive } from "./hostility.ts";
import { type Expected, type Vector, vectorsOf } from "./vectors.ts";

/** Is a vector with the members that only some formats have. */
export interface FacilityVector extends Vector {
  readonly optional?: boolean;
  readonly serializer?: string;
  readonly after?: string;
}

/** Says how the vectors of a format are read. */
export interface FacilityTests {
  /** The codec of a vector; one for all where there is only one. */
  readonly codec: Codec | ((vector: FacilityVector) => Codec);
  readonly format: string;
  /** Why each hostile vector is refused. */
  readonly reasons: Readonly<Record<string, RegExp>>;
  /** The wire messages of a vector: its frames are one, unless something else is said. */
  readonly messages?: (vector: FacilityVector) => readonly (readonly Uint8Array[])[];
  /** Keys of the metadata that are more than the vector says, by the vector's name. */
  readonly more?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** What a vector becomes that need not be refused. */
  readonly instead?: Readonly<Record<string, (decoded: Decoded) => void>>;
  readonly limits?: Limits;
}

/** Finds the codec of a vector. */
export function codecOf({ codec }: FacilityTests, vector: FacilityVector): Codec {
  return typeof codec === "function" ? codec(vector) : codec;
}

/** Reads the wire messages of a vector with one reader and gives all that came of them. */
export function readVector(tests: FacilityTests, vector: FacilityVector): readonly Decoded[] {
  const read = codecOf(tests, vector).reader(tests.limits ?? DEFAULT_LIMITS);
  return messagesOf(tests, vector).flatMap((frames) => read(frames));
}

function messagesOf({ messages }: FacilityTests, vector: FacilityVector): readonly (readonly Uint8Array[])[] {
  return messages?.(vector) ?? [vector.frames];
}

/** Gives the vectors of a format that are to be decoded. */
export function goodOnes(format: string): readonly (FacilityVector & { readonly expect: Expected })[] {
  const good = (vector: FacilityVector): vector is FacilityVector & { readonly expect: Expected } =>
    "kind" in vector.expect;
  return (vectorsOf(format) as readonly FacilityVector[]).filter(good);
}

/** Reads every vector of a format, writes the good ones again, and damages them. */
export function facilityTests(tests: FacilityTests): void {
  const { format, reasons, instead = {}, more = {} } = tests;
  const vectors = vectorsOf(format) as readonly FacilityVector[];

  for (const vector of vectors) {
    test(vector.name, () => {
      const check = instead[vector.name];
      if (check !== undefined) check(readVector(tests, vector).at(-1) as Decoded);
      else if ("kind" in vector.expect) {
        expectSame(readVector(tests, vector).at(-1) as Decoded, vector.expect, more[vector.name]);
      } else expectRefused(tests, vector, reasons[vector.name] as RegExp);
    });
  }

  test("a reason is known for each hostile vector", () => {
    const hostile = vectors.filter(({ name, expect }) => "rejected" in expect && instead[name] === undefined);
    expect(Object.keys(reasons).sort()).toEqual(hostile.map(({ name }) => name).sort());
  });

  test("what was read is written with the same bytes, those of events by reference", () => {
    for (const vector of goodOnes(format)) {
      const write = codecOf(tests, vector).writer();
      const all = readVector(tests, vector).map(({ message }) => write(message).flat());
      const written = all.at(-1) as readonly Uint8Array[];
      expect(written.length, vector.name).toBe(vector.frames.length);
      for (const [index, frame] of written.entries()) {
        expect(Buffer.compare(frame, vector.frames[index] as Uint8Array), vector.name).toBe(0);
      }
      if (vector.expect.kind !== "event") continue;
      expect(written.at(-1)?.buffer, vector.name).toBe(vector.frames.at(-1)?.buffer);
    }
  });

  test("what was read is read the same after it was written anew", () => {
    for (const vector of goodOnes(format)) {
      if (instead[vector.name] !== undefined) continue;
      const decoded = readVector(tests, vector).at(-1) as Decoded;
      const codec = codecOf(tests, vector);
      const read = codec.reader(tests.limits ?? DEFAULT_LIMITS);
      const before = messagesOf(tests, vector).slice(0, -vector.frames.length);
      for (const frames of before) read(frames);
      const again = codec
        .writer()(unknownCopy(decoded.message))
        .flatMap((frames) => read(frames));
      expectSame(again.at(-1) as Decoded, vector.expect as Expected, more[vector.name]);
    }
  });

  for (const { name, bytes } of HOSTILE_MESSAGES) {
    test(`as the message: ${name}`, () => {
      for (const codec of codecsOf(tests, vectors)) expectRejected(codec, [bytes]);
    });
  }

  test(`damaged messages are taken or rejected (seed ${SEED})`, () => {
    for (const codec of codecsOf(tests, vectors)) {
      const good = goodOnes(format).filter((vector) => codecOf(tests, vector) === codec);
      survive(
        codec,
        good.flatMap((vector) => messagesOf(tests, vector)),
      );
    }
  });
}

/** Damages whole conversations, for readers whose state decides what a message is. */
export function conversationTests(codec: Codec, conversation: readonly (readonly Uint8Array[])[]): void {
  test(`conversations in which something is damaged, lost or swapped are survived (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    let taken = 0;
    for (let times = 0; times < MUTATIONS / conversation.length; times += 1) {
      const read = codec.reader(DEFAULT_LIMITS);
      for (const frames of conversation) {
        if (random.chance(0.1)) continue;
        const given = random.chance(0.2) ? mutated(frames, random) : frames;
        if (isTaken(read, given)) taken += 1;
      }
    }
    expect(taken).toBeGreaterThan(0);
  });
}

function codecsOf(tests: FacilityTests, vectors: readonly FacilityVector[]): ReadonlySet<Codec> {
  return new Set(vectors.map((vector) => codecOf(tests, vector)));
}

function expectRefused(tests: FacilityTests, vector: FacilityVector, reason: RegExp): void {
  const messages = messagesOf(tests, vector);
  const read = codecOf(tests, vector).reader(DEFAULT_LIMITS);
  for (const frames of messages.slice(0, -1)) read(frames);
  expectRejected({ ...codecOf(tests, vector), reader: () => read }, messages.at(-1) as readonly Uint8Array[], reason);
}

/** Gives a message that a writer does not know as one that was read: with the same content in another object. */
function unknownCopy(message: Message): Message {
  const { envelope } = message;
  if (message.type === "event") return new Event({ ...message.metadata }, message.payload, envelope);
  return message.type === "start"
    ? new Start({ ...message.data }, envelope)
    : new Stop({ ...message.data }, message.envelope);
}

/** Compares a decoded message with what a vector says; the order of keys means nothing. */
export function expectSame(
  { message, sequence, control }: Decoded,
  expected: Expected,
  more: Readonly<Record<string, unknown>> = {},
): void {
  expect(control === true ? "control" : message.type).toBe(expected.kind);
  expect(sequence ?? null).toBe(expected.sequence);
  if (expected.run !== null) expect(message.run).toBe(expected.run);
  const payload = message.type === "event" ? message.payload : undefined;
  const seen = new Set<string>();
  const compare = (actual: unknown, wanted: unknown, path: string): void => {
    if (!isRecord(wanted)) {
      if (Array.isArray(wanted)) {
        expect(actual, path).toHaveLength(wanted.length);
        for (const [index, item] of wanted.entries()) compare((actual as unknown[])[index], item, `${path}[${index}]`);
      } else expect(actual, path).toBe(wanted);
      return;
    }
    const { $array, $bigint, $float, $bytes } = wanted as Record<string, string | undefined>;
    if ($array !== undefined) {
      const isMark = isRecord(actual) && "$payload" in actual;
      expectArray(isMark ? payload : actual, expected.arrays[$array] as ExpectedArray, path);
      seen.add($array);
    } else if ($bigint !== undefined) expect(actual, path).toBe(BigInt($bigint));
    else if ($float !== undefined) expect(actual, path).toBe(Number($float));
    else if ($bytes !== undefined) expect(Buffer.from(actual as Uint8Array).toString("base64"), path).toBe($bytes);
    else {
      expect(Object.keys(actual as object).sort(), path).toEqual(Object.keys(wanted).sort());
      for (const [key, item] of Object.entries(wanted)) {
        compare((actual as typeof wanted)[key], item, `${path}.${key}`);
      }
    }
  };
  const content = message.type === "event" ? message.metadata : message.data;
  compare(content, { ...expected.metadata, ...more }, message.type);
  const { data } = expected.arrays;
  if (data !== undefined && !seen.has("data")) {
    expectArray(payload, data, "payload");
    seen.add("data");
  }
  expect([...seen].sort()).toEqual(Object.keys(expected.arrays).sort());
}

type ExpectedArray = Expected["arrays"][string];

function expectArray(value: unknown, wanted: ExpectedArray, path: string): void {
  expect(isNdArray(value), `${path} is an array`).toBe(true);
  const array = value as NdArray<DType>;
  expect([array.dtype, array.shape], path).toEqual([wanted.dtype, wanted.shape]);
  expect(createHash("sha256").update(bytesOf(array)).digest("hex"), path).toBe(wanted.sha256);
  const first = Array.from(array.data as Iterable<number | bigint>).slice(0, 8);
  for (const [index, element] of first.entries()) {
    if (array.dtype === "float16") continue;
    const tagged = wanted.first[index];
    const { $bigint, $float } = (isRecord(tagged) ? tagged : {}) as Record<string, string | undefined>;
    if ($bigint !== undefined) expect(element, path).toBe(BigInt($bigint));
    else if ($float !== undefined) expect(element, path).toBe(Number($float));
    else expect(array.dtype === "bool" ? element !== 0 : Number(element), path).toBe(tagged);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isNdArray(value);
}
