import { expect, test } from "vitest";
import type { Codec } from "../../src/message/codec.ts";
import { HOSTILE_MESSAGES, HOSTILE_MSGPACK } from "../corpus/hostile-payloads.ts";
import { SEED } from "../corpus/seeded.ts";
import { expectRejected, survive } from "./hostility.ts";
import { expectDecoded, goodVectors, read, vectorsOf } from "./vectors.ts";

/** Reads every vector of a format; hostile ones are refused for the reasons given by name. */
export function vectorTests(codec: Codec, reasons: Readonly<Record<string, RegExp>>): void {
  for (const vector of vectorsOf(codec.name)) {
    test(vector.name, () => {
      if ("kind" in vector.expect) expectDecoded(read(codec, vector.frames), vector.expect);
      else expectRejected(codec, vector.frames, reasons[vector.name] as RegExp);
    });
  }

  test("a reason is known for each hostile vector", () => {
    const hostile = vectorsOf(codec.name).filter(({ expect }) => "rejected" in expect);
    expect(Object.keys(reasons).sort()).toEqual(hostile.map(({ name }) => name).sort());
  });
}

/** Feeds everything of the shared corpus to a format. */
export function hostilityTests(codec: Codec): void {
  for (const { name, bytes } of HOSTILE_MESSAGES) {
    test(`as the message: ${name}`, () => expectRejected(codec, [bytes]));
  }
  for (const { name, bytes } of HOSTILE_MSGPACK) {
    test(`as a field: ${name}`, () => {
      // { "msg_type": "start", "x": ... }
      const start = Buffer.concat([Buffer.from("82a86d73675f74797065a57374617274a178", "hex"), bytes]);
      expectRejected(codec, [start]);
    });
  }
  test(`damaged messages are taken or rejected (seed ${SEED})`, () => {
    survive(
      codec,
      goodVectors(codec.name).map(({ frames }) => frames),
    );
  });
}
