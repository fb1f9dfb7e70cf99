import type { Kafka, Producer } from "kafkajs";
import type { KafkaCompression, Sender, SenderOptions, SentRecord } from "./client.ts";
import { provideCodec } from "./compression-codecs.ts";
import { kafkaError } from "./kafka-errors.ts";
import { encodeHere } from "./kafkajs-insides.ts";
import { libraryRecords } from "./kafkajs-records.ts";
import type { Kafkajs } from "./load-kafkajs.ts";
import { inTime } from "./waiting.ts";

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;

/** Connects a producer. */
export async function openSender(
  kafka: Kafka,
  library: Kafkajs,
  options: SenderOptions,
  subject: string,
): Promise<Sender> {
  const compression = compressionOf(library, options.compression);
  provideCodec(library, compression);
  // One that is missing says so here, and not with the first message.
  library.CompressionCodecs[compression as 1]?.();
  encodeHere(kafka);
  const producer = kafka.producer({
    idempotent: options.idempotent,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    // Partitions are decided before, so that a repeated request goes where the first one went.
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition as number,
    retry: {
      initialRetryTime: FIRST_RETRY_MS,
      maxRetryTime: LONGEST_RETRY_MS,
      factor: 0.2,
      multiplier: 2,
      retries: retriesWithin(options.retryMs),
    },
  });
  try {
    await producer.connect();
  } catch (error) {
    await inTime(producer.disconnect());
    throw error;
  }
  return new KafkajsSender(producer, options.topic, compression, subject);
}

class KafkajsSender implements Sender {
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #compression: number;
  readonly #subject: string;

  constructor(producer: Producer, topic: string, compression: number, subject: string) {
    this.#producer = producer;
    this.#topic = topic;
    this.#compression = compression;
    this.#subject = subject;
  }

  async send(records: readonly SentRecord[]): Promise<void> {
    try {
      await this.#producer.send({
        topic: this.#topic,
        acks: -1,
        compression: this.#compression,
        messages: libraryRecords(records),
      });
    } catch (error) {
      throw kafkaError(this.#subject, error);
    }
  }

  close(): Promise<void> {
    return inTime(this.#producer.disconnect());
  }
}

function compressionOf({ CompressionTypes }: Kafkajs, compression: KafkaCompression): number {
  return {
    none: CompressionTypes.None,
    gzip: CompressionTypes.GZIP,
    snappy: CompressionTypes.Snappy,
    lz4: CompressionTypes.LZ4,
    zstd: CompressionTypes.ZSTD,
  }[compression];
}

/** The library counts tries, we time. */
function retriesWithin(ms: number): number {
  let retries = 1;
  for (let waited = FIRST_RETRY_MS, next = FIRST_RETRY_MS * 2; waited < ms; retries += 1) {
    waited += next;
    next = Math.min(next * 2, LONGEST_RETRY_MS);
  }
  return retries;
}
