import type { SentRecord } from "./client.ts";
import { bytesOf } from "./record-encoding.ts";

/** What a record costs beside key, value and headers. */
const RECORD_BYTES = 70;
const MAX_RECORDS = 5_000;

/** Divides records into requests, in order: of no partition more than so many bytes in one, unless a record is alone. */
export function requestsOf(records: readonly SentRecord[], maxBatchBytes: number): readonly (readonly SentRecord[])[] {
  const requests: SentRecord[][] = [];
  let request: SentRecord[] = [];
  let bytes = new Map<number, number>();
  for (const record of records) {
    const size = sizeOf(record);
    const before = bytes.get(record.partition) ?? 0;
    if ((before > 0 && before + size > maxBatchBytes) || request.length === MAX_RECORDS) {
      requests.push(request);
      request = [];
      bytes = new Map();
    }
    request.push(record);
    bytes.set(record.partition, (bytes.get(record.partition) ?? 0) + size);
  }
  if (request.length > 0) requests.push(request);
  return requests;
}

/** Gives about how many bytes a record takes in a batch, rather too many than too few. */
export function sizeOf({ key, value, headers }: SentRecord): number {
  let bytes = RECORD_BYTES + bytesOf(value) + (key === null ? 0 : Buffer.byteLength(key));
  if (headers === undefined) return bytes;
  for (const [name, values] of Object.entries(headers)) {
    for (const one of Array.isArray(values) ? values : [values]) {
      bytes += 10 + Buffer.byteLength(name) + Buffer.byteLength(one);
    }
  }
  return bytes;
}
