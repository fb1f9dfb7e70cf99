import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { arroyopyCodec } from "../../src/formats/arroyopy/index.ts";
import { arroyosasCodec } from "../../src/formats/arroyosas/index.ts";
import type { Codec, Decoded } from "../../src/message/codec.ts";
import { nativeCodec } from "../../src/message/native/native-codec.ts";
import { PRELUDE } from "../../src/message/native/prelude.ts";
import { isNdArray } from "../../src/message/ndarray.ts";
import { read } from "./vectors.ts";
import { write } from "./wire.ts";

/** Is one message that Python made, with what Python says is in it. */
interface PythonVector {
  readonly format: string;
  readonly producedBy: string;
  readonly name: string;
  readonly frames: readonly string[];
  readonly expect: {
    readonly type: "start" | "event" | "stop" | "control";
    readonly run?: string | null;
    readonly sequence?: number;
    readonly topic?: string;
    readonly copy?: boolean;
    readonly sent?: readonly object[];
    readonly reason?: string;
    readonly content: object;
    readonly envelope?: object;
    readonly array?: { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string };
    readonly bytes?: string;
  };
}

const folder = new URL("../vectors/python-peers/", import.meta.url);
const vectors = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"), reviveBytes) as PythonVector);

function reviveBytes(_: string, value: unknown): unknown {
  const bytes = (value as { $bytes?: string } | null)?.$bytes;
  return bytes === undefined ? value : new Uint8Array(Buffer.from(bytes, "base64"));
}

function framesOf({ frames }: Pick<PythonVector, "frames">): readonly Uint8Array[] {
  return frames.map((frame) => Buffer.from(frame, "base64"));
}

function check({ message, sequence, control, hop }: Decoded, wanted: PythonVector["expect"]): void {
  expect(control === true ? "control" : message.type).toBe(wanted.type);
  expect(sequence).toBe(wanted.sequence);
  if (typeof wanted.run === "string") expect(message.run).toBe(wanted.run);
  expect(message.type === "event" ? message.metadata : message.data).toMatchObject(wanted.content);
  expect(message.envelope).toMatchObject(wanted.envelope ?? {});
  if (message.type === "stop") expect(message.reason).toBe(wanted.reason ?? "completed");
  if (message.type === "start")
    expect([message.resumed, hop?.copy === true]).toEqual(Array(2).fill(wanted.copy === true));
  if (wanted.topic !== undefined) expect(hop?.topic).toBe(wanted.topic);
  if (wanted.sent !== undefined) expect(hop?.sent).toEqual(wanted.sent);
  if (message.type !== "event" || control === true) return;
  const { payload } = message;
  if (!isNdArray(payload)) {
    expect(Buffer.from(payload).toString("base64")).toBe(wanted.bytes);
    return;
  }
  const { buffer, byteOffset, byteLength } = payload.data;
  const elements = new Uint8Array(buffer, byteOffset, byteLength);
  const sha256 = createHash("sha256").update(elements).digest("hex");
  expect({ dtype: payload.dtype, shape: payload.shape, sha256 }).toEqual(wanted.array);
}

/** Decodes the messages of a form, and looks at what is written of each of them again. */
function formTests(codec: Codec, written: (frames: readonly Uint8Array[], vector: PythonVector) => void): void {
  const own = vectors.filter(({ format }) => format === codec.name);
  expect(own.length).toBeGreaterThan(0);
  for (const vector of own) {
    test(`${vector.name}, ${vector.producedBy}`, () => {
      const decoded = read(codec, framesOf(vector));
      check(decoded, vector.expect);
      if (decoded.control !== true) written(write(codec, decoded.message), vector);
    });
  }
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");

describe("arroyosas, as a publisher of arroyopy sends it - decoded, and written with the same bytes", () => {
  formTests(arroyosasCodec, (frames, vector) => expect(frames.map(hex)).toEqual(framesOf(vector).map(hex)));
});

describe("msgpack-numpy, as a publisher of arroyopy sends it - decoded, and written with the same bytes", () => {
  formTests(arroyopyCodec, (frames, vector) => {
    // Big-endian elements are turned round: their bytes and the letter of their type differ.
    if (!vector.name.endsWith("big-endian")) expect(frames.map(hex)).toEqual(framesOf(vector).map(hex));
  });
});

describe("arroyo/1, as examples/python/arroyo_wire.py writes it - decoded, and passed on with the same maps", () => {
  formTests(nativeCodec, ([header, payload], vector) => {
    const { type, topic } = vector.expect;
    if (type !== "event") return;
    // Header and payload may be one body, or two frames.
    const theirs = Buffer.concat(framesOf(vector).slice(topic === undefined ? 0 : 1)).subarray(PRELUDE);
    expect(hex(header?.subarray(PRELUDE)) + hex(payload)).toBe(hex(theirs));
  });
});
