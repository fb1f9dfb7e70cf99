import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";
import { RejectedError } from "../../src/errors.ts";
import type { Codec } from "../../src/message/codec.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { AnyMessage } from "../../src/message/message.ts";
import { isNdArray } from "../../src/message/ndarray.ts";
import { mutated } from "../corpus/mutations.ts";
import { MUTATIONS, SEED, Seeded } from "../corpus/seeded.ts";

type Frames = readonly Uint8Array[];

const ALLOWED_GROWTH = 24 * 1024 * 1024;

/** Reads a message that may be anything, and touches all of it; tells whether it was taken. */
export function isTaken(read: ReturnType<Codec["reader"]>, frames: Frames): boolean {
  try {
    for (const { message } of read(frames)) touch(message);
    return true;
  } catch (error) {
    if (error instanceof RejectedError) {
      expect(error.reason).toMatch(/^[ -~]{1,400}$/);
      return false;
    }
    throw new Error(`not a RejectedError, for ${inBase64(frames)}: ${String(error)}`, { cause: error });
  }
}

/** Expects a message to be refused, for a reason. */
export function expectRejected(codec: Codec, frames: Frames, reason?: RegExp | string): void {
  const read = codec.reader(DEFAULT_LIMITS);
  let thrown: unknown;
  try {
    for (const { message } of read(frames)) touch(message);
  } catch (error) {
    thrown = error;
  }
  expect(thrown, "a message that is refused").toBeInstanceOf(RejectedError);
  if (reason !== undefined) expect((thrown as RejectedError).reason).toMatch(reason);
}

/** Damages good messages again and again: each is taken or rejected, nothing else, and nothing is kept of them. */
export function survive(codec: Codec, messages: readonly Frames[]): void {
  const random = new Seeded(SEED);
  const read = codec.reader(DEFAULT_LIMITS);
  let taken = 0;
  const round = (times: number): void => {
    for (let index = 0; index < times; index += 1) {
      if (isTaken(read, mutated(random.pick(messages), random))) taken += 1;
    }
  };
  round(MUTATIONS / 10);
  const before = memory();
  round(MUTATIONS);
  expect(memory() - before, "bytes kept after all messages were read").toBeLessThan(ALLOWED_GROWTH);
  expect(taken, "messages that were harmless").toBeGreaterThan(0);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
}

/** Reads what is only made when it is looked at. */
function touch(message: AnyMessage): void {
  visit(message.envelope);
  if (message.type === "event") for (const part of [message.metadata, message.payload]) visit(part);
  else for (const part of [message.data, message.run]) visit(part);
}

function visit(value: unknown): void {
  if (isNdArray(value)) {
    expect(value.data.length).toBe(value.shape.reduce((product, length) => product * length, 1));
  } else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    if (Object.hasOwn(value, "__proto__")) throw new Error("a key __proto__ was let through");
    for (const item of Object.values(value)) visit(item);
  }
}

function memory(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What the first one finds unused of array buffers is counted until the second one has waited for the sweeper.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function inBase64(frames: Frames): string {
  return frames.map((frame) => Buffer.from(frame).toString("base64")).join(" ");
}
