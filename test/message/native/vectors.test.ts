import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { only, reader } from "./samples.ts";
import { taggedDecoded } from "./tagged.ts";

interface Vector {
  readonly name: string;
  readonly frames: readonly string[];
  /** What a reader must give. */
  readonly expect?: unknown;
  /** A part of the reason for which a reader must refuse it. */
  readonly rejected?: string;
}

const folder = new URL("../../vectors/arroyo-1/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
const vectors = files.flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Vector[]);

/** The folder holds data that were written by released versions: a reader of any later version must take them. */
describe("vectors of arroyo/1", () => {
  const sound = vectors.filter((vector) => vector.expect !== undefined);
  const refused = vectors.filter((vector) => vector.rejected !== undefined);

  test("the folder - has them", () => {
    expect([sound.length, refused.length]).toEqual([18, 6]);
  });

  test.each(sound)("$name - reads as it always did", ({ frames, expect: wanted }) => {
    expect(taggedDecoded(reader()(frames.map((frame) => Buffer.from(frame, "base64"))))).toEqual(wanted);
  });

  test.each(refused)("$name - is refused", ({ frames, rejected }) => {
    const bytes = frames.map((frame) => Buffer.from(frame, "base64"));
    expect(() => reader()(bytes)).toThrow(RejectedError);
    expect(() => reader()(bytes)).toThrow(rejected);
  });

  test.each(sound)("$name - is passed on with its maps as they came", ({ frames }) => {
    const bytes = frames.map((frame) => Buffer.from(frame, "base64"));
    const { message, control } = reader()(bytes);
    if (message.type !== "event" || control === true) return;
    const header = bytes.find((frame) => frame.subarray(0, 3).toString() === "AYO") as Buffer;
    const end = 40 + header.readUInt32LE(32);
    const sent = only(nativeCodec.writer()(message))[0] as Uint8Array;
    expect(Buffer.from(sent.subarray(40)).toString("hex")).toBe(header.subarray(40, end).toString("hex"));
  });
});
