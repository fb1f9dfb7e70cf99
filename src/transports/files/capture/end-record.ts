import { headerBytesOf } from "./record.ts";

const BODY_BYTES = 32;
/** Bytes of the record that closes a segment: the last ones of its file. */
export const END_RECORD_BYTES: number = headerBytesOf(1) + BODY_BYTES;

/** Stands at the very end of a closed segment and leads to its index. */
export interface EndRecord {
  /** Where the record with the index begins: the end of the messages. */
  readonly indexAt: number;
  readonly messages: number;
  readonly firstMs: number;
  readonly latestMs: number;
}

/** Makes the only frame of an end record. */
export function encodeEnd({ indexAt, messages, firstMs, latestMs }: EndRecord): Uint8Array {
  const bytes = Buffer.alloc(BODY_BYTES);
  bytes.writeBigUInt64LE(BigInt(indexAt), 0);
  bytes.writeUInt32LE(messages, 8);
  bytes.writeDoubleLE(firstMs, 16);
  bytes.writeDoubleLE(latestMs, 24);
  return bytes;
}

/** Reads the frame of an end record; undefined where it is none. */
export function decodeEnd(given: Uint8Array): EndRecord | undefined {
  if (given.length !== BODY_BYTES) return undefined;
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const indexAt = bytes.readBigUInt64LE(0);
  if (indexAt > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    indexAt: Number(indexAt),
    messages: bytes.readUInt32LE(8),
    firstMs: bytes.readDoubleLE(16),
    latestMs: bytes.readDoubleLE(24),
  };
}
