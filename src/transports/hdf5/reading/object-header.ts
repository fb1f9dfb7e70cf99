import { RejectedError } from "../../../errors.ts";
import { lookup3 } from "../format/lookup3.ts";
import { MESSAGE } from "../format/message-types.ts";
import { ByteReader } from "./byte-reader.ts";
import type { StoredFile } from "./stored-file.ts";

/** Is one message of an object. */
export interface StoredMessage {
  readonly type: number;
  readonly body: Buffer;
}

const MAX_MESSAGES = 20_000;
const MAX_CONTINUATIONS = 1_000;
const SHARED = 2;

/** Reads the messages that describe the object at an address. */
export async function readMessages(file: StoredFile, address: number): Promise<readonly StoredMessage[]> {
  const [first] = await file.part(address, 1);
  return first === 0x4f ? readNew(file, address) : readOld(file, address);
}

/** Gives the message of a kind, where there is one. */
export function messageOf(messages: readonly StoredMessage[], type: number): Buffer | undefined {
  return messages.find((message) => message.type === type)?.body;
}

interface Piece {
  readonly at: number;
  readonly length: number;
}

async function readOld(file: StoredFile, address: number): Promise<readonly StoredMessage[]> {
  const reader = new ByteReader(await file.part(address, 16));
  reader.version("an object header", [1]);
  reader.skip(7);
  const pieces: Piece[] = [{ at: address + 16, length: reader.u32() }];
  const messages: StoredMessage[] = [];
  for (let index = 0; index < pieces.length; index += 1) {
    const { at, length } = pieces[index] as Piece;
    const piece = new ByteReader(await file.part(at, length));
    while (piece.left >= 8) {
      const type = piece.u16();
      const size = piece.u16();
      const flags = piece.u8();
      take(messages, pieces, type, flags, piece.skip(3).bytes(size));
    }
  }
  return messages;
}

async function readNew(file: StoredFile, address: number): Promise<readonly StoredMessage[]> {
  const prefix = new ByteReader(await file.part(address, 6)).expect("OHDR");
  prefix.version("an object header", [2]);
  const flags = prefix.u8();
  const sizeBytes = 1 << (flags & 3);
  const before = 6 + ((flags & 0x20) === 0 ? 0 : 16) + ((flags & 0x10) === 0 ? 0 : 4);
  const head = new ByteReader(await file.part(address, before + sizeBytes)).skip(before);
  const length = head.size(sizeBytes);
  const pieces: Piece[] = [{ at: address, length: before + sizeBytes + length + 4 }];
  const messages: StoredMessage[] = [];
  for (let index = 0; index < pieces.length; index += 1) {
    const { at, length: whole } = pieces[index] as Piece;
    if (whole < 8) throw new RejectedError("hdf5: an object header is too short; the file is damaged");
    const bytes = await file.part(at, whole);
    if (lookup3(bytes.subarray(0, -4)) !== bytes.readUInt32LE(whole - 4)) {
      throw new RejectedError("hdf5: the checksum of an object header is wrong; the file is damaged");
    }
    const piece = new ByteReader(bytes.subarray(0, -4));
    if (index === 0) piece.skip(before + sizeBytes);
    else piece.expect("OCHK");
    while (piece.left >= ((flags & 4) === 0 ? 4 : 6)) {
      const type = piece.u8();
      const size = piece.u16();
      const messageFlags = piece.u8();
      if ((flags & 4) !== 0) piece.skip(2);
      take(messages, pieces, type, messageFlags, piece.bytes(size));
    }
  }
  return messages;
}

function take(messages: StoredMessage[], pieces: Piece[], type: number, flags: number, body: Buffer): void {
  if (type === MESSAGE.nil) return;
  if (type === MESSAGE.continuation) {
    const reader = new ByteReader(body);
    if (pieces.length > MAX_CONTINUATIONS) throw new RejectedError("hdf5: an object header has no end");
    pieces.push({ at: reader.place(), length: reader.size() });
    return;
  }
  if (messages.length >= MAX_MESSAGES) throw new RejectedError(`hdf5: an object has more than ${MAX_MESSAGES} parts`);
  if ((flags & SHARED) !== 0) {
    // An attribute that borrows its type is left out; nothing else can be understood without.
    if (type === MESSAGE.attribute) return;
    throw new RejectedError("hdf5: a part that objects share is not known here; h5repack can write another");
  }
  // A copy, which keeps no page alive.
  messages.push({ type, body: Buffer.from(body) });
}
