import type { Checkup, Examination } from "../../checkup/finding.ts";
import { speaksTls } from "../../checkup/reach.ts";
import { Report } from "../../checkup/report.ts";
import { hungUp } from "../../checkup/trouble.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import { names } from "./channels.ts";
import { CONNECTION_OPTIONS, type ConnectionPlan, connectionPlan } from "./connection-options.ts";
import { Link } from "./link.ts";
import { checkPermissions, type Wish } from "./permissions-checkup.ts";
import { checkServer } from "./server-checkup.ts";
import { pubSubWarnings, type ServerLimits, serverLimits, streamWarnings } from "./server-limits.ts";
import { checkStream } from "./stream-checkup.ts";

type Options = Readonly<Record<string, unknown>>;
type Look = (link: Link, limits: ServerLimits, subject: Report) => Promise<void>;

/** Begins our own errors, and is cut off where the subject says it already. */
const SUBJECT = "redis";

/** Checks a server for a part that reads or writes channels. */
export const checkRedisChannels: Checkup = (options, examination) =>
  withServer(options, examination, async (link, limits, server) => {
    const channels = [...names(SUBJECT, "channels", options["channels"] ?? options["channel"])];
    const patterns = names(SUBJECT, "patterns", options["patterns"]);
    const largest = DEFAULT_LIMITS.maxMessageBytes;
    if (examination.role === "listener") {
      for (const warning of pubSubWarnings(limits, largest)) server.warned(warning);
    }
    checkSizes(server, limits);
    const wishes = channels.map(
      (name): Wish =>
        examination.role === "listener"
          ? { command: ["SUBSCRIBE", name], means: "read" }
          : { command: ["PUBLISH", name, ""], means: "publish on" },
    );
    const ofPatterns = patterns.map((name): Wish => ({ command: ["PSUBSCRIBE", name], means: "read" }));
    for (const wish of [...wishes, ...ofPatterns]) {
      await checkPermissions(
        link,
        [wish],
        new Report(`${server.subject} ${String(wish.command[1])}`, examination.tell),
      );
    }
    if (examination.role === "publisher") {
      for (const name of channels) {
        const [, count] = (await link.call(["PUBSUB", "NUMSUB", name])) as [unknown, unknown];
        new Report(`${server.subject} ${name}`, examination.tell).ok(`${String(count)} subscribe to it now`);
      }
    }
  });

/** Checks a server for a part that reads or writes a stream. */
export const checkRedisStream: Checkup = (options, examination) =>
  withServer(options, examination, async (link, limits, server) => {
    for (const warning of streamWarnings(limits)) server.warned(warning);
    checkSizes(server, limits);
    if (typeof options["stream"] !== "string") return;
    const report = new Report(`${server.subject} ${options["stream"]}`, examination.tell);
    await checkStream(link, options["stream"], options, examination, report);
  });

async function withServer(options: Options, { signal, tell }: Examination, look: Look): Promise<void> {
  const given = Object.entries(options).filter(([name]) => CONNECTION_OPTIONS.includes(name));
  const plan = connectionPlan(SUBJECT, Object.fromEntries(given), []);
  const report = new Report(`redis ${plan.place}`, tell);
  let link: Link;
  try {
    link = await Link.open(SUBJECT, plan, signal);
  } catch (error) {
    if (!signal.aborted) await tellFailure(report, plan, error, signal);
    return;
  }
  try {
    await link.while(signal, answered(link, plan, report, look, signal));
  } finally {
    link.close();
  }
}

async function answered(
  link: Link,
  plan: ConnectionPlan,
  report: Report,
  look: Look,
  signal: AbortSignal,
): Promise<void> {
  try {
    const limits = await serverLimits(link);
    await checkServer(link, limits, report);
    await look(link, limits, report);
  } catch (error) {
    if (!signal.aborted) await tellFailure(report, plan, error, signal);
  }
}

/** Who wants TLS hangs up on those who do not speak it, without a word. */
async function tellFailure(report: Report, plan: ConnectionPlan, error: unknown, signal: AbortSignal): Promise<void> {
  const url = plan.url === undefined ? undefined : new URL(plan.url);
  if (url?.protocol === "redis:" && plan.client["tls"] === undefined && hungUp(error)) {
    const where = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 6379) };
    if (await speaksTls(where, signal)) return report.error("hangs up: TLS is spoken at this port", "write rediss://");
  }
  report.failed(error, SUBJECT);
}

function checkSizes(report: Report, { maxBulkBytes, isTold }: ServerLimits): void {
  if (!isTold || maxBulkBytes >= DEFAULT_LIMITS.maxMessageBytes) return;
  report.warning(
    `proto-max-bulk-len is ${maxBulkBytes} bytes: a larger message is refused, and one may have ` +
      `${DEFAULT_LIMITS.maxMessageBytes} here`,
    `where messages are so large: CONFIG SET proto-max-bulk-len ${DEFAULT_LIMITS.maxMessageBytes}`,
  );
}
