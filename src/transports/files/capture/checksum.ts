import { crc32 } from "node:zlib";

/** Four tables, so that four bytes are taken at a time. */
const TABLE = tables();

/** Makes the CRC-32 of a few words; a call of the native one costs more than this for what is as short as a header. */
export function wordsChecksum(view: DataView, from: number, to: number, seed: number): number {
  let crc = ~seed;
  for (let at = from; at < to; at += 4) {
    crc ^= view.getUint32(at, true);
    crc =
      (TABLE[768 + (crc & 255)] as number) ^
      (TABLE[512 + ((crc >>> 8) & 255)] as number) ^
      (TABLE[256 + ((crc >>> 16) & 255)] as number) ^
      (TABLE[crc >>> 24] as number);
  }
  return ~crc >>> 0;
}

/** Makes the CRC-32 of bytes, going on from that of the bytes before them. */
export function bytesChecksum(bytes: Uint8Array, before = 0): number {
  return crc32(bytes, before);
}

function tables(): Uint32Array {
  const table = new Uint32Array(4 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at += 1) {
    const before = table[at - 256] as number;
    table[at] = (table[before & 255] as number) ^ (before >>> 8);
  }
  return table;
}
