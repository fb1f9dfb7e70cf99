import { BytesOut } from "../format/bytes-out.ts";
import { lookup3 } from "../format/lookup3.ts";
import { MESSAGE } from "../format/message-types.ts";

/** Is one message of an object header. */
export interface HeaderMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

const PREFIX_BYTES = 10;
const CHECKSUM_BYTES = 4;
const MESSAGE_BYTES = 4;
const MAX_BODY = 0xffff;

/** Gives the bytes that an object header with these messages takes. */
export function headerBytes(messages: readonly HeaderMessage[]): number {
  let bytes = PREFIX_BYTES + CHECKSUM_BYTES;
  for (const { body } of messages) bytes += MESSAGE_BYTES + body.length;
  return bytes;
}

/** Writes an object header that fills so many bytes: what is left over is a message without meaning. */
export function writeHeader(messages: readonly HeaderMessage[], capacity: number = headerBytes(messages)): Buffer {
  const out = new BytesOut();
  // Flag 2: the size stands in 4 bytes.
  out
    .ascii("OHDR")
    .u8(2)
    .u8(2)
    .u32(capacity - PREFIX_BYTES - CHECKSUM_BYTES);
  for (const { type, body } of messages) out.u8(type).u16(body.length).u8(0).bytes(body);
  const end = capacity - CHECKSUM_BYTES;
  while (end - out.length >= MESSAGE_BYTES) {
    const body = Math.min(end - out.length - MESSAGE_BYTES, MAX_BODY);
    out.u8(MESSAGE.nil).u16(body).u8(0).zeros(body);
  }
  out.zeros(end - out.length);
  return out.u32(lookup3(out.done())).done();
}
