import { expect } from "vitest";
import type { Codec, Decoded } from "../../src/message/codec.ts";
import type { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { AnyMessage } from "../../src/message/message.ts";
import { decode, Packer } from "../../src/message/msgpack/index.ts";
import { type DType, isNdArray, type NdArray } from "../../src/message/ndarray.ts";

/** Writes a message with a writer of its own; it must be one wire message. */
export function write(codec: Codec, message: AnyMessage): readonly Uint8Array[] {
  const wire = codec.writer()(message);
  expect(wire).toHaveLength(1);
  return wire[0] as readonly Uint8Array[];
}

/** Packs a document as Python would. */
export function packed(document: unknown): Uint8Array {
  const packer = new Packer();
  packer.reset();
  packer.value(document, "document");
  return packer.finish();
}

/** Reads what was packed, as it stands on the wire. */
export function unpacked(frame: Uint8Array | undefined): Record<string, unknown> {
  const bytes = new Uint8Array(frame ?? []);
  return decode(bytes, 0, bytes.length, { maxDepth: 64, binaryKeys: true }) as Record<string, unknown>;
}

/** Reads several messages with one reader. */
export function readAll(codec: Codec, messages: readonly (readonly Uint8Array[])[]): readonly Decoded[] {
  const read = codec.reader(DEFAULT_LIMITS);
  return messages.flatMap((frames) => read(frames));
}

/** Gives an event of what was read; by default the last. */
export function eventAt(decoded: readonly Decoded[], index = -1): Event {
  const message = decoded.at(index)?.message;
  expect(message?.type).toBe("event");
  return message as Event;
}

/** Gives an array that must be one. */
export function arrayAt(value: unknown): NdArray<DType> {
  expect(isNdArray(value)).toBe(true);
  return value as NdArray<DType>;
}
