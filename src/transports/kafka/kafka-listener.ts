import { UsageError } from "../../errors.ts";
import { type Inlet, Listener } from "../../listener/listener.ts";
import { checkedCodec } from "../../message/checked-codec.ts";
import type { Codec } from "../../message/codec.ts";
import type { Limits } from "../../message/limits.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { oneOf, shown, wholeNumber } from "../../options/option-check.ts";
import type { Client } from "./client.ts";
import { type ConnectionPlan, connectionPlan, type KafkaConnectionOptions, nonEmpty } from "./connection-options.ts";
import type { KafkaFrom, OutOfRange } from "./first-position.ts";
import { GroupReading } from "./group-reading.ts";
import { loadClient } from "./load-client.ts";
import { checkedTopic } from "./topic-check.ts";

/** Says what a `KafkaListener` reads, and how. */
export interface KafkaListenerOptions<M extends AnyMessage = Message> extends KafkaConnectionOptions {
  /** The consumer group, which remembers how far it is; its members share the partitions. Native name: group.id. */
  readonly groupId: string;
  /** The form of the bytes; default native. */
  readonly codec?: Codec;
  /**
   * Where the first start begins, if the group has no members then: where the group is, at the oldest or the next
   * message, or at a time. A later start goes on where the group is. Default `committed`.
   */
  readonly from?: KafkaFrom;
  /** Where a partition begins of which the group has committed nothing; `fail` refuses. Default `earliest`. Native name: auto.offset.reset. */
  readonly withoutCommit?: OutOfRange;
  /**
   * What happens where the next message was deleted: go on at the oldest or the newest one and count the rest as lost, or
   * fail. Default `earliest`.
   */
  readonly outOfRange?: OutOfRange;
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
  /** Bounds of a message, instead of the block's. */
  readonly limits?: Partial<Limits>;
  /** How often what is finished is committed, in milliseconds, from 0 on. Default 100. Native name: auto.commit.interval.ms. */
  readonly commitMs?: number;
  /** How long a rebalance waits for what is in work, in milliseconds; at most half of the session time-out. Default 10 000. */
  readonly handoverMs?: number;
  /** How long a Stop waits for its copies in the other partitions when nothing comes any more, in milliseconds. Default 30 000. */
  readonly stopWaitMs?: number;
  /** How long the group waits for a member that is silent, in milliseconds. Default 30 000. Native name: session.timeout.ms. */
  readonly sessionTimeoutMs?: number;
  /** How often a member says that it is alive, in milliseconds. Default: a tenth of the session time-out. Native name: heartbeat.interval.ms. */
  readonly heartbeatMs?: number;
  /** How long the group waits for its members at a rebalance, in milliseconds. Default 60 000. Native name: max.poll.interval.ms. */
  readonly rebalanceTimeoutMs?: number;
  /** How much one fetch brings, in bytes; a larger message comes alone. Default 32 MiB. Native name: fetch.max.bytes. */
  readonly maxFetchBytes?: number;
  /** How much of it from one partition, in bytes. Default 8 MiB. Native name: max.partition.fetch.bytes. */
  readonly maxPartitionBytes?: number;
  /** How long a broker keeps a fetch when there is nothing, in milliseconds. Default 200. Native name: fetch.max.wait.ms. */
  readonly fetchWaitMs?: number;
  /** Whether messages of open and aborted transactions come too. Default false. Native name: isolation.level. */
  readonly readUncommitted?: boolean;
}

/** Is where a listener stands in one partition. */
export interface KafkaPosition {
  readonly partition: number;
  /** The offset of the next message to take. */
  readonly position: number;
  /** Everything before it is committed. */
  readonly committed: number;
  /** The offset after the newest message, as the last fetch said. */
  readonly end: number;
  /** How many messages wait between `committed` and `end`. */
  readonly lag: number;
}

const SUBJECT = "KafkaListener";
const OPTIONS = [
  "groupId",
  "codec",
  "from",
  "withoutCommit",
  "outOfRange",
  "expect",
  "limits",
  "commitMs",
  "handoverMs",
  "stopWaitMs",
  "sessionTimeoutMs",
  "heartbeatMs",
  "rebalanceTimeoutMs",
  "maxFetchBytes",
  "maxPartitionBytes",
  "fetchWaitMs",
  "readUncommitted",
];
const ENDS = ["earliest", "latest", "fail"] as const;
const MEBIBYTE = 1024 * 1024;
const SESSION_TIMEOUT_MS = 30_000;
const HANDOVER_MS = 10_000;
/** As long as a block takes to stop, and a little more. */
const LINGER_MS = 30_000;

/** Brings in what stands in a Kafka topic, as a member of a consumer group; with no type named, whatever its operator takes. */
export class KafkaListener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  override readonly replay = "log";
  override readonly codec: Codec;
  readonly #plan: ConnectionPlan;
  readonly #options: KafkaListenerOptions<M>;
  readonly #times: ReturnType<typeof readTimes>;
  #from: KafkaFrom;
  #isStarted = false;
  #reading: GroupReading<M> | undefined;
  /** The reading of an earlier start, while it waits for what it gave to be finished. */
  #lingering: { readonly reading: GroupReading<M>; readonly over: Promise<void> } | undefined;

  constructor(options: KafkaListenerOptions<M>) {
    super();
    this.#plan = connectionPlan(SUBJECT, options, OPTIONS);
    nonEmpty(SUBJECT, "groupId", options.groupId);
    if (options.expect !== undefined && typeof options.expect !== "function") {
      throw new UsageError(`${SUBJECT}: expect: expected a function of a message, got ${shown(options.expect)}`);
    }
    oneOf(SUBJECT, "withoutCommit", options.withoutCommit, "earliest", ENDS);
    oneOf(SUBJECT, "outOfRange", options.outOfRange, "earliest", ENDS);
    oneOf(SUBJECT, "readUncommitted", options.readUncommitted, false, [true, false]);
    this.#from = readFrom(options.from);
    this.#times = readTimes(options);
    this.#options = options;
    this.codec = checkedCodec(options.codec ?? nativeCodec, options.expect, options.limits);
  }

  /** Where it stands, for each partition that it reads; empty while it does not read. */
  get positions(): readonly KafkaPosition[] {
    return Array.from(this.#reading?.partitions ?? [], ({ partition, position, committed, high }) => {
      const known = Math.max(0, committed);
      return { partition, position, committed: known, end: high, lag: Math.max(0, high - known) };
    });
  }

  /** How many messages of its partitions are not finished and committed. */
  get lag(): number {
    return this.positions.reduce((sum, { lag }) => sum + lag, 0);
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isStarted) throw new UsageError(`${SUBJECT}: is started already; make another one for another block`);
    if (signal.aborted) return;
    this.#isStarted = true;
    let client: Client | undefined;
    try {
      await this.#endLingering();
      client = await loadClient(this.#plan, signal);
      await checkedTopic(client, this.#plan);
      const begin = await this.#begin(client);
      if (!signal.aborted) await this.#read(client, inlet, begin, signal);
    } finally {
      this.#isStarted = false;
      await client?.close();
    }
  }

  async #read(
    client: Client,
    inlet: Inlet<M>,
    begin: Exclude<KafkaFrom, "committed"> | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { groupId, withoutCommit = "earliest", outOfRange = "earliest", readUncommitted = false } = this.#options;
    const reading = new GroupReading<M>({
      ...this.#times,
      subject: SUBJECT,
      topic: this.#plan.topic,
      client,
      inlet,
      codec: this.codec,
      groupId,
      begin,
      withoutCommit,
      outOfRange,
      readUncommitted,
      lingerMs: LINGER_MS,
    });
    this.#reading = reading;
    try {
      await reading.run(signal);
      if (reading.hasBegun) this.#from = "committed";
      if (await reading.finish()) return;
      const over = reading.linger().finally(() => {
        if (this.#lingering?.reading === reading) this.#lingering = undefined;
      });
      this.#lingering = { reading, over };
    } catch (error) {
      if (reading.hasBegun) this.#from = "committed";
      await reading.close();
      throw error;
    } finally {
      this.#reading = undefined;
    }
  }

  /** Where the group begins anew; undefined where it goes on, also because others read for it. */
  async #begin(client: Client): Promise<Exclude<KafkaFrom, "committed"> | undefined> {
    if (this.#from === "committed") return undefined;
    return (await client.isEmptyGroup(this.#options.groupId)) ? this.#from : undefined;
  }

  async #endLingering(): Promise<void> {
    if (this.#lingering === undefined) return;
    this.#lingering.reading.hurry();
    await this.#lingering.over;
  }
}

function readFrom(from: KafkaFrom | undefined): KafkaFrom {
  if (from === undefined) return "committed";
  if (from === "committed" || from === "earliest" || from === "latest") return from;
  const timeMs: unknown = (from as { timeMs?: unknown } | null)?.timeMs;
  if (typeof timeMs === "number" && Number.isFinite(timeMs) && timeMs >= 0) return { timeMs };
  throw new UsageError(
    `${SUBJECT}: from: expected "committed", "earliest", "latest" or { timeMs } (since 1970), got ${shown(from)}`,
  );
}

function readTimes(options: Omit<KafkaListenerOptions, "expect">): {
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly handoverMs: number;
  readonly commitMs: number;
  readonly stopWaitMs: number;
  readonly maxFetchBytes: number;
  readonly maxPartitionBytes: number;
  readonly fetchWaitMs: number;
} {
  const whole = (name: keyof typeof options, other: number, lowest: number): number =>
    wholeNumber(SUBJECT, name, options[name], other, lowest);
  const sessionTimeoutMs = whole("sessionTimeoutMs", SESSION_TIMEOUT_MS, 100);
  const most = Math.floor(sessionTimeoutMs / 2);
  const handoverMs = whole("handoverMs", Math.min(HANDOVER_MS, most), 0);
  const heartbeatMs = whole("heartbeatMs", Math.max(1, Math.floor(sessionTimeoutMs / 10)), 1);
  if (handoverMs > most || heartbeatMs > most) {
    const name = handoverMs > most ? "handoverMs" : "heartbeatMs";
    throw new UsageError(
      `${SUBJECT}: ${name}: expected at most ${most}, half of the session time-out; raise sessionTimeoutMs with it`,
    );
  }
  return {
    sessionTimeoutMs,
    heartbeatMs,
    handoverMs,
    rebalanceTimeoutMs: whole("rebalanceTimeoutMs", Math.max(60_000, 2 * sessionTimeoutMs), 1),
    commitMs: whole("commitMs", 100, 0),
    stopWaitMs: whole("stopWaitMs", 30_000, 0),
    maxFetchBytes: whole("maxFetchBytes", 32 * MEBIBYTE, 1),
    maxPartitionBytes: whole("maxPartitionBytes", 8 * MEBIBYTE, 1),
    fetchWaitMs: whole("fetchWaitMs", 200, 1),
  };
}
