import { setTimeout as pause } from "node:timers/promises";
import type { Admin, KafkaConfig } from "kafkajs";
import { counted } from "../../checkup/amounts.ts";
import type { Examination } from "../../checkup/finding.ts";
import { reach, speaksTls } from "../../checkup/reach.ts";
import { Report } from "../../checkup/report.ts";
import { hungUp } from "../../checkup/trouble.ts";
import { text } from "../../errors.ts";
import { CONNECTION_OPTIONS, type ConnectionPlan, connectionPlan } from "./connection-options.ts";
import { checkGroup } from "./group-checkup.ts";
import { isLoading, kafkaError } from "./kafka-errors.ts";
import { loadKafkajs } from "./load-kafkajs.ts";
import { checkTopic } from "./topic-checkup.ts";

type Options = Readonly<Record<string, unknown>>;

/** Begins our own errors, and is cut off where the subject says it already. */
const SUBJECT = "kafka";
/** A question may go to a broker that is just about to load; more is the deadline's. */
const RETRY = Object.freeze({ retries: 1, initialRetryTime: 100, maxRetryTime: 500 });
const LOADING_MS = 100;

/** Checks brokers, a topic and a group. Nothing is made, no group is joined, nothing is committed. */
export async function checkKafka(options: Options, examination: Examination): Promise<void> {
  const { signal, tell } = examination;
  const given = Object.entries(options).filter(([name]) => CONNECTION_OPTIONS.includes(name));
  // Brokers can be looked at without a topic.
  const plan = connectionPlan(SUBJECT, { topic: "none", ...Object.fromEntries(given) } as never, []);
  const report = new Report(`kafka ${plan.brokers.join(",")}`, tell);
  if (!(await checkBootstrap(plan, report, tell, signal))) return;
  const { kafka, library } = await client(plan);
  const admin = kafka.admin({ retry: RETRY });
  const over = (): void => void admin.disconnect().catch(() => undefined);
  signal.addEventListener("abort", over, { once: true });
  try {
    const connection = admin.connect();
    // Who accepts and says nothing is left to the deadline.
    connection.catch(() => undefined);
    await connection;
    await checkCluster(admin, report, tell, signal);
    const topic = options["topic"];
    if (typeof topic !== "string") return;
    const ofTopic = new Report(`${report.subject} ${topic}`, tell);
    const hints = { options, createTopic: plan.createTopic, role: examination.role, isOwn: examination.own.size > 0 };
    await checkTopic(admin, library.ConfigResourceTypes, topic, hints, ofTopic);
    const group = options["groupId"];
    if (typeof group === "string") await patiently(() => checkGroup(admin, group, topic, options, ofTopic), signal);
  } catch (error) {
    if (!signal.aborted) await tellFailure(plan, error, report, signal);
  } finally {
    signal.removeEventListener("abort", over);
    over();
  }
}

/** Looks whether any of the brokers to begin with can be reached: the client would say only that it tried them all. */
async function checkBootstrap(
  { brokers }: ConnectionPlan,
  report: Report,
  tell: Examination["tell"],
  signal: AbortSignal,
): Promise<boolean> {
  const troubles = await Promise.all(
    brokers.map(async (broker) => {
      try {
        await reach(placeOf(broker), signal);
        return undefined;
      } catch (error) {
        return { broker, error };
      }
    }),
  );
  const failed = troubles.filter((trouble) => trouble !== undefined);
  if (signal.aborted) return false;
  if (failed.length < brokers.length) {
    for (const { broker, error } of failed) {
      new Report(`kafka ${broker}`, tell).warning(
        `cannot be reached (${text(error)}); the other brokers can`,
        "start it, or take it out of brokers",
      );
    }
    return true;
  }
  for (const { error } of failed.slice(0, 1)) report.failed(error, SUBJECT);
  return false;
}

async function client(plan: ConnectionPlan): Promise<{
  readonly kafka: InstanceType<Awaited<ReturnType<typeof loadKafkajs>>["Kafka"]>;
  readonly library: Awaited<ReturnType<typeof loadKafkajs>>;
}> {
  const library = await loadKafkajs(SUBJECT);
  const { brokers, clientId, tls, sasl, connectTimeoutMs, requestTimeoutMs } = plan;
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: RETRY,
    logLevel: library.logLevel.NOTHING,
    ...(tls === false ? {} : { ssl: tls }),
    ...(sasl === undefined ? {} : { sasl: sasl as NonNullable<KafkaConfig["sasl"]> }),
  };
  return { kafka: new library.Kafka(config), library };
}

/** Clients are sent on to the addresses that brokers advertise: those have to lead somewhere from here. */
async function checkCluster(
  admin: Admin,
  report: Report,
  tell: Examination["tell"],
  signal: AbortSignal,
): Promise<void> {
  const { brokers, controller } = await admin.describeCluster();
  await Promise.all(
    brokers.map(async ({ host, port, nodeId }) => {
      try {
        await reach({ host, port }, signal);
      } catch (error) {
        if (signal.aborted) return;
        new Report(`kafka ${host}:${port}`, tell).error(
          `broker ${nodeId} says that this is its address, and it cannot be reached from here (${text(error)})`,
          "correct advertised.listeners of the broker, or the name or route here",
        );
      }
    }),
  );
  report.ok(
    `${counted(brokers.length, "broker answers", "brokers answer")}` +
      (controller === null ? "" : `, ${controller} is the controller`),
  );
  report.ok("brokers do not tell their clocks", "see that NTP runs there and here (chronyc tracking, timedatectl)");
}

async function patiently(question: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await question();
    } catch (error) {
      if (signal.aborted || !isLoading(error)) throw error;
    }
    await pause(LOADING_MS);
  }
}

async function tellFailure(plan: ConnectionPlan, error: unknown, report: Report, signal: AbortSignal): Promise<void> {
  const said = kafkaError(SUBJECT, error);
  const [broker] = plan.brokers;
  if (plan.tls === false && broker !== undefined && (hungUp(error) || hungUp(said))) {
    if (await speaksTls(placeOf(broker), signal)) {
      return report.error("hangs up: TLS is spoken at this port", "write tls: true");
    }
    if (plan.sasl === undefined) return report.error("hangs up on us: it may want a user and a password", "give sasl");
  }
  report.failed(said, SUBJECT);
}

function placeOf(broker: string): { readonly host: string; readonly port: number } {
  const at = broker.lastIndexOf(":");
  return { host: broker.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(broker.slice(at + 1)) };
}
