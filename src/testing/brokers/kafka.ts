import { existsSync } from "node:fs";
import { cp, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AttachedBroker } from "./attached-broker.ts";
import { type Broker, type BrokerOptions, READY_MS } from "./broker.ts";
import { kafkaFolder } from "./kafka-jars.ts";
import type { Recipe } from "./private-broker.ts";
import { ask } from "./probe.ts";
import { startPrivate } from "./start-private.ts";
import { runTool } from "./tool.ts";

/** Configures a Kafka broker of a single node. */
export interface KafkaOptions extends BrokerOptions {
  /** The version. Default 4.3.1; 3.9.2 is the other one that is tested. */
  readonly version?: string;
  /** Further lines of server.properties, by name; they win. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** The port that clients are sent to, where that is a proxy's. Default its own. */
  readonly advertisedPort?: number;
  /** The most memory of its heap, in MB. Default 512. */
  readonly heapMb?: number;
  /** A second way in, with TLS and passwords. Default: none. */
  readonly secure?: KafkaSecurity;
}

/** Configures a way in with TLS and passwords (SASL, plain). */
export interface KafkaSecurity {
  /** A free port of the loopback interface. */
  readonly port: number;
  /** The certificate chain and the private key (PKCS #8, not encrypted), as PEM. */
  readonly certificate: string;
  readonly key: string;
  /** Passwords by user. */
  readonly users: Readonly<Record<string, string>>;
}

const VERSION = "4.3.1";
const CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk";
/** Quicker to start; for benchmarks it would be slower. */
const QUICK = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
const ARCHIVE = "classes.jsa";
const FORMATTED = "formatted";
/** ApiVersions version 0, correlation id 7, no client id. */
const API_VERSIONS = Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff);

/**
 * Starts a Kafka broker of its own, or attaches to those that ARROYO_KAFKA_BROKERS names. Its jars come by Maven into
 * the user's cache.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Broker> {
  const brokers = process.env.ARROYO_KAFKA_BROKERS;
  if (brokers && options.own !== true) return new AttachedBroker("kafka", "ARROYO_KAFKA_BROKERS", brokers, 9092);
  const { version = VERSION } = options;
  await prepareKafka(version);
  return startNode(version, options, ["-Xshare:auto", `-XX:SharedArchiveFile=${await archive(version)}`]);
}

/** Gets a version of Kafka and what makes its start quick: a formatted folder and an archive of its classes. */
export async function prepareKafka(version: string = VERSION): Promise<void> {
  const folder = await kafkaFolder(version);
  if (!existsSync(join(folder, FORMATTED))) await format(folder);
  const path = await archive(version);
  if (existsSync(path)) return;
  const part = `${path}.${process.pid}`;
  const broker = await startNode(version, {}, [`-XX:ArchiveClassesAtExit=${part}`]);
  await broker.stop();
  await broker[Symbol.asyncDispose]();
  // Of several processes that do this at the same time the last one's stays; all are alike.
  if (existsSync(part)) await rename(part, path);
}

async function archive(version: string): Promise<string> {
  return join(await kafkaFolder(version), ARCHIVE);
}

/** Formats once, for all brokers: each has the folder to itself, so that they need not have different ids. */
async function format(cached: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "arroyo-kafka-"));
  try {
    const properties = join(folder, "server.properties");
    await writeFile(properties, serverProperties(folder, 0, 0, {}));
    const tool = ["-cp", join(cached, "lib", "*"), "kafka.tools.StorageTool"];
    await runTool("java", [...QUICK, ...tool, "format", "-t", CLUSTER_ID, "-c", properties]);
    const part = `${join(cached, FORMATTED)}.${process.pid}`;
    await cp(join(folder, "data"), part, { recursive: true });
    // Another process may have been quicker; its folder is as good.
    await rename(part, join(cached, FORMATTED)).catch(() => rm(part, { recursive: true, force: true }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startNode(version: string, options: KafkaOptions, flags: readonly string[]): Promise<Broker> {
  const cached = await kafkaFolder(version);
  const { heapMb = 512, readyMs = READY_MS } = options;
  return startPrivate("kafka", 2, async (folder, [port = 0, controllerPort = 0]): Promise<Recipe> => {
    await cp(join(cached, FORMATTED), join(folder, "data"), { recursive: true });
    const properties = join(folder, "server.properties");
    await writeFile(properties, serverProperties(folder, port, controllerPort, options));
    const args = [
      ...["-Xms128m", `-Xmx${heapMb}m`, ...QUICK, ...flags, `-Dkafka.logs.dir=${folder}`],
      ...["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", join(cached, "lib", "*"), "kafka.Kafka", properties],
    ];
    return {
      name: `kafka ${version}`,
      url: `127.0.0.1:${options.advertisedPort ?? port}`,
      port,
      folder,
      commands: [{ command: "java", args }],
      readyMs,
      probe: () => answers(port),
    };
  });
}

function serverProperties(folder: string, port: number, controllerPort: number, options: KafkaOptions): string {
  const lines = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${options.advertisedPort ?? port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": join(folder, "data"),
    // A wrong name of a topic is an error, not a new topic.
    "auto.create.topics.enable": false,
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    // With the usual 9 s a broker that was killed is not let in again for 14 s.
    "broker.session.timeout.ms": 2_000,
    "broker.heartbeat.interval.ms": 500,
    "num.network.threads": 2,
    "num.io.threads": 2,
    "log.cleaner.enable": false,
  };
  const all = {
    ...lines,
    ...(options.secure === undefined ? {} : secured(options.secure, lines)),
    ...options.settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function secured(
  { port, certificate, key, users }: KafkaSecurity,
  lines: Readonly<Record<string, string | number | boolean>>,
): Record<string, string> {
  const place = `SECURE://127.0.0.1:${port}`;
  const passwords = Object.entries(users).map(([user, password]) => ` user_${user}="${password}"`);
  // A line break would end the setting.
  const pem = (text: string): string => text.trim().replaceAll("\n", "\\n");
  return {
    listeners: `${lines["listeners"]},${place}`,
    "advertised.listeners": `${lines["advertised.listeners"]},${place}`,
    "listener.security.protocol.map": `${lines["listener.security.protocol.map"]},SECURE:SASL_SSL`,
    "listener.name.secure.ssl.keystore.type": "PEM",
    "listener.name.secure.ssl.keystore.certificate.chain": pem(certificate),
    "listener.name.secure.ssl.keystore.key": pem(key),
    "listener.name.secure.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.secure.plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required${passwords.join("")};`,
  };
}

async function answers(port: number): Promise<boolean> {
  const answer = await ask(port, API_VERSIONS, 10);
  return answer !== undefined && answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0;
}
