import type { Admin } from "kafkajs";
import { counted, timeText } from "../../checkup/amounts.ts";
import type { Report } from "../../checkup/report.ts";

type Options = Readonly<Record<string, unknown>>;

const SESSION_TIMEOUT_MS = 30_000;
const BROKER = 4;
const DAY_MS = 24 * 3_600_000;
const NAMES = ["offsets.retention.minutes", "group.min.session.timeout.ms", "group.max.session.timeout.ms"];

/** Checks a consumer group: its members, what it has committed and whether that is still there, and its bounds. */
export async function checkGroup(
  admin: Admin,
  group: string,
  topic: string,
  options: Options,
  report: Report,
): Promise<void> {
  const { groups } = await admin.describeGroups([group]);
  const [found] = groups;
  const members = found?.members.length ?? 0;
  const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const committed = (offsets?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
  if (committed.length === 0 && members === 0) report.ok(`there is no group ${group} yet; it would be made`);
  else {
    const lag = await lagOf(admin, topic, committed, group, options, report);
    report.ok(`the group ${group} has ${counted(members, "member")} and ${counted(lag, "message")} to read`);
  }
  if (found?.protocolType !== undefined && found.protocolType !== "" && found.protocolType !== "consumer") {
    report.error(`the group ${group} has members of another kind (${found.protocolType})`, "use another groupId");
  }
  await checkBounds(admin, group, options, report);
}

async function lagOf(
  admin: Admin,
  topic: string,
  committed: readonly { readonly partition: number; readonly offset: string }[],
  group: string,
  { outOfRange = "earliest" }: Options,
  report: Report,
): Promise<number> {
  const extents = await admin.fetchTopicOffsets(topic);
  let lag = 0;
  let lost = 0;
  for (const { partition, low, high } of extents) {
    const at = committed.find((one) => one.partition === partition);
    const from = at === undefined ? Number(low) : Number(at.offset);
    lost += Math.max(0, Number(low) - from);
    lag += Math.max(0, Number(high) - Math.max(from, Number(low)));
    if (from > Number(high)) {
      report.warning(
        `the group ${group} stands at ${from} in partition ${partition}, which ends at ${high}: the topic was made anew`,
        `reading begins at the ${outOfRange === "latest" ? "newest" : "oldest"} message (outOfRange)`,
      );
    }
  }
  if (lost > 0) {
    const say = `${lost} messages were deleted before the group ${group} read them`;
    if (outOfRange === "fail") report.error(say, "say outOfRange: earliest to go on, or keep messages longer");
    else report.warning(say, "keep messages longer (retention.ms, retention.bytes), or read faster");
  }
  return lag;
}

/** What brokers allow a group, where the user may look at it. */
async function checkBounds(admin: Admin, group: string, options: Options, report: Report): Promise<void> {
  const configs = await brokerConfigs(admin);
  const minutes = Number(configs.get("offsets.retention.minutes") ?? Number.NaN);
  if (minutes * 60_000 < DAY_MS) {
    report.warning(
      `offsets.retention.minutes is ${minutes}: a group without members forgets where it is after ${timeText(minutes * 60_000)}`,
      "raise it at the brokers, to more than the longest pause",
    );
  }
  const { sessionTimeoutMs = SESSION_TIMEOUT_MS } = options;
  const [least, most] = ["min", "max"].map((end) =>
    Number(configs.get(`group.${end}.session.timeout.ms`) ?? Number.NaN),
  );
  if (Number(sessionTimeoutMs) < (least as number) || Number(sessionTimeoutMs) > (most as number)) {
    report.error(
      `the brokers allow the group ${group} a sessionTimeoutMs from ${least} to ${most}, and it asks for ${String(sessionTimeoutMs)}`,
      "set one in between, or change group.min.session.timeout.ms",
    );
  }
}

async function brokerConfigs(admin: Admin): Promise<ReadonlyMap<string, string>> {
  try {
    const { brokers } = await admin.describeCluster();
    const [first] = brokers;
    if (first === undefined) return new Map();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: BROKER, name: String(first.nodeId), configNames: NAMES }],
    });
    return new Map((resources[0]?.configEntries ?? []).map((entry) => [entry.configName, entry.configValue]));
  } catch {
    // Not everybody may look at this.
    return new Map();
  }
}
