import { functionShape } from "../function-shape.ts";
import { anyMap, either, exactlyOne, list, object, record } from "../map-shape.ts";
import { choice, type Fields, field, flag, number, required, secret, text, whole } from "../shape.ts";
import { CODEC, EXPECT, LIMITS, STREAM } from "./messages.ts";

const END = choice("earliest", "latest", "fail");

const CONNECTION: Fields = {
  brokers: required(list(text("127.0.0.1:9092"), '["127.0.0.1:9092"]'), "Brokers to begin with, HOST:PORT"),
  topic: required(text("frames"), "The topic"),
  clientId: field(text("reduce"), "The name by which the brokers know this client; default arroyojs"),
  tls: field(
    either({ scalar: flag(), map: anyMap }),
    "TLS: true, or options as for tls.connect: ca, cert, key, each !file PATH",
  ),
  sasl: field(
    object({
      mechanism: required(choice("plain", "scram-sha-256", "scram-sha-512", "oauthbearer"), "How it is proved"),
      username: field(text("reduce"), "The user"),
      password: field(secret("a password"), "The user's password; take it from a file: !file PATH"),
      oauthBearerProvider: field(functionShape, "For oauthbearer: a function that gives { value }"),
    }),
    "Who this is",
  ),
  createTopic: field(
    either({
      scalar: flag(),
      map: object({
        partitions: field(whole(1), "Partitions; default 1"),
        replicationFactor: field(whole(1), "Copies; default 1"),
        config: field(record(text("a text in quotes")), 'Further settings, such as retention.ms: "86400000"'),
      }),
    }),
    "Makes the topic where it does not exist; true for one partition",
  ),
  connectTimeoutMs: field(whole(1), "How long connecting may take, in ms; default 5000"),
  requestTimeoutMs: field(whole(1), "How long an answer may take, in ms; default 30000"),
};

/** The options of a Kafka listener. */
export const KAFKA_LISTENER: Fields = {
  ...CONNECTION,
  groupId: required(text("reduce"), "The consumer group, which remembers how far it is"),
  codec: CODEC,
  from: field(
    either({
      scalar: choice("committed", "earliest", "latest"),
      map: exactlyOne({ timeMs: field(number(0), "Milliseconds since 1970 UTC") }),
    }),
    "Where the first start begins, if the group has no members then; default committed",
  ),
  withoutCommit: field(END, "Where a partition begins of which nothing was committed; default earliest"),
  outOfRange: field(END, "Where it goes on when the next message was deleted; default earliest"),
  expect: EXPECT,
  limits: LIMITS,
  commitMs: field(whole(0), "How often what is finished is committed, in ms; default 100"),
  handoverMs: field(whole(0), "How long a rebalance waits for what is in work, in ms; default 10000"),
  stopWaitMs: field(whole(0), "How long a Stop waits for its copies in other partitions, in ms; default 30000"),
  sessionTimeoutMs: field(whole(100), "How long the group waits for a silent member, in ms; default 30000"),
  heartbeatMs: field(whole(1), "How often a member says that it is alive, in ms; default a tenth of that"),
  rebalanceTimeoutMs: field(whole(1), "How long the group waits for its members at a rebalance, in ms; default 60000"),
  maxFetchBytes: field(whole(1), "How much one fetch brings; default 32 MiB"),
  maxPartitionBytes: field(whole(1), "How much of it from one partition; default 8 MiB"),
  fetchWaitMs: field(whole(1), "How long a broker keeps a fetch when there is nothing, in ms; default 200"),
  readUncommitted: field(flag(), "Whether messages of open and aborted transactions come too; default false"),
};

/** The options of a Kafka publisher. */
export const KAFKA_PUBLISHER: Fields = {
  ...CONNECTION,
  codec: CODEC,
  stream: STREAM,
  partition: field(functionShape, "A function that gives the partition of an event: { use: ./file.ts#name }"),
  compression: field(choice("none", "gzip", "snappy", "lz4", "zstd"), "How batches are compressed; default none"),
  timestamps: field(choice("sent", "message"), "The time of a record; default sent"),
  idempotent: field(flag(), "Whether brokers leave out what is sent twice; default true"),
  maxBatchBytes: field(whole(1), "How much goes into one batch; default 4 MiB"),
  retryMs: field(whole(0), "How long a request is repeated before it is opened anew, in ms; default 15000"),
};
