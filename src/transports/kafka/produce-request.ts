import type { SentRecord } from "./client.ts";
import { crc32c } from "./crc32c.ts";
import { earliestTime, latestTime, RecordEncoding } from "./record-encoding.ts";

/** Is a request to write, as the library has it. */
export interface ProduceRequest {
  readonly acks: number;
  readonly timeout: number;
  readonly producerId?: unknown;
  readonly producerEpoch?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number;
      readonly messages: readonly SentRecord[];
    }[];
  }[];
}

/** What stands before the records of a partition: its number, the length, and the head of the batch. */
const BATCH_HEAD = 61;
const PARTITION_HEAD = 8 + BATCH_HEAD;
/** Where in the head of a batch what the checksum covers begins. */
const CHECKED_FROM = 21;
const MAGIC = 2;

/** Encodes the body of a request to write, of versions 3 to 8, without compression: in one piece of memory. */
export function encodedProduce({ acks, timeout, topicData, ...producer }: ProduceRequest): Buffer {
  const topics = topicData.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((one) => {
      const nowMs = Date.now();
      const firstMs = earliestTime(one.messages) ?? nowMs;
      const lastMs = latestTime(one.messages) ?? nowMs;
      return { ...one, firstMs, lastMs, encoding: new RecordEncoding(one.messages, firstMs) };
    }),
  }));
  let bytes = 2 + 2 + 4 + 4;
  for (const { topic, partitions } of topics) {
    bytes += 2 + Buffer.byteLength(topic) + 4;
    for (const { encoding } of partitions) bytes += PARTITION_HEAD + encoding.bytes;
  }
  const to = Buffer.allocUnsafe(bytes);
  // No transaction.
  let at = to.writeInt16BE(-1, 0);
  at = to.writeInt16BE(acks, at);
  at = to.writeInt32BE(timeout, at);
  at = to.writeInt32BE(topics.length, at);
  for (const { topic, partitions } of topics) {
    const length = Buffer.byteLength(topic);
    at = to.writeInt16BE(length, at);
    at += to.write(topic, at, length, "utf8");
    at = to.writeInt32BE(partitions.length, at);
    for (const one of partitions) {
      const { partition, firstSequence = 0, firstMs, lastMs, messages, encoding } = one;
      at = to.writeInt32BE(partition, at);
      at = to.writeInt32BE(BATCH_HEAD + encoding.bytes, at);
      const batch = at;
      at = to.writeBigInt64BE(0n, at);
      at = to.writeInt32BE(BATCH_HEAD - 12 + encoding.bytes, at);
      at = to.writeInt32BE(0, at);
      at = to.writeInt8(MAGIC, at);
      const checksumAt = at;
      at = to.writeInt16BE(0, at + 4);
      at = to.writeInt32BE(messages.length - 1, at);
      at = to.writeBigInt64BE(BigInt(firstMs), at);
      at = to.writeBigInt64BE(BigInt(lastMs), at);
      at = to.writeBigInt64BE(BigInt(String(producer.producerId ?? -1)), at);
      at = to.writeInt16BE(producer.producerEpoch ?? 0, at);
      at = to.writeInt32BE(firstSequence, at);
      at = to.writeInt32BE(messages.length, at);
      at = encoding.write(to, at);
      to.writeUInt32BE(crc32c(to.subarray(batch + CHECKED_FROM, at)), checksumAt);
    }
  }
  return to;
}
