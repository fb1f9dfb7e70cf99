import type { Cluster, Consumer, EachBatchPayload, Kafka, PartitionAssigner, RetryOptions } from "kafkajs";
import { ConnectionError } from "../../errors.ts";
import type { Commit, Member, MemberEvents, MemberOptions } from "./client.ts";
import { provideCodec } from "./compression-codecs.ts";
import { kafkaError } from "./kafka-errors.ts";
import type { Kafkajs } from "./load-kafkajs.ts";
import { inTime } from "./waiting.ts";

/** After so many times its session time-out without a sign of life, a consumer counts as dead. */
const SESSIONS_OF_SILENCE = 3;

/** Joins a consumer group; resolves when partitions were assigned for the first time. */
export async function joinGroup(
  kafka: Kafka,
  library: Kafkajs,
  options: MemberOptions,
  events: MemberEvents,
  retry: RetryOptions,
  subject: string,
): Promise<Member> {
  provideCodec(library, library.CompressionTypes.ZSTD);
  const member = new KafkajsMember(kafka, library, options, events, retry, subject);
  try {
    await member.join();
  } catch (error) {
    await member.leave();
    throw error;
  }
  return member;
}

class KafkajsMember implements Member {
  readonly #options: MemberOptions;
  readonly #events: MemberEvents;
  readonly #subject: string;
  readonly #consumer: Consumer;
  readonly #unsubscribe: (() => void)[] = [];
  /** Commits in the generation of now; known from the first batch on, before which there is nothing to commit. */
  #commitNow: EachBatchPayload["commitOffsetsIfNecessary"] | undefined;
  #memberId: string | undefined;
  #aliveAt = performance.now();
  #watch: NodeJS.Timeout | undefined;
  #isOver = false;
  #left: Promise<void> | undefined;

  constructor(
    kafka: Kafka,
    library: Kafkajs,
    options: MemberOptions,
    events: MemberEvents,
    retry: RetryOptions,
    subject: string,
  ) {
    this.#subject = subject;
    this.#options = options;
    this.#events = events;
    this.#consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: options.heartbeatMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      maxBytes: options.maxFetchBytes,
      maxBytesPerPartition: options.maxPartitionBytes,
      maxWaitTimeInMs: options.fetchWaitMs,
      minBytes: 1,
      allowAutoTopicCreation: false,
      readUncommitted: options.readUncommitted,
      // A consumer that begins again by itself would not tell; the block tries again, and tells.
      retry: { ...retry, restartOnFailure: async () => false },
      partitionAssigners: [this.#hooked(library.PartitionAssigners.roundRobin)],
    });
  }

  async join(): Promise<void> {
    const { topic } = this.#options;
    const consumer = this.#consumer;
    const { GROUP_JOIN, HEARTBEAT, START_BATCH_PROCESS, CRASH } = consumer.events;
    let isFirst: (error?: unknown) => void = () => undefined;
    let isMember = false;
    const first = new Promise<void>((resolve, reject) => {
      isFirst = (error) => (error === undefined ? resolve() : reject(error));
    });
    first.catch(() => undefined);
    this.#unsubscribe.push(
      consumer.on(GROUP_JOIN, ({ payload }) => {
        this.#alive();
        const isNew = this.#memberId !== undefined && payload.memberId !== this.#memberId;
        this.#memberId = payload.memberId;
        isMember = true;
        if (!this.#isOver) this.#events.joined(payload.memberAssignment[topic] ?? [], isNew);
        isFirst();
      }),
      consumer.on(HEARTBEAT, () => this.#alive()),
      consumer.on(START_BATCH_PROCESS, () => this.#alive()),
      // The only sign that a consumer has stopped for ever. Before it is a member, whoever joins may try again.
      consumer.on(CRASH, ({ payload: { error } }) => {
        if (isMember) this.#fail(error);
        else isFirst(error);
      }),
    );
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: 1,
      eachBatch: (payload) => this.#batch(payload),
    });
    await first;
    this.#aliveAt = performance.now();
    const { sessionTimeoutMs } = this.#options;
    this.#watch = setInterval(() => this.#look(), Math.min(sessionTimeoutMs, 5_000)).unref();
  }

  seek(partition: number, offset: number): void {
    this.#tell((topic) => this.#consumer.seek({ topic, partition, offset: String(offset) }));
  }

  pause(partitions: readonly number[]): void {
    this.#tell((topic) => this.#consumer.pause([{ topic, partitions: [...partitions] }]));
  }

  resume(partitions: readonly number[]): void {
    this.#tell((topic) => this.#consumer.resume([{ topic, partitions: [...partitions] }]));
  }

  async commit(commits: readonly Commit[]): Promise<void> {
    // Not `commitOffsets` of the consumer, unless for what is committed before the first batch: it resolves without a
    // commit when the consumer does not run any more, and repeats a refused one in a later generation, when the
    // partition may be another member's.
    if (this.#isOver) throw new ConnectionError("the consumer has left the group");
    const { topic } = this.#options;
    const partitions = commits.map(({ partition, offset, metadata }) => {
      return { partition, offset: String(offset), metadata };
    });
    if (this.#commitNow === undefined) {
      await this.#consumer.commitOffsets(partitions.map((one) => ({ topic, ...one })));
    } else await this.#commitNow({ topics: [{ topic, partitions }] });
  }

  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#watch);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await inTime(this.#consumer.disconnect());
  }

  async #batch({ batch, heartbeat, commitOffsetsIfNecessary, isStale }: EachBatchPayload): Promise<void> {
    this.#commitNow = commitOffsetsIfNecessary;
    if (this.#isOver || isStale()) return;
    await this.#events.records(batch.partition, batch.messages, Number(batch.highWatermark), heartbeat);
  }

  /**
   * Has no hooks of its own: an assigner is given the cluster by which a consumer asks for its coordinator, which it does
   * each time before it joins, and looks at metadata, which it does each time before it fetches. There we come between.
   */
  #hooked(assigner: PartitionAssigner): PartitionAssigner {
    return (config) => {
      const { cluster } = config as { cluster: Cluster };
      const findGroupCoordinator = cluster.findGroupCoordinator.bind(cluster);
      const refreshMetadataIfNecessary = cluster.refreshMetadataIfNecessary.bind(cluster);
      cluster.findGroupCoordinator = async (group) => {
        if (this.#memberId !== undefined && !this.#isOver) await this.#events.rejoining();
        return findGroupCoordinator(group);
      };
      cluster.refreshMetadataIfNecessary = async () => {
        await this.#events.beforeFetch();
        return refreshMetadataIfNecessary();
      };
      return assigner(config);
    };
  }

  /** A consumer that is about to tell that it crashed knows no group any more. */
  #tell(say: (topic: string) => void): void {
    if (this.#isOver) return;
    try {
      say(this.#options.topic);
    } catch (cause) {
      this.#fail(new ConnectionError("the consumer has stopped", { cause }));
    }
  }

  #alive(): void {
    this.#aliveAt = performance.now();
    if (!this.#isOver) this.#events.connected(true);
  }

  #look(): void {
    const silentMs = performance.now() - this.#aliveAt;
    if (silentMs < SESSIONS_OF_SILENCE * this.#options.sessionTimeoutMs) return;
    this.#fail(new ConnectionError(`the consumer has not been heard for ${Math.round(silentMs)} ms`));
  }

  #fail(error: unknown): void {
    clearInterval(this.#watch);
    if (!this.#isOver) this.#events.failed(kafkaError(this.#subject, error));
  }
}
