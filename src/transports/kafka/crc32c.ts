/** The polynomial of Castagnoli, as Kafka has it in its batches. */
const POLYNOMIAL = 0x82f63b78;
/** Eight tables, so that eight bytes are taken at a time. */
const TABLES = tables();
const WORTH_TABLES = 32;
const IS_LITTLE = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Makes the CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = -1;
  let at = 0;
  const table = TABLES;
  if (IS_LITTLE && bytes.length >= WORTH_TABLES) {
    while (((bytes.byteOffset + at) & 3) !== 0) {
      crc = (table[(crc ^ (bytes[at] as number)) & 255] as number) ^ (crc >>> 8);
      at += 1;
    }
    const pairs = (bytes.length - at) >>> 3;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, pairs * 2);
    for (let word = 0; word < words.length; word += 2) {
      const low = crc ^ (words[word] as number);
      const high = words[word + 1] as number;
      crc =
        (table[1792 + (low & 255)] as number) ^
        (table[1536 + ((low >>> 8) & 255)] as number) ^
        (table[1280 + ((low >>> 16) & 255)] as number) ^
        (table[1024 + (low >>> 24)] as number) ^
        (table[768 + (high & 255)] as number) ^
        (table[512 + ((high >>> 8) & 255)] as number) ^
        (table[256 + ((high >>> 16) & 255)] as number) ^
        (table[high >>> 24] as number);
    }
    at += pairs * 8;
  }
  for (; at < bytes.length; at += 1) crc = (table[(crc ^ (bytes[at] as number)) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function tables(): Int32Array {
  const table = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? POLYNOMIAL ^ (crc >>> 1) : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at += 1) {
    const before = table[at - 256] as number;
    table[at] = (table[before & 255] as number) ^ (before >>> 8);
  }
  return table;
}
