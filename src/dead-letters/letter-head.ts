import { crc32 } from "node:zlib";
import { text, UsageError } from "../errors.ts";
import type { Origin } from "../message/envelope.ts";
import type { DeadLetter, FailedStep, LetterError, LetterFacts } from "./dead-letter.ts";

const FORMAT = "arroyojs-dead-letter/1";
const STEPS: readonly unknown[] = ["decode", "process", "publish"] satisfies FailedStep[];

/** How long the head of a letter may be when it is read. */
export const MAX_HEAD_BYTES: number = 16 * 1024 * 1024;

/** Is the first line of a letter's file. */
export interface LetterHead {
  readonly facts: LetterFacts;
  /** The lengths of the frames, which follow the head without anything between them. */
  readonly frameBytes: readonly number[];
  /** The checksum that the file claims. */
  readonly checksum: string;
  /** What the checksum covers of the head. */
  readonly covered: Uint8Array;
}

/** Writes the head: one line of JSON, which ends with a checksum over the rest of it and the frames. */
export function encodeHead(letter: DeadLetter): Uint8Array {
  const { frames } = letter;
  const frameBytes = frames.map(({ byteLength }) => byteLength);
  const json = JSON.stringify({ format: FORMAT, ...checkedFacts(letter), frameBytes });
  return Buffer.from(`${json.slice(0, -1)},"crc32":"${checksum(Buffer.from(json), frames)}"}\n`);
}

/** Reads a head without its line end; throws an error that says what is wrong. */
export function decodeHead(line: Uint8Array): LetterHead {
  const written = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("utf8");
  const [, covered, claimed] =
    /^(\{"format":"arroyojs-dead-letter\/1",.*),"crc32":"([0-9a-f]{8})"\}$/s.exec(written) ?? [];
  if (covered === undefined || claimed === undefined) throw new Error("it does not begin as a dead letter");
  const fields = record(JSON.parse(`${covered}}`), "the head");
  const { frameBytes } = fields;
  if (!Array.isArray(frameBytes) || !frameBytes.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new Error("its lengths are no lengths");
  }
  return { facts: factsOf(fields), frameBytes, checksum: claimed, covered: Buffer.from(`${covered}}`) };
}

/** Makes the checksum over a head, without the checksum itself, and the frames. */
export function checksum(covered: Uint8Array, frames: readonly Uint8Array[]): string {
  let crc = crc32(covered);
  for (const frame of frames) crc = crc32(frame, crc);
  return crc.toString(16).padStart(8, "0");
}

function checkedFacts(letter: DeadLetter): LetterFacts {
  try {
    return factsOf({ ...letter });
  } catch (error) {
    throw new UsageError(`dead letters: this cannot be kept: ${text(error)}`, { cause: error });
  }
}

function factsOf(fields: Record<string, unknown>): LetterFacts {
  const { step } = fields;
  if (!STEPS.includes(step)) throw new Error("its step is none");
  return {
    id: string(fields, "id"),
    codec: string(fields, "codec"),
    block: string(fields, "block"),
    ...optional(fields, "listener"),
    ...optional(fields, "run"),
    ...optional(fields, "stream"),
    ...(fields.origin === undefined ? {} : { origin: originOf(record(fields.origin, "its origin")) }),
    step: step as FailedStep,
    error: errorOf(record(fields.error, "its error")),
    attempt: number(fields, "attempt"),
    timeMs: number(fields, "timeMs"),
  };
}

function originOf(fields: Record<string, unknown>): Origin {
  return {
    stream: string(fields, "stream"),
    partition: string(fields, "partition"),
    sequence: number(fields, "sequence"),
  };
}

function errorOf(fields: Record<string, unknown>): LetterError {
  return {
    name: string(fields, "name"),
    ...optional(fields, "code"),
    message: string(fields, "message"),
    ...optional(fields, "stack"),
  };
}

function record(value: unknown, subject: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${subject} is no object`);
  return value as Record<string, unknown>;
}

function string(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new Error(`its ${name} is no text`);
  return value;
}

function number(fields: Record<string, unknown>, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`its ${name} is no number`);
  return value;
}

function optional<N extends string>(fields: Record<string, unknown>, name: N): { readonly [K in N]?: string } {
  return fields[name] === undefined ? {} : ({ [name]: string(fields, name) } as { readonly [K in N]?: string });
}
