import { randomUUID } from "node:crypto";
import type { Examination } from "../../checkup/finding.ts";
import { speaksTls } from "../../checkup/reach.ts";
import { Report } from "../../checkup/report.ts";
import { hungUp } from "../../checkup/trouble.ts";
import { CONNECTION_OPTIONS, type ConnectionPlan, connectionPlan } from "./connection-options.ts";
import { exchangePlan, queuePlan } from "./declarations.ts";
import { checkExchange } from "./exchange-checkup.ts";
import { Link } from "./link.ts";
import { checkQueue } from "./queue-checkup.ts";

type Options = Readonly<Record<string, unknown>>;

/** Begins our own errors, and is cut off where the subject says it already. */
const SUBJECT = "amqp";
const ALARM_MS = 500;
/** From this version on a broker takes messages of up to 16 MB unless its configuration says more. */
const SMALL_FROM = 4;

/**
 * Checks a broker, a queue, a stream and an exchange. Nothing is made, bound or consumed; the arguments of a queue are
 * learnt from what the broker answers to a declaration that is not equal to it.
 */
export async function checkAmqp(options: Options, examination: Examination): Promise<void> {
  const { signal, tell, role, own } = examination;
  const given = Object.entries(options).filter(([name]) => CONNECTION_OPTIONS.includes(name));
  const plan = connectionPlan(SUBJECT, Object.fromEntries(given) as never, []);
  const report = new Report(`amqp ${plan.place}`, tell);
  let link: Link;
  try {
    link = await Link.open(SUBJECT, plan, signal);
  } catch (error) {
    if (!signal.aborted) await tellFailure(report, plan, error, signal);
    return;
  }
  try {
    report.ok(`${link.server} answers; it does not tell its clock`);
    if (role === "publisher") await link.while(signal, checkAlarm(link, options["queue"] !== undefined, report));
    tellSizes(link.server, role, report);
    const { queue, exchange, declare } = options;
    const ofExchange = exchange === undefined ? undefined : exchangePlan(SUBJECT, exchange);
    if (ofExchange !== undefined) {
      const named = new Report(`${report.subject} exchange ${ofExchange.name}`, tell);
      await link.while(signal, checkExchange(link, ofExchange, role, named));
    }
    if (typeof queue === "string") {
      const named = new Report(`${report.subject} ${queue}`, tell);
      const isStream = "cursor" in options || "from" in options || options["use"] === "amqp-stream";
      const wanted = isStream && declare !== false ? { ...(declare as object | undefined), type: "stream" } : declare;
      await link.while(signal, checkQueue(link, queuePlan(SUBJECT, queue, wanted), options, role, own.size > 0, named));
    }
  } catch (error) {
    if (!signal.aborted) report.failed(error, SUBJECT);
  } finally {
    await link.close();
  }
}

/** Checks a broker and a stream of it. */
export function checkAmqpStream(options: Options, examination: Examination): Promise<void> {
  return checkAmqp({ ...options, use: "amqp-stream" }, examination);
}

/**
 * A broker that is out of memory or disk takes nothing from publishers, and says so when it is sent something: here an
 * empty message for a queue that does not exist, which it gives back.
 */
async function checkAlarm(link: Link, isForQueue: boolean, report: Report): Promise<void> {
  const open = await link.channel();
  const { channel, lost } = open;
  let timer: NodeJS.Timeout | undefined;
  const state = await Promise.race([
    new Promise<string>((resolve) => link.onBlocked((reason) => resolve(`takes nothing from publishers: ${reason}`))),
    new Promise<undefined>((resolve) => channel.once("return", () => resolve(undefined))),
    lost.then((error) => {
      // Who publishes to an exchange of their own need not be allowed to use the common one.
      if (isForQueue || link.isClosed) throw error;
      return undefined;
    }),
    new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, ALARM_MS, undefined);
      channel.publish("", `arroyo.doctor.${randomUUID()}`, Buffer.alloc(0), { mandatory: true });
    }),
  ]);
  clearTimeout(timer);
  if (state !== undefined) report.error(state, "make room there (rabbitmqctl status names the alarm)");
  else if (!open.isClosed) await channel.close();
}

function tellSizes(server: string, role: Examination["role"], report: Report): void {
  const major = Number(/^RabbitMQ (\d+)\./.exec(server)?.[1] ?? Number.NaN);
  if (role !== "publisher" || Number.isNaN(major)) return;
  report.ok(
    `it does not tell its max_message_size; usual is ${major >= SMALL_FROM ? 16 : 128} MB`,
    "where messages are larger, set it in rabbitmq.conf",
  );
}

async function tellFailure(report: Report, plan: ConnectionPlan, error: unknown, signal: AbortSignal): Promise<void> {
  const { host, port, isSecure } = plan;
  if (!isSecure && hungUp(error) && (await speaksTls({ host, port }, signal))) {
    return report.error("hangs up: TLS is spoken at this port", "write amqps://");
  }
  report.failed(error, SUBJECT);
}
