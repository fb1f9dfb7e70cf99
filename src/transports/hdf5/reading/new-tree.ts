import { RejectedError } from "../../../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import type { StoredFile } from "./stored-file.ts";

const NODE_BYTES = 10;
const MAX_DEPTH = 16;

interface Level {
  /** Bytes in which the records below a child are counted. */
  readonly totalBytes: number;
}

/** Reads all records of a B-tree of version 2, in order; at most so many. */
export async function readRecords(file: StoredFile, address: number, maxRecords: number): Promise<readonly Buffer[]> {
  const head = new ByteReader(await file.part(address, 38)).expect("BTHD");
  head.version("a tree", [0]);
  head.skip(1);
  const nodeBytes = head.u32();
  const recordBytes = head.u16();
  const depth = head.u16();
  head.skip(2);
  const root = head.address();
  const rootRecords = head.u16();
  const total = head.size();
  if (total > maxRecords || depth > MAX_DEPTH || recordBytes === 0) {
    throw new RejectedError(`hdf5: a tree of ${total} entries is too large here; at most ${maxRecords} are read`);
  }
  if (root === undefined) return [];
  const countBytes = bytesFor((nodeBytes - NODE_BYTES) / recordBytes);
  const levels = levelsOf(nodeBytes, recordBytes, depth, countBytes);
  const records: Buffer[] = [];
  const read = async (at: number, count: number, level: number): Promise<void> => {
    const node = new ByteReader(await file.part(at, nodeBytes)).expect(level === 0 ? "BTLF" : "BTIN").skip(2);
    const own = Array.from({ length: count }, () => Buffer.from(node.bytes(recordBytes)));
    if (records.length + count > maxRecords) throw new RejectedError("hdf5: a tree has more entries than it says");
    if (level === 0) {
      records.push(...own);
      return;
    }
    for (let child = 0; child <= count; child += 1) {
      const place = node.place();
      const inChild = node.size(countBytes);
      if (level > 1) node.skip((levels[level - 1] as Level).totalBytes);
      await read(place, inChild, level - 1);
      const record = own[child];
      if (record !== undefined) records.push(record);
      if (records.length > total) throw new RejectedError("hdf5: a tree has more entries than it says");
    }
  };
  await read(root, rootRecords, depth);
  return records;
}

/** Computes what follows from the sizes of nodes and records, as their writers do. */
function levelsOf(nodeBytes: number, recordBytes: number, depth: number, countBytes: number): readonly Level[] {
  let most = Math.floor((nodeBytes - NODE_BYTES) / recordBytes);
  const levels: Level[] = [{ totalBytes: 0 }];
  for (let level = 1; level <= depth; level += 1) {
    const pointer = 8 + countBytes + (levels[level - 1] as Level).totalBytes;
    const own = Math.floor((nodeBytes - NODE_BYTES - pointer) / (recordBytes + pointer));
    most = (own + 1) * most + own;
    levels.push({ totalBytes: bytesFor(most) });
  }
  return levels;
}

function bytesFor(most: number): number {
  return Math.floor(Math.log2(Math.max(1, Math.floor(most))) / 8) + 1;
}
