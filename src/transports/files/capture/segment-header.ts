import { bytesChecksum } from "./checksum.ts";

/** Bytes of one copy of a segment's header; there are two, one after the other. */
export const HEADER_COPY_BYTES = 1_024;
/** Where the records of a segment begin. */
export const FIRST_RECORD: number = 2 * HEADER_COPY_BYTES;
/** The version that is written; a reader takes every one with the same first number. */
export const VERSION: Readonly<Record<"major" | "minor", number>> = Object.freeze({ major: 1, minor: 0 });

// As in PNG: a byte beyond ASCII, a name, and ends of lines that a transfer as text would change.
const MAGIC = Uint8Array.of(0x89, 0x41, 0x59, 0x43, 0x41, 0x50, 0x0d, 0x0a);
const FIXED_BYTES = 64;
const MAX_FACTS_BYTES = HEADER_COPY_BYTES - FIXED_BYTES;
/** Longer names are cut: the facts fit also when each character takes six bytes. */
const MAX_CHARACTERS = Object.freeze({ codec: 32, stream: 80, madeBy: 32 });

/** Says in words what a capture holds. */
export interface CaptureFacts {
  /** The name of the codec that reads the frames; "raw" where it is not known. */
  readonly codec: string;
  /** The name of the stream, where it has one. */
  readonly stream: string;
  /** The program that wrote it. */
  readonly madeBy: string;
}

/** Stands at the beginning of each segment. */
export interface SegmentHeader {
  /** The random id that all segments of a capture have in common, in hexadecimal digits. */
  readonly capture: string;
  /** Counts the segments from 1. */
  readonly number: number;
  /** Begins the checksums of the headers of records. */
  readonly seed: number;
  /** Messages in the segments before this one. */
  readonly base: number;
  readonly createdMs: number;
  readonly facts: CaptureFacts;
}

/** Makes the bytes that stand before the records: the header, twice. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = Buffer.alloc(FIRST_RECORD);
  const facts = factBytes(header.facts);
  bytes.set(MAGIC);
  bytes.writeUInt16LE(VERSION.major, 8);
  bytes.writeUInt16LE(VERSION.minor, 10);
  bytes.writeUInt32LE(HEADER_COPY_BYTES, 12);
  bytes.write(header.capture, 16, "hex");
  bytes.writeUInt32LE(header.number, 32);
  bytes.writeUInt32LE(header.seed, 36);
  bytes.writeBigUInt64LE(BigInt(header.base), 40);
  bytes.writeDoubleLE(header.createdMs, 48);
  bytes.writeUInt32LE(facts.length, 56);
  bytes.set(facts, FIXED_BYTES);
  bytes.writeUInt32LE(checksum(bytes, facts.length), 60);
  bytes.copy(bytes, HEADER_COPY_BYTES, 0, HEADER_COPY_BYTES);
  return bytes;
}

/** What stands before the records of a file, or why it cannot be used. */
export type ReadSegmentHeader =
  | { readonly is: "whole"; readonly header: SegmentHeader; readonly damagedAt: number | undefined }
  | { readonly is: "short" | "foreign" | "damaged" | "newer" };

/** Reads the header of a file from its first bytes; the second copy stands in where the first is damaged. */
export function decodeSegmentHeader(bytes: Uint8Array): ReadSegmentHeader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = decodeCopy(buffer.subarray(0, HEADER_COPY_BYTES));
  if (typeof first === "object") return { is: "whole", header: first, damagedAt: undefined };
  if (first === "newer") return { is: "newer" };
  const second = decodeCopy(buffer.subarray(HEADER_COPY_BYTES, FIRST_RECORD));
  if (typeof second === "object") return { is: "whole", header: second, damagedAt: 0 };
  if (buffer.length < HEADER_COPY_BYTES) {
    const begins = MAGIC.subarray(0, buffer.length);
    return { is: Buffer.compare(buffer.subarray(0, MAGIC.length), begins) === 0 ? "short" : "foreign" };
  }
  return { is: first === "damaged" || second === "damaged" ? "damaged" : "foreign" };
}

function decodeCopy(bytes: Buffer): SegmentHeader | "foreign" | "damaged" | "newer" {
  if (bytes.length < HEADER_COPY_BYTES || Buffer.compare(bytes.subarray(0, MAGIC.length), MAGIC) !== 0)
    return "foreign";
  const factsLength = bytes.readUInt32LE(56);
  if (factsLength > MAX_FACTS_BYTES || checksum(bytes, factsLength) !== bytes.readUInt32LE(60)) return "damaged";
  if (bytes.readUInt16LE(8) !== VERSION.major) return "newer";
  const base = bytes.readBigUInt64LE(40);
  if (base > BigInt(Number.MAX_SAFE_INTEGER)) return "damaged";
  return {
    capture: bytes.toString("hex", 16, 32),
    number: bytes.readUInt32LE(32),
    seed: bytes.readUInt32LE(36),
    base: Number(base),
    createdMs: bytes.readDoubleLE(48),
    facts: decodeFacts(bytes.toString("utf8", FIXED_BYTES, FIXED_BYTES + factsLength)),
  };
}

function checksum(bytes: Buffer, factsLength: number): number {
  return bytesChecksum(bytes.subarray(FIXED_BYTES, FIXED_BYTES + factsLength), bytesChecksum(bytes.subarray(0, 60)));
}

function factBytes({ codec, stream, madeBy }: CaptureFacts): Buffer {
  const cut = (name: keyof CaptureFacts, value: string): string => value.slice(0, MAX_CHARACTERS[name]);
  return Buffer.from(
    JSON.stringify({ codec: cut("codec", codec), stream: cut("stream", stream), madeBy: cut("madeBy", madeBy) }),
  );
}

/** Facts are words for people: what is missing or of another type is left empty. */
function decodeFacts(json: string): CaptureFacts {
  let facts: Map<string, unknown> = new Map();
  try {
    facts = new Map(Object.entries(Object(JSON.parse(json))));
  } catch {
    // Its checksum is right, so somebody wrote this; the messages are no worse for it.
  }
  const of = (name: string): string => {
    const value = facts.get(name);
    return typeof value === "string" ? value : "";
  };
  return { codec: of("codec"), stream: of("stream"), madeBy: of("madeBy") };
}
