import { UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { bodyPieces } from "../../message/native/joined.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { oneOf, shown, wholeNumber } from "../../options/option-check.ts";
import { Publisher } from "../../publisher/publisher.ts";
import type { Client, KafkaCompression, Sender, SentRecord } from "./client.ts";
import { type ConnectionPlan, connectionPlan, type KafkaConnectionOptions } from "./connection-options.ts";
import { loadClient } from "./load-client.ts";
import { keyOf, Partitioning } from "./partitioning.ts";
import { copyHeaders, recordHeaders } from "./record-headers.ts";
import { requestsOf } from "./requests.ts";
import { checkedTopic } from "./topic-check.ts";
import { untilAborted } from "./waiting.ts";

/** Says where a `KafkaPublisher` sends, and how. */
export interface KafkaPublisherOptions<M extends AnyMessage = Message> extends KafkaConnectionOptions {
  /** The form of the bytes; default native. */
  readonly codec?: Codec;
  /** The name of the stream. Default: the block's name. */
  readonly stream?: string;
  /**
   * Gives the number of the partition of an event. Default: by its key, as the Java client does it; without a key, what
   * is sent together goes to one partition, what comes next to the next. Start and Stop go to all.
   */
  readonly partition?: (message: M) => number;
  /** How batches are compressed. Default `none`. Native name: compression.type. */
  readonly compression?: KafkaCompression;
  /** The time of a record: when it is sent, or the message's own, by which brokers also delete. Default `sent`. */
  readonly timestamps?: "sent" | "message";
  /** Whether brokers leave out what is sent twice after a lost answer. Default true. Native name: enable.idempotence. */
  readonly idempotent?: boolean;
  /** How much goes into one batch, in bytes; a larger message goes alone. Default 1 MiB, at most what the topic takes. Native name: batch.size. */
  readonly maxBatchBytes?: number;
  /** About how long a request is repeated before the publisher is opened anew, in milliseconds. Default 15 000. */
  readonly retryMs?: number;
}

const SUBJECT = "KafkaPublisher";
const OPTIONS = ["codec", "stream", "partition", "compression", "timestamps", "idempotent", "maxBatchBytes", "retryMs"];
const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
const MAX_BATCH_BYTES = 1024 * 1024;
/** What a topic takes unless it says something else. */
const USUAL_TOPIC_BYTES = 1_048_588;
const BATCH_HEAD_BYTES = 512;
const RETRY_MS = 15_000;

/** Sends results to a Kafka topic; with no type named, whatever its operator brings. */
export class KafkaPublisher<M extends AnyMessage = AnyMessage> extends Publisher<M> {
  override readonly confirms = true;
  override readonly codec: Codec;
  readonly #plan: ConnectionPlan;
  readonly #compression: KafkaCompression;
  readonly #idempotent: boolean;
  readonly #ownTimes: boolean;
  readonly #retryMs: number;
  readonly #maxBatchBytes: number;
  readonly #partition: ((message: M) => number) | undefined;
  readonly #isNative: boolean;
  #connection: Connection<M> | undefined;
  #isOpening = false;
  /** What of a batch was confirmed before the rest failed: all of it is given again. */
  readonly #confirmed = new Set<M>();
  #isBroken = false;

  constructor(options: KafkaPublisherOptions<M>) {
    super();
    this.#plan = connectionPlan(SUBJECT, options, OPTIONS);
    this.#compression = oneOf(SUBJECT, "compression", options.compression, "none", COMPRESSIONS);
    this.#idempotent = oneOf(SUBJECT, "idempotent", options.idempotent, true, [true, false]);
    this.#ownTimes = oneOf(SUBJECT, "timestamps", options.timestamps, "sent", ["sent", "message"]) === "message";
    this.#retryMs = wholeNumber(SUBJECT, "retryMs", options.retryMs, RETRY_MS, 0);
    this.#maxBatchBytes = wholeNumber(SUBJECT, "maxBatchBytes", options.maxBatchBytes, MAX_BATCH_BYTES, 1);
    if (options.partition !== undefined && typeof options.partition !== "function") {
      throw new UsageError(`${SUBJECT}: partition: expected a function of a message, got ${shown(options.partition)}`);
    }
    if (options.stream !== undefined && typeof options.stream !== "string") {
      throw new UsageError(`${SUBJECT}: stream: expected a text, got ${shown(options.stream)}`);
    }
    this.#partition = options.partition;
    this.stream = options.stream ?? "";
    this.codec = options.codec ?? nativeCodec;
    this.#isNative = this.codec.name === nativeCodec.name;
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#isOpening || this.#connection !== undefined) {
      throw new UsageError(`${SUBJECT}: is open already; close it first, or make another one`);
    }
    this.#isOpening = true;
    let client: Client | undefined;
    try {
      client = await loadClient(this.#plan, signal);
      this.#connection = await untilAborted(SUBJECT, this.#connect(client), signal);
      this.#isBroken = false;
    } catch (error) {
      void client?.close();
      throw error;
    } finally {
      this.#isOpening = false;
    }
  }

  override publish(message: M): Promise<void> {
    return this.publishBatch([message]);
  }

  override async publishBatch(messages: readonly M[]): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) {
      throw new UsageError(`${SUBJECT}: is not open; call open before publish, and nothing after close`);
    }
    const records: SentRecord[] = [];
    const ends: number[] = [];
    for (const message of messages) {
      if (this.#confirmed.size === 0 || !this.#confirmed.delete(message)) this.#add(records, message, connection);
      ends.push(records.length);
    }
    let sent = 0;
    try {
      for (const request of requestsOf(records, connection.maxBatchBytes)) {
        await this.#send(request, connection);
        sent += request.length;
      }
    } catch (error) {
      messages.forEach((message, index) => {
        if ((ends[index] as number) <= sent) this.#confirmed.add(message);
      });
      throw error;
    }
    if (sent > 0) this.#confirmed.clear();
    connection.partitioning.next();
  }

  override async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.sender.close();
    await connection?.client.close();
  }

  protected override topicOf(message: M): string | undefined {
    // Each partition has sequences of its own, so that its readers find what is missing in it.
    return this.#isNative ? String(this.#connection?.partitioning.of(message) ?? 0) : undefined;
  }

  async #connect(client: Client): Promise<Connection<M>> {
    const { partitions } = await checkedTopic(client, this.#plan);
    const [topicBytes = USUAL_TOPIC_BYTES, sender] = await Promise.all([
      client.maxBatchBytes(this.#plan.topic),
      this.#sender(client),
    ]);
    return {
      client,
      sender,
      partitions: partitions.length,
      partitioning: new Partitioning(partitions.length, this.#partition),
      maxBatchBytes: Math.max(1, Math.min(this.#maxBatchBytes, topicBytes - BATCH_HEAD_BYTES)),
    };
  }

  #sender(client: Client): Promise<Sender> {
    return client.sender({
      topic: this.#plan.topic,
      idempotent: this.#idempotent,
      compression: this.#compression,
      retryMs: this.#retryMs,
    });
  }

  #add(records: SentRecord[], message: M, { partitions, partitioning }: Connection<M>): void {
    const timestamp = this.#ownTimes ? recordTime(message) : undefined;
    for (const frames of this.encode(message)) {
      const value = this.#isNative ? bodyPieces(frames) : onlyFrame(frames, this.codec);
      if (message.type === "event") {
        const headers = this.#isNative ? undefined : recordHeaders(message.envelope.headers);
        const key = keyOf(message) ?? null;
        records.push({ partition: partitioning.of(message), key, value, timestamp, headers });
        continue;
      }
      const headers = { ...recordHeaders(message.envelope.headers), ...copyHeaders(partitions) };
      for (let partition = 0; partition < partitions; partition += 1) {
        records.push({ partition, key: null, value, timestamp, headers });
      }
    }
  }

  /**
   * Sends one request after the other. One that failed may have been written although nobody said so; its numbers would
   * be used again for what comes next, which would be taken for a repetition and lost. So nothing follows by that sender.
   */
  async #send(request: readonly SentRecord[], connection: Connection<M>): Promise<void> {
    if (this.#isBroken) {
      await connection.sender.close();
      connection.sender = await this.#sender(connection.client);
      this.#isBroken = false;
    }
    this.#isBroken = true;
    await connection.sender.send(request);
    this.#isBroken = false;
  }
}

interface Connection<M extends AnyMessage> {
  readonly client: Client;
  sender: Sender;
  readonly partitions: number;
  readonly partitioning: Partitioning<M>;
  readonly maxBatchBytes: number;
}

/** Brokers refuse times that are to come; all records of a request have a time, or none has. */
function recordTime({ envelope: { timeMs } }: AnyMessage): string {
  const nowMs = Date.now();
  return String(timeMs !== undefined && timeMs >= 0 && timeMs <= nowMs ? Math.floor(timeMs) : nowMs);
}

function onlyFrame(frames: readonly Uint8Array[], { name }: Codec): readonly Uint8Array[] {
  if (frames.length === 1) return frames;
  throw new UsageError(
    `${SUBJECT}: a record has one body, and the codec "${name}" made ${frames.length} frames; use the native codec or json`,
  );
}
