import type { Admin, ConfigResourceTypes } from "kafkajs";
import { counted, sizeText, timeText } from "../../checkup/amounts.ts";
import type { Report } from "../../checkup/report.ts";
import type { NewTopic } from "./client.ts";

type Configs = ReadonlyMap<string, string>;

/** What the part says of its topic. */
export interface TopicHints {
  readonly options: Readonly<Record<string, unknown>>;
  readonly createTopic: NewTopic | undefined;
  readonly role: "listener" | "publisher";
  /** Another part of the same configuration is the other side. */
  readonly isOwn: boolean;
}

const DAY_MS = 24 * 3_600_000;
/** What a topic takes unless it says something else. */
const USUAL_BYTES = 1_048_588;
const SMALL_RETENTION_BYTES = 1024 ** 3;
const NAMES = [
  "retention.ms",
  "retention.bytes",
  "max.message.bytes",
  "min.insync.replicas",
  "cleanup.policy",
  "unclean.leader.election.enable",
];

/** Checks a topic: that it is there with its leaders and copies, how long it keeps messages, how large they may be. */
export async function checkTopic(
  admin: Admin,
  types: typeof ConfigResourceTypes,
  topic: string,
  hints: TopicHints,
  report: Report,
): Promise<void> {
  const { createTopic } = hints;
  if (!(await admin.listTopics()).includes(topic)) {
    if (createTopic === undefined) {
      return report.error("there is no such topic, or the user may not see it", "make it, or write createTopic: true");
    }
    const { partitions, replicationFactor } = createTopic;
    return report.ok(
      `is not there yet; it would be made, with ${counted(partitions, "partition")} and ${counted(replicationFactor, "copy", "copies")}`,
    );
  }
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions ?? [];
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: types.TOPIC, name: topic, configNames: NAMES }],
  });
  const configs = new Map(
    (resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]),
  );
  const copies = Math.min(...partitions.map(({ replicas }) => replicas.length));
  report.ok(`${counted(partitions.length, "partition")}, ${counted(copies, "copy", "copies")}`);
  const leaderless = partitions.filter(({ leader }) => leader < 0).map(({ partitionId }) => partitionId);
  if (leaderless.length > 0) {
    report.error(
      `the partitions ${leaderless.slice(0, 10).join(", ")} have no leader`,
      "start the brokers that have them",
    );
  }
  const { brokers } = await admin.describeCluster();
  checkCopies(partitions, copies, brokers.length, configs, hints, report);
  checkRetention(configs, report);
  checkSizes(configs, hints, report);
  for (const [name, wanted] of Object.entries(createTopic?.config ?? {})) {
    const there = configs.get(name);
    if (there !== undefined && there !== wanted) {
      report.warning(
        `${name} is ${there}, and createTopic asks for ${wanted}`,
        `the topic is there, and stays as it is; ${alter(topic, `${name}=${wanted}`)}`,
      );
    }
  }
}

function checkCopies(
  partitions: readonly { readonly isr: readonly number[]; readonly partitionId: number }[],
  copies: number,
  brokers: number,
  configs: Configs,
  { role }: TopicHints,
  report: Report,
): void {
  const least = Number(configs.get("min.insync.replicas") ?? 1);
  const short = partitions.filter(({ isr }) => isr.length < least).map(({ partitionId }) => partitionId);
  if (role === "publisher" && short.length > 0) {
    report.error(
      `the partitions ${short.slice(0, 10).join(", ")} have fewer copies in step than min.insync.replicas (${least}): ` +
        "nothing can be written",
      "start the other brokers, or set a smaller min.insync.replicas",
    );
  } else if (copies === 1 && brokers > 1) {
    report.warning("there is one copy: what was confirmed is gone with its broker", "give the topic three copies");
  } else if (copies > 1 && least >= copies) {
    report.warning(
      `min.insync.replicas is ${least}, as many as there are copies: nothing can be written while one broker is down`,
      `set it to ${copies - 1}`,
    );
  } else if (copies > 2 && least === 1) {
    report.warning("min.insync.replicas is 1: what one broker alone has confirmed is gone when it dies", "set it to 2");
  }
  if (configs.get("unclean.leader.election.enable") === "true") {
    report.warning(
      "unclean.leader.election.enable is true: what was confirmed may be lost when brokers die",
      "set it to false",
    );
  }
}

function checkRetention(configs: Configs, report: Report): void {
  const ms = Number(configs.get("retention.ms") ?? -1);
  const size = Number(configs.get("retention.bytes") ?? -1);
  const policy = configs.get("cleanup.policy") ?? "delete";
  if (policy.includes("compact")) {
    report.warning(
      `cleanup.policy is ${policy}: of messages with one key only the newest stays, and those without a key are refused`,
      "set it to delete",
    );
  }
  if (ms >= 0 && ms < DAY_MS) {
    report.warning(
      `retention.ms is ${ms} (${timeText(ms)}): a reader that is behind by more loses messages`,
      "raise it to what a night and a weekend need",
    );
  }
  if (size >= 0 && size < SMALL_RETENTION_BYTES) {
    report.warning(
      `retention.bytes is ${size} (${sizeText(size)} in a partition): a reader that is behind by more loses messages`,
      "raise it, or set -1 and keep by retention.ms",
    );
  }
}

function checkSizes(configs: Configs, { options, role }: TopicHints, report: Report): void {
  const most = Number(configs.get("max.message.bytes") ?? Number.NaN);
  if (role !== "publisher" || !(most > 0)) return;
  const batch = options["maxBatchBytes"];
  if (typeof batch === "number" && batch > most) {
    report.warning(
      `max.message.bytes is ${most}, and maxBatchBytes asks for ${batch}: batches are made smaller`,
      "raise the topic's max.message.bytes, or set a smaller maxBatchBytes",
    );
  } else if (most <= USUAL_BYTES) {
    report.warning(
      `max.message.bytes is ${most}: a larger message is refused, and an image of 1024 x 1024 pixels has 2 MB`,
      "where messages are larger, raise it, and the brokers' message.max.bytes",
    );
  } else report.ok(`takes messages of up to ${sizeText(most)}`);
}

function alter(topic: string, config: string): string {
  return `kafka-configs --alter --topic ${topic} --add-config ${config}`;
}
