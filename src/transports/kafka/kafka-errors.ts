import { ArroyoError, ConnectionError, text, UsageError } from "../../errors.ts";

interface ClientError {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly retriable?: unknown;
  readonly cause?: unknown;
  readonly message?: unknown;
}

/** What brokers refuse for good, by the name of their answer, and what to do about it. */
const REFUSALS: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: "the user may not use this topic; allow it, or name another user (sasl)",
  GROUP_AUTHORIZATION_FAILED: "the user may not use this group; allow it, or name another user (sasl)",
  CLUSTER_AUTHORIZATION_FAILED: "the user may not do this in the cluster; allow it, or use idempotent: false",
  INVALID_TOPIC_EXCEPTION: "this is no name for a topic; use letters, digits, '.', '_' and '-'",
  INVALID_SESSION_TIMEOUT: "the brokers do not allow this sessionTimeoutMs; see group.min.session.timeout.ms",
  INCONSISTENT_GROUP_PROTOCOL: "the group has members of another kind; use another groupId",
  GROUP_MAX_SIZE_REACHED: "the group is full; see group.max.size",
  UNSUPPORTED_SASL_MECHANISM: "the brokers do not know this sasl.mechanism; use one that they have",
  INVALID_REPLICATION_FACTOR: "there are fewer brokers than replicas; use a smaller replicationFactor",
  POLICY_VIOLATION: "the brokers' policy does not allow this topic; have it made by who may",
  INVALID_CONFIG: "the topic's config is not accepted; correct createTopic.config",
};
const TOO_LARGE = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);
const CERTIFICATE = /certificate|self.signed|altname|wrong version number|ssl routines/i;
const LONGEST_CHAIN = 8;

/** Makes of an error of the client library one of ours: this is the place that says what can be tried again. */
export function kafkaError(subject: string, error: unknown): ArroyoError {
  if (error instanceof ArroyoError) return error;
  const chain = chainOf(error);
  const saying = text(chain.at(-1));
  for (const { name, type, message } of chain) {
    if (typeof type === "string" && Object.hasOwn(REFUSALS, type)) {
      return new UsageError(`${subject}: ${type}: ${REFUSALS[type]}`, { cause: error });
    }
    if (typeof type === "string" && TOO_LARGE.has(type)) {
      return new UsageError(
        `${subject}: a message is larger than the topic takes (${saying}); raise the topic's max.message.bytes, and ` +
          "the brokers' message.max.bytes",
        { cause: error },
      );
    }
    if (type === "UNKNOWN_TOPIC_OR_PARTITION") {
      return new ConnectionError(`${subject}: the topic is not there any more; it is looked for again`, {
        cause: error,
      });
    }
    if (name === "KafkaJSNotImplemented") {
      return new UsageError(
        `${subject}: ${String(message)}; install a codec and put it into CompressionCodecs of kafkajs ` +
          '("npm install kafkajs-snappy", "kafkajs-lz4", "@kafkajs/zstd"), or compress with gzip',
        { cause: error },
      );
    }
    if (name === "KafkaJSSASLAuthenticationError" || type === "SASL_AUTHENTICATION_FAILED") {
      return new UsageError(`${subject}: the brokers do not accept the user or the password; correct sasl`, {
        cause: error,
      });
    }
  }
  if (CERTIFICATE.test(saying)) {
    return new UsageError(`${subject}: TLS does not come about: ${saying}; correct tls (ca, cert, key, servername)`, {
      cause: error,
    });
  }
  return new ConnectionError(`${subject}: ${saying}`, { cause: error, retryable: canPass(chain) });
}

/** Tells whether an error says that the member's generation is over, so that its commits are refused. */
export function isStale(error: unknown): boolean {
  const stale = ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS", "FENCED_INSTANCE_ID"];
  return chainOf(error).some(({ type }) => stale.includes(type as string));
}

/** Tells whether an error says that the coordinator of a group is not ready yet. */
export function isLoading(error: unknown): boolean {
  const loading = ["GROUP_LOAD_IN_PROGRESS", "GROUP_COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR_FOR_GROUP"];
  return chainOf(error).some(({ type }) => loading.includes(type as string));
}

/** What the client calls final may be so only for the one try: what lies behind it counts. */
function canPass(chain: readonly ClientError[]): boolean {
  const last = chain.at(-1);
  if (last?.name === "TypeError" || last?.name === "RangeError" || last?.name === "ReferenceError") return false;
  if (typeof last?.type === "string") return last.retriable !== false;
  return true;
}

function chainOf(error: unknown): readonly ClientError[] {
  const chain: ClientError[] = [];
  for (let one = error; typeof one === "object" && one !== null && chain.length < LONGEST_CHAIN; ) {
    if (chain.includes(one)) break;
    chain.push(one);
    one = (one as ClientError).cause;
  }
  return chain.length === 0 ? [{ message: error }] : chain;
}
