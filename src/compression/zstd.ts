import { damaged } from "./zstd-bits.ts";
import { type PrefixTable, readLiterals } from "./zstd-literals.ts";
import { decodeSequences, type Memory, type Output } from "./zstd-sequences.ts";

const MAGIC = 0xfd2fb528;
const HEAD_BYTES = 5;
const BLOCK_HEAD = 3;
const MOST_BLOCK = 128 * 1024;
const CHECKSUM_BYTES = 4;

/**
 * Decodes one frame of Zstandard, which must fill the target; for a Node that has no Zstandard itself. It needs no
 * memory but for the literals of a block, whatever a frame claims. A checksum is passed over; dictionaries are refused.
 */
export function decodeZstd(bytes: Uint8Array, target: Uint8Array): void {
  const { hasChecksum, from: first } = readHead(bytes, target.length);
  const output: Output = { target, at: 0 };
  const memory: Memory = { tables: {}, offsets: [1, 4, 8] };
  let prefixes: PrefixTable | undefined;
  let from = first;
  for (let isLast = false; !isLast; ) {
    if (from + BLOCK_HEAD > bytes.length) throw damaged("it ends early");
    const head = littleEndian(bytes, from, BLOCK_HEAD);
    isLast = head % 2 === 1;
    const kind = (head >> 1) & 3;
    const size = head >> 3;
    from += BLOCK_HEAD;
    const end = from + (kind === 1 ? 1 : size);
    if (size > MOST_BLOCK || end > bytes.length) throw damaged("it ends early");
    const block = bytes.subarray(from, end);
    if (kind === 2) {
      const { literals, bytes: used, table } = readLiterals(block, prefixes);
      prefixes = table;
      decodeSequences(block.subarray(used), literals, memory, output);
    } else putPlain(kind, block, size, output);
    from = end;
  }
  if (from + (hasChecksum ? CHECKSUM_BYTES : 0) !== bytes.length) throw damaged("bytes are left over, or missing");
  if (output.at !== target.length) throw damaged("it is shorter than its size");
}

/** Puts bytes as they are, or one that is repeated. */
function putPlain(kind: number, block: Uint8Array, size: number, output: Output): void {
  const { target, at } = output;
  if (kind === 3) throw damaged("a part of it is of no known kind");
  if (at + size > target.length) throw damaged("it is longer than its size");
  if (kind === 0) target.set(block, at);
  else target.fill(block[0] as number, at, at + size);
  output.at += size;
}

function readHead(bytes: Uint8Array, size: number): { readonly hasChecksum: boolean; readonly from: number } {
  if (bytes.length < HEAD_BYTES || littleEndian(bytes, 0, 4) !== MAGIC) throw damaged("it does not begin as one");
  const flags = bytes[4] as number;
  const isSingle = (flags & 0x20) !== 0;
  if ((flags & 0x08) !== 0) throw damaged("it is of a later version");
  const idBytes = [0, 1, 2, 4][flags & 3] as number;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] as number;
  const idAt = HEAD_BYTES + (isSingle ? 0 : 1);
  const from = idAt + idBytes + sizeBytes;
  if (from > bytes.length) throw damaged("it ends early");
  if (littleEndian(bytes, idAt, idBytes) !== 0) throw damaged("it needs a dictionary");
  const claimed = littleEndian(bytes, idAt + idBytes, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  if (sizeBytes > 0 && claimed !== size) throw damaged(`it claims ${claimed} bytes, ${size} are expected`);
  return { hasChecksum: (flags & 0x04) !== 0, from };
}

function littleEndian(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let index = count - 1; index >= 0; index -= 1) value = value * 256 + (bytes[from + index] as number);
  return value;
}
