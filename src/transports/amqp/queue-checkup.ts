import { counted, sizeText, timeText } from "../../checkup/amounts.ts";
import type { Report } from "../../checkup/report.ts";
import { text } from "../../errors.ts";
import { declareQueue, type QueuePlan } from "./declarations.ts";
import type { Link } from "./link.ts";
import { type QueueFacts, queueArguments } from "./queue-arguments.ts";

type Options = Readonly<Record<string, unknown>>;

const DAY_MS = 24 * 3_600_000;
/** How often a message of a quorum queue is given from version 4 on, unless the queue says something else. */
const USUAL_DELIVERIES = 20;
const UNITS_MS: Readonly<Record<string, number>> = {
  Y: 365 * DAY_MS,
  M: 30 * DAY_MS,
  D: DAY_MS,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
};

/** Checks that a queue is there as it is to be, and what of how it was made can lose messages. */
export async function checkQueue(
  link: Link,
  plan: QueuePlan,
  options: Options,
  role: "listener" | "publisher",
  isOwn: boolean,
  report: Report,
): Promise<void> {
  const there = await found(link, plan.name, report);
  if (there === "refused") return;
  if (there === undefined) {
    if (plan.declare === false) {
      if (isOwn) return report.ok("is not there yet; another part of this configuration makes it");
      return report.error("there is no such queue", 'make it, or leave out "declare: false"');
    }
    return report.ok(`is not there yet; it would be made, ${typeOf(plan)}`);
  }
  const { messageCount, consumerCount } = there;
  report.ok(`holds ${counted(messageCount, "message")} and has ${counted(consumerCount, "consumer")}`);
  if (plan.declare !== undefined && plan.declare !== false) {
    try {
      await declareQueue(async () => (await link.channel()).channel, plan);
    } catch (error) {
      return report.failed(link.error(error), "amqp");
    }
  }
  const facts = await queueArguments(link, plan.name);
  const type = String(facts.arguments["x-queue-type"] ?? "classic");
  const isExclusive = options["exclusive"] === true;
  if (role === "listener" && type !== "stream" && consumerCount > 0) {
    report.warning(
      `it has ${counted(consumerCount, "other consumer")}: each event, Start and Stop comes to one of them`,
      isExclusive
        ? "exclusive is refused while they are there; stop them"
        : "for runs use one consumer at a time (exclusive: true), a queue for each reader, or a stream",
    );
  }
  if (role === "listener") await checkReading(link, plan.name, report);
  checkFacts(facts, type, link.server, report);
}

/** Asks to consume with an argument that is refused: whether the user may read is looked at before it. */
async function checkReading(link: Link, name: string, report: Report): Promise<void> {
  if (!link.server.startsWith("RabbitMQ")) return;
  const { channel } = await link.channel();
  try {
    const { consumerTag } = await channel.consume(name, () => undefined, { arguments: { "x-priority": "none" } });
    await channel.cancel(consumerTag);
    await channel.close();
  } catch (error) {
    if (!/ACCESS_REFUSED/.test(text(error))) return report.ok("the user may read it");
    report.error("the user may not read it", `rabbitmqctl set_permissions: read has to fit ${name}`);
  }
}

interface Found {
  readonly messageCount: number;
  readonly consumerCount: number;
}

async function found(link: Link, name: string, report: Report): Promise<Found | "refused" | undefined> {
  const { channel } = await link.channel();
  try {
    const there = await channel.checkQueue(name);
    await channel.close();
    return there;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 404) return undefined;
    if (code === 405) {
      report.error("another connection has it for itself alone (exclusive)", "stop that one, or use another queue");
    } else if (/ACCESS_REFUSED/.test(text(error))) {
      report.error("the user may not use it", "rabbitmqctl set_permissions: configure, write and read have to fit");
    } else throw error;
    return "refused";
  }
}

function typeOf({ declare }: QueuePlan): string {
  const { type = "classic", durable = true } = declare === false || declare === undefined ? {} : declare;
  return `as a ${durable ? "durable" : "transient"} ${type} queue`;
}

function checkFacts(
  { durable, autoDelete, arguments: given, isWhole }: QueueFacts,
  type: string,
  server: string,
  report: Report,
): void {
  if (!durable) {
    report.warning("it is not durable: it is gone when the broker is restarted", "make it anew with durable: true");
  }
  if (autoDelete) {
    report.warning("it is deleted when its last consumer goes", "make it anew without auto-delete");
  }
  if (type === "stream") checkStream(given, report);
  else checkBounds(given, report);
  const deadLetters = given["x-dead-letter-exchange"];
  const limit = given["x-delivery-limit"] ?? (/ [4-9]\./.test(server) ? USUAL_DELIVERIES : undefined);
  if (type === "quorum" && limit !== undefined && Number(limit) >= 0 && deadLetters === undefined) {
    report.warning(
      `a message that was given ${String(limit)} times is thrown away (x-delivery-limit), and there is no dead-letter exchange`,
      "make it anew with deadLetterExchange, or with a higher deliveryLimit",
    );
  }
  report.ok(
    `is a ${type} queue${Object.keys(given).length === 0 ? "" : ` with ${listed(given)}`}` +
      (isWhole ? "" : "; not all of how it was made could be learnt"),
    "what policies set is not told: rabbitmqctl list_policies",
  );
}

function checkBounds(given: QueueFacts["arguments"], report: Report): void {
  const bounds = ["x-max-length", "x-max-length-bytes"].filter((name) => given[name] !== undefined);
  const overflow = given["x-overflow"] ?? "drop-head";
  if (bounds.length > 0 && overflow !== "reject-publish" && overflow !== "reject-publish-dlx") {
    const bound = bounds.map((name) => `${name} ${String(given[name])}`).join(" and ");
    report.warning(
      `beyond ${bound} the oldest messages fall out, confirmed or not (x-overflow ${String(overflow)})`,
      "make it anew with overflow: reject, so that publishers wait",
    );
  }
  const ttl = given["x-message-ttl"];
  if (ttl !== undefined) {
    report.warning(
      `messages that nobody took for ${timeText(Number(ttl))} are thrown away (x-message-ttl)`,
      "make it anew without maxAgeMs, or with a longer one",
    );
  }
  if (given["x-expires"] !== undefined) {
    report.warning(
      `it is deleted when nobody used it for ${timeText(Number(given["x-expires"]))} (x-expires)`,
      "make it anew without that argument",
    );
  }
}

function checkStream(given: QueueFacts["arguments"], report: Report): void {
  const age = given["x-max-age"];
  const size = given["x-max-length-bytes"];
  if (age === undefined && size === undefined) {
    report.warning("it keeps everything: its disk fills up", "set maxBytes or maxAgeMs, here or by a policy");
  }
  const [, count = "", unit = ""] = /^(\d+)([YMDhms])$/.exec(String(age ?? "")) ?? [];
  const ageMs = Number(count) * (UNITS_MS[unit] ?? 0);
  if (ageMs > 0 && ageMs < DAY_MS) {
    report.warning(
      `it keeps messages for ${timeText(ageMs)} (x-max-age): a reader that is behind by more loses some`,
      "keep more: maxAgeMs",
    );
  }
  if (size !== undefined && Number(size) < 1024 ** 3) {
    report.warning(
      `it keeps ${sizeText(Number(size))} (x-max-length-bytes): a reader that is behind by more loses some`,
      "keep more: maxBytes",
    );
  }
}

function listed(given: QueueFacts["arguments"]): string {
  return Object.entries(given)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}
