import { setTimeout as pause } from "node:timers/promises";
import type { Admin, Kafka, KafkaConfig, LogEntry } from "kafkajs";
import { ConnectionError, UsageError } from "../../errors.ts";
import type {
  Client,
  Committed,
  Extent,
  Member,
  MemberEvents,
  MemberOptions,
  NewTopic,
  Sender,
  SenderOptions,
  TopicFacts,
  Way,
} from "./client.ts";
import { isLoading, kafkaError } from "./kafka-errors.ts";
import { connectOnce } from "./kafkajs-connecting.ts";
import { joinGroup } from "./kafkajs-member.ts";
import { openSender } from "./kafkajs-sender.ts";
import type { Kafkajs } from "./load-kafkajs.ts";
import { inTime, untilAborted } from "./waiting.ts";

/** How long a coordinator may take to load. */
const LOADING_MS = 10_000;
const LOADING_POLL_MS = 50;
/** Told here and not left to the library, which has others when it is tested. */
const RETRY = Object.freeze({ initialRetryTime: 100, maxRetryTime: 2_000, factor: 0.2, multiplier: 2, retries: 4 });

/** Speaks to Kafka by the package `kafkajs`. */
export class KafkajsClient implements Client {
  readonly #library: Kafkajs;
  readonly #way: Way;
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  #closed: Promise<void> | undefined;

  private constructor(library: Kafkajs, way: Way) {
    this.#library = library;
    this.#way = way;
    this.#kafka = this.#make();
    this.#admin = this.#kafka.admin({ retry: RETRY });
  }

  /** Connects; ends early when the signal aborts. */
  static async connect(library: Kafkajs, way: Way, signal: AbortSignal): Promise<KafkajsClient> {
    const client = new KafkajsClient(library, way);
    try {
      await untilAborted(way.subject, client.#admin.connect(), signal);
    } catch (error) {
      void client.close();
      throw kafkaError(way.subject, error);
    }
    return client;
  }

  topic(name: string): Promise<TopicFacts | undefined> {
    return this.#ask(async () => {
      if (!(await this.#admin.listTopics()).includes(name)) return undefined;
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [name] });
      const partitions = topics[0]?.partitions.map(({ partitionId }) => partitionId) ?? [];
      return { partitions: partitions.sort((a, b) => a - b) };
    });
  }

  createTopic(name: string, { partitions, replicationFactor, config }: NewTopic): Promise<void> {
    return this.#ask(async () => {
      const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
      const topic = { topic: name, numPartitions: partitions, replicationFactor, configEntries };
      await this.#admin.createTopics({ topics: [topic], waitForLeaders: true });
    });
  }

  async maxBatchBytes(topic: string): Promise<number | undefined> {
    try {
      const { ConfigResourceTypes } = this.#library;
      const { resources } = await this.#admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ["max.message.bytes"] }],
      });
      const entry = resources[0]?.configEntries.find(({ configName }) => configName === "max.message.bytes");
      const bytes = Number(entry?.configValue);
      return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
    } catch {
      // Not everybody may look at this; the broker says it again when a message is too large.
      return undefined;
    }
  }

  extents(topic: string): Promise<ReadonlyMap<number, Extent>> {
    return this.#ask(async () => {
      const all = await this.#admin.fetchTopicOffsets(topic);
      return new Map(all.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]));
    });
  }

  offsetsAt(topic: string, timeMs: number): Promise<ReadonlyMap<number, number>> {
    return this.#ask(async () => {
      const all = await this.#admin.fetchTopicOffsetsByTimestamp(topic, Math.ceil(timeMs));
      return new Map(all.map(({ partition, offset }) => [partition, Number(offset)]));
    });
  }

  committed(groupId: string, topic: string): Promise<ReadonlyMap<number, Committed>> {
    return this.#ask(async () => {
      const [found] = await this.#admin.fetchOffsets({ groupId, topics: [topic] });
      const known = new Map<number, Committed>();
      for (const { partition, offset, metadata } of found?.partitions ?? []) {
        // Below 0: nothing was committed, or only a wish.
        if (Number(offset) >= 0) known.set(partition, { offset: Number(offset), metadata: metadata ?? "" });
      }
      return known;
    });
  }

  isEmptyGroup(groupId: string): Promise<boolean> {
    return this.#ask(async () => {
      const { groups } = await this.#admin.describeGroups([groupId]);
      const state = groups[0]?.state;
      return state === undefined || state === "Empty" || state === "Dead";
    });
  }

  join(options: MemberOptions, events: MemberEvents): Promise<Member> {
    const kafka = this.#make((entry) => {
      const { message, topic, partition } = entry.log;
      if (message.startsWith("Offset out of range, resetting") && topic === options.topic) {
        events.outOfRange(Number(partition));
        // Or the client commits a wish ("earliest") in the place of what the group has committed.
        throw new ConnectionError(`offset out of range in partition ${String(partition)}`);
      }
      if (entry.namespace === "Connection" && /error|closed|timed out/i.test(message)) events.connected(false);
    });
    return this.#ask(() => joinGroup(kafka, this.#library, options, events, RETRY, this.#way.subject));
  }

  sender(options: SenderOptions): Promise<Sender> {
    return this.#ask(() => openSender(this.#make(), this.#library, options, this.#way.subject));
  }

  close(): Promise<void> {
    this.#closed ??= inTime(this.#admin.disconnect());
    return this.#closed;
  }

  /** A group's coordinator that is still loading, as after a start of the brokers, is asked again. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + LOADING_MS;
    for (;;) {
      try {
        return await question();
      } catch (error) {
        if (!isLoading(error) || performance.now() > deadline) throw kafkaError(this.#way.subject, error);
      }
      await pause(LOADING_POLL_MS);
    }
  }

  /** Ordinary things are logged as errors, so that nothing is printed; what matters comes as an error or an event. */
  #make(log: (entry: LogEntry) => void = () => undefined): Kafka {
    const { brokers, clientId, tls, sasl, connectTimeoutMs, requestTimeoutMs, subject } = this.#way;
    const { Kafka, logLevel } = this.#library;
    const config: KafkaConfig = {
      brokers: [...brokers],
      clientId,
      connectionTimeout: connectTimeoutMs,
      authenticationTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      enforceRequestTimeout: true,
      retry: RETRY,
      logLevel: logLevel.INFO,
      logCreator: () => log,
      ...(tls === false ? {} : { ssl: tls }),
      ...(sasl === undefined ? {} : { sasl: sasl as NonNullable<KafkaConfig["sasl"]> }),
    };
    try {
      const kafka = new Kafka(config);
      connectOnce(kafka);
      return kafka;
    } catch (error) {
      throw new UsageError(`${subject}: the client does not accept its options: ${String(error)}`, { cause: error });
    }
  }
}
