import type { ConnectionOptions } from "node:tls";

/** Names how a client proves who it is. */
export type KafkaSasl =
  | {
      readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: "oauthbearer"; readonly oauthBearerProvider: () => Promise<{ value: string }> };

/** Names the compressions of Kafka. */
export type KafkaCompression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** Says which brokers are meant, and how one gets in. */
export interface Way {
  /** Begins every message of an error. */
  readonly subject: string;
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls: boolean | ConnectionOptions;
  readonly sasl: KafkaSasl | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** Configures a topic that is to be made. */
export interface NewTopic {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Is what brokers tell about a topic. */
export interface TopicFacts {
  /** The numbers of its partitions, ascending. */
  readonly partitions: readonly number[];
}

/** Says from where to where a partition has messages; `high` is the offset of the next one. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** Is what a group has committed for a partition. */
export interface Committed {
  readonly offset: number;
  readonly metadata: string;
}

/** Is a commit to make. */
export interface Commit extends Committed {
  readonly partition: number;
}

/** Is one record as it came; numbers are texts, as the client has them. */
export interface ReceivedRecord {
  readonly offset: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: string;
  readonly headers?: Readonly<Record<string, string | Uint8Array | readonly (string | Uint8Array)[] | undefined>>;
}

/** Is one record to send; its partition is decided. */
export interface SentRecord {
  readonly partition: number;
  readonly key: string | null;
  /** In pieces, which follow each other. */
  readonly value: readonly Uint8Array[];
  readonly timestamp: string | undefined;
  readonly headers: Record<string, string | Buffer | (string | Buffer)[]> | undefined;
}

/** Configures membership in a group. */
export interface MemberOptions {
  readonly topic: string;
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly maxFetchBytes: number;
  readonly maxPartitionBytes: number;
  readonly fetchWaitMs: number;
  readonly readUncommitted: boolean;
}

/** Is told what happens to a member of a group. */
export interface MemberEvents {
  /** The group is about to be joined again: what is in work should end; throwing leaves the group. */
  rejoining(): Promise<void>;
  /** Partitions were assigned; `isNew`: this member was not known any more, and others may have read meanwhile. */
  joined(partitions: readonly number[], isNew: boolean): void;
  /** Is awaited before each fetch. */
  beforeFetch(): Promise<void> | undefined;
  /** Records of one partition came; `heartbeat` is to be called while they are not yet taken. */
  records(
    partition: number,
    records: readonly ReceivedRecord[],
    high: number,
    heartbeat: () => Promise<void>,
  ): Promise<void>;
  /** The next offset of a partition is not there any more; the member is to seek another one. */
  outOfRange(partition: number): void;
  /** The brokers answer, or a connection broke. */
  connected(up: boolean): void;
  /** The member is none any more, and will not be one by itself. */
  failed(error: unknown): void;
}

/** Is a member of a consumer group. */
export interface Member {
  seek(partition: number, offset: number): void;
  pause(partitions: readonly number[]): void;
  resume(partitions: readonly number[]): void;
  /** Rejects when the generation is over. */
  commit(commits: readonly Commit[]): Promise<void>;
  /** Leaves the group and closes; never rejects. */
  leave(): Promise<void>;
}

/** Sends records. One send at a time; after one that failed it must be closed, or what follows may be lost. */
export interface Sender {
  send(records: readonly SentRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Configures a sender. */
export interface SenderOptions {
  readonly topic: string;
  readonly idempotent: boolean;
  readonly compression: KafkaCompression;
  /** About how long the same request is repeated. */
  readonly retryMs: number;
}

/**
 * Is what is needed of a client library, so that another one can be tried: a file that implements this and a line in
 * `loadClient`.
 */
export interface Client {
  /** Gives the facts of a topic; undefined where it does not exist. */
  topic(name: string): Promise<TopicFacts | undefined>;
  /** Makes a topic; one that exists already is left as it is. */
  createTopic(name: string, topic: NewTopic): Promise<void>;
  /** Gives the largest batch that a topic takes; undefined where that is not told. */
  maxBatchBytes(topic: string): Promise<number | undefined>;
  extents(topic: string): Promise<ReadonlyMap<number, Extent>>;
  /** Gives the offset of the first message at or after a time, for each partition; the next one where there is none. */
  offsetsAt(topic: string, timeMs: number): Promise<ReadonlyMap<number, number>>;
  committed(groupId: string, topic: string): Promise<ReadonlyMap<number, Committed>>;
  /** Tells whether a group has no members. */
  isEmptyGroup(groupId: string): Promise<boolean>;
  join(options: MemberOptions, events: MemberEvents): Promise<Member>;
  sender(options: SenderOptions): Promise<Sender>;
  /** Closes what is open besides members and senders; never rejects. */
  close(): Promise<void>;
}
