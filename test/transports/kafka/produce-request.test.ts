import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import type { SentRecord } from "../../../src/transports/kafka/client.ts";
import { crc32c } from "../../../src/transports/kafka/crc32c.ts";
import { libraryRecords } from "../../../src/transports/kafka/kafkajs-records.ts";
import { encodedProduce, type ProduceRequest } from "../../../src/transports/kafka/produce-request.ts";

interface Encoder {
  readonly buffer: Buffer;
}

const library = createRequire(import.meta.url);
const theirs = library("kafkajs/src/protocol/requests/produce/v7/request.js") as (request: object) => {
  encode(): Promise<Encoder>;
};
const theirChecksum = library("kafkajs/src/protocol/recordBatch/crc32C") as (bytes: Buffer) => number;

const NOW = String(1_700_000_000_000);

function record(over: Partial<SentRecord> = {}): SentRecord {
  return { partition: 0, key: null, value: [Buffer.from("body")], timestamp: NOW, headers: undefined, ...over };
}

/** What is awkward about records: lengths at the ends of their forms, times far apart, headers of all kinds. */
const AWKWARD: readonly SentRecord[] = [
  record(),
  record({ key: "" }),
  record({ key: "ключ-17" }),
  record({ value: [] }),
  record({ value: [Buffer.alloc(0), new Uint8Array([1, 2]), Buffer.alloc(0)] }),
  ...[63, 64, 8_191, 8_192, 1_048_576].map((bytes) => record({ value: [Buffer.alloc(40, 1), Buffer.alloc(bytes, 7)] })),
  record({ timestamp: String(Number(NOW) + 63) }),
  record({ timestamp: String(Number(NOW) + 2 ** 33) }),
  record({ headers: { a: "text", b: Buffer.from([0, 255]), c: ["one", Buffer.from("two")] } }),
  record({ headers: {} }),
];

function request(records: readonly SentRecord[]): ProduceRequest & { readonly compression: number } {
  const groups = (libraryRecords(records) as unknown as { reduce(): Record<string, SentRecord[]> }).reduce();
  const partitions = Object.entries(groups).map(([partition, messages], index) => {
    return { partition: Number(partition), firstSequence: index * 7, messages };
  });
  return {
    ...{ acks: -1, timeout: 30_000, producerId: "17", producerEpoch: 3, compression: 0 },
    topicData: [{ topic: "кадры", partitions }],
  };
}

/** The library's own encoding of each record, made of plain messages. */
function plain({ topicData, ...rest }: ProduceRequest): object {
  const own = (messages: readonly SentRecord[]): object[] =>
    messages.map((one) => ({ ...one, value: Buffer.concat(one.value) })) as object[];
  return {
    ...rest,
    topicData: topicData.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((one) => ({ ...one, messages: own(Array.from(one.messages)) })),
    })),
  };
}

describe("requests to write", () => {
  test("requests to write - have the bytes that the library makes", async () => {
    const records = [...AWKWARD, ...AWKWARD.map((one) => ({ ...one, partition: 3 }))];
    const asked = request(records);
    const wanted = (await theirs(plain(asked)).encode()).buffer;
    expect(encodedProduce(asked).equals(wanted)).toBe(true);
  });

  test("requests to write - where the library encodes them it gets the same records", async () => {
    const asked = request(AWKWARD);
    const wanted = (await theirs(plain(asked)).encode()).buffer;
    expect((await theirs(asked).encode()).buffer.equals(wanted)).toBe(true);
  });

  test("requests to write - of records without times have the time of now", () => {
    const before = Date.now();
    const bytes = encodedProduce(request([record({ timestamp: undefined })]));
    const at = bytes.indexOf(Buffer.from([2]), 40);
    const first = Number(bytes.readBigInt64BE(at + 11));
    expect(first).toBeGreaterThanOrEqual(before);
    expect(bytes.readBigInt64BE(at + 19)).toBe(BigInt(first));
  });
});

test("checksum - is that of the library, at any place and of any length", () => {
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 131 + 7) & 255));
  for (let from = 0; from < 9; from += 1) {
    for (const length of [0, 1, 7, 8, 9, 63, 64, 200]) {
      const some = bytes.subarray(from, from + length);
      expect(crc32c(some), `${from}, ${length}`).toBe(theirChecksum(some) >>> 0);
    }
  }
  // Of the standard that describes it.
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
});
