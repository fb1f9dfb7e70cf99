import type { ConnectionOptions } from "node:tls";
import { UsageError } from "../../errors.ts";
import { checkNames, shown, wholeNumber } from "../../options/option-check.ts";
import type { KafkaSasl, NewTopic, Way } from "./client.ts";

/** Says which topic is made where there is none. */
export interface KafkaNewTopic {
  /** Partitions, from 1 on. Default 1. Native name: num.partitions. */
  readonly partitions?: number;
  /** Copies, from 1 on; at most as many as there are brokers. Default 1. Native name: replication.factor. */
  readonly replicationFactor?: number;
  /** Further settings of the topic, by their native names: `{ "retention.ms": "86400000" }`. Default: the brokers'. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Says which brokers are meant, and how one gets in. */
export interface KafkaConnectionOptions {
  /** Brokers to begin with, `host:port`; one that answers is enough. Native name: bootstrap.servers. */
  readonly brokers: readonly string[];
  /** The topic. */
  readonly topic: string;
  /** The name by which the brokers know this client, for their logs and quotas. Default `arroyojs`. Native name: client.id. */
  readonly clientId?: string;
  /** TLS: true, or options as for `tls.connect` (`ca`, `cert`, `key`, `servername`). Default: none. */
  readonly tls?: boolean | ConnectionOptions;
  /** Who this is. Default: nobody in particular. Native names: sasl.mechanism, sasl.jaas.config. */
  readonly sasl?: KafkaSasl;
  /** Makes the topic where it does not exist; `true` for one partition. Default: a missing topic is an error. */
  readonly createTopic?: boolean | KafkaNewTopic;
  /** How long connecting may take, in milliseconds, from 1 on. Default 5 000. */
  readonly connectTimeoutMs?: number;
  /** How long a broker's answer may take, in milliseconds, from 1 on. Default 30 000. Native name: request.timeout.ms. */
  readonly requestTimeoutMs?: number;
}

/** The names of these options. */
export const CONNECTION_OPTIONS: readonly string[] = [
  "brokers",
  "topic",
  "clientId",
  "tls",
  "sasl",
  "createTopic",
  "connectTimeoutMs",
  "requestTimeoutMs",
];

/** What is known before anything is connected. */
export interface ConnectionPlan extends Way {
  readonly topic: string;
  readonly createTopic: NewTopic | undefined;
}

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
const TOPIC_NAME = /^(?!\.{1,2}$)[\w.-]{1,249}$/;
const BROKER = /^(\[[\da-fA-F:]+\]|[^\s:/]+):\d{1,5}$/;
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"];

/** Checks the options of a connection, and that there are no others than these and the names given. */
export function connectionPlan(
  subject: string,
  options: KafkaConnectionOptions,
  others: readonly string[],
): ConnectionPlan {
  if (typeof options !== "object" || options === null) {
    throw new UsageError(`${subject}: expected options such as { brokers: ["host:9092"], topic: "frames" }`);
  }
  checkNames(subject, options, [...CONNECTION_OPTIONS, ...others]);
  const { brokers, topic, tls = false, sasl, connectTimeoutMs, requestTimeoutMs } = options;
  if (!Array.isArray(brokers) || brokers.length === 0 || !brokers.every((one) => BROKER.test(String(one)))) {
    throw new UsageError(`${subject}: brokers: expected a list such as ["10.0.0.1:9092"], got ${shown(brokers)}`);
  }
  if (typeof topic !== "string" || !TOPIC_NAME.test(topic)) {
    throw new UsageError(
      `${subject}: topic: expected a name of at most 249 letters, digits, '.', '_' and '-', got ${shown(topic)}`,
    );
  }
  if (typeof tls !== "boolean" && (typeof tls !== "object" || tls === null)) {
    throw new UsageError(`${subject}: tls: expected true or options as for tls.connect`);
  }
  return {
    subject,
    brokers,
    topic,
    clientId: nonEmpty(subject, "clientId", options.clientId, "arroyojs"),
    tls,
    sasl: checkedSasl(subject, sasl),
    createTopic: newTopic(subject, options.createTopic),
    connectTimeoutMs: wholeNumber(subject, "connectTimeoutMs", connectTimeoutMs, CONNECT_TIMEOUT_MS, 1),
    requestTimeoutMs: wholeNumber(subject, "requestTimeoutMs", requestTimeoutMs, REQUEST_TIMEOUT_MS, 1),
  };
}

/** Gives a text that is not empty, or the default where the option is absent. */
export function nonEmpty(subject: string, name: string, value: unknown, other?: string): string {
  if (value === undefined && other !== undefined) return other;
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`${subject}: ${name}: expected a text, got ${shown(value)}`);
}

/** Secrets may stand in it, so that it is never repeated. */
function checkedSasl(subject: string, sasl: KafkaSasl | undefined): KafkaSasl | undefined {
  if (sasl === undefined) return undefined;
  const { mechanism } = sasl ?? {};
  if (!MECHANISMS.includes(mechanism)) {
    throw new UsageError(`${subject}: sasl.mechanism: expected ${MECHANISMS.join(", ")}, got ${shown(mechanism)}`);
  }
  const given = sasl as unknown as Readonly<Record<string, unknown>>;
  const wanted = mechanism === "oauthbearer" ? ["oauthBearerProvider"] : ["username", "password"];
  for (const name of wanted) {
    const type = name === "oauthBearerProvider" ? "function" : "string";
    if (typeof given[name] !== type) throw new UsageError(`${subject}: sasl.${name}: expected a ${type}`);
  }
  return sasl;
}

function newTopic(subject: string, wish: boolean | KafkaNewTopic | undefined): NewTopic | undefined {
  if (wish === undefined || wish === false) return undefined;
  const { partitions, replicationFactor, config = {} } = wish === true ? {} : wish;
  if (typeof config !== "object" || config === null || Object.values(config).some((one) => typeof one !== "string")) {
    throw new UsageError(`${subject}: createTopic.config: expected texts by name, such as { "retention.ms": "1000" }`);
  }
  return {
    partitions: wholeNumber(subject, "createTopic.partitions", partitions, 1, 1),
    replicationFactor: wholeNumber(subject, "createTopic.replicationFactor", replicationFactor, 1, 1),
    config,
  };
}
