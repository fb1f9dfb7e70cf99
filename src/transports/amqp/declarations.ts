import type { Channel, Options } from "amqplib";
import { UsageError } from "../../errors.ts";
import { checkNames, oneOf, shown, wholeNumber } from "../../options/option-check.ts";
import { textOption } from "./connection-options.ts";
import type { AmqpExchange, AmqpQueueDeclaration } from "./declaration-options.ts";

/** Is an exchange to be used: made, or taken as it is. */
export interface ExchangePlan {
  readonly name: string;
  /** Undefined: it must be there. */
  readonly declare: AmqpExchange | undefined;
}

/** Is a queue to be used: made, or taken as it is. */
export interface QueuePlan {
  readonly name: string;
  /** Undefined: taken as it is, and made as a durable one where it is not there; false: it must be there. */
  readonly declare: AmqpQueueDeclaration | false | undefined;
}

const EXCHANGE = ["name", "type", "durable", "autoDelete", "alternateExchange"];
const QUEUE = [
  ...["type", "durable", "deadLetterExchange", "deadLetterRoutingKey", "deliveryLimit", "maxMessages", "maxBytes"],
  ...["maxAgeMs", "overflow", "arguments"],
];

/** Checks what was said of an exchange. */
export function exchangePlan(subject: string, exchange: unknown): ExchangePlan {
  if (typeof exchange === "string") return { name: textOption(subject, "exchange", exchange), declare: undefined };
  if (typeof exchange !== "object" || exchange === null) {
    throw new UsageError(
      `${subject}: exchange: expected a name, or { name, type: "topic" } to make it, got ${shown(exchange)}`,
    );
  }
  const declare = exchange as AmqpExchange;
  const inside = `${subject}: exchange`;
  checkNames(inside, declare, EXCHANGE);
  oneOf(inside, "type", declare.type, "topic", ["direct", "topic", "fanout"]);
  oneOf(inside, "durable", declare.durable, true, [true, false]);
  oneOf(inside, "autoDelete", declare.autoDelete, false, [true, false]);
  if (declare.alternateExchange !== undefined) textOption(inside, "alternateExchange", declare.alternateExchange);
  return { name: textOption(inside, "name", declare.name), declare };
}

/** Checks what was said of a queue. */
export function queuePlan(subject: string, queue: unknown, declare: unknown): QueuePlan {
  const name = textOption(subject, "queue", queue);
  if (declare === undefined || declare === false) return { name, declare };
  if (typeof declare !== "object" || declare === null) {
    throw new UsageError(`${subject}: declare: expected false or { type: "quorum" }, got ${shown(declare)}`);
  }
  const wanted = declare as AmqpQueueDeclaration;
  const inside = `${subject}: declare`;
  checkNames(inside, wanted, QUEUE);
  const type = oneOf(inside, "type", wanted.type, "classic", ["classic", "quorum", "stream"]);
  const durable = oneOf(inside, "durable", wanted.durable, true, [true, false]);
  oneOf(inside, "overflow", wanted.overflow, "reject", ["reject", "drop-oldest"]);
  for (const key of ["deliveryLimit", "maxMessages", "maxBytes", "maxAgeMs"] as const) {
    wholeNumber(inside, key, wanted[key], 1, 1);
  }
  for (const key of ["deadLetterExchange", "deadLetterRoutingKey"] as const) {
    if (wanted[key] !== undefined) textOption(inside, key, wanted[key]);
  }
  if (type !== "classic" && !durable)
    throw new UsageError(`${inside}: durable: a ${type} queue always is; leave it out`);
  if (type !== "quorum" && wanted.deliveryLimit !== undefined) {
    throw new UsageError(`${inside}: deliveryLimit: only quorum queues count deliveries; add type: "quorum"`);
  }
  if (type === "stream") {
    for (const key of ["deadLetterExchange", "deadLetterRoutingKey", "maxMessages", "overflow"] as const) {
      if (wanted[key] !== undefined) {
        throw new UsageError(`${inside}: ${key}: a stream has none; it keeps by maxBytes and maxAgeMs`);
      }
    }
  }
  return { name, declare: wanted };
}

/** Makes an exchange, or looks that it is there. */
export async function declareExchange(channel: Channel, { name, declare }: ExchangePlan): Promise<void> {
  if (declare === undefined) {
    await channel.checkExchange(name);
    return;
  }
  const { type = "topic", durable = true, autoDelete = false, alternateExchange } = declare;
  await channel.assertExchange(name, type, {
    durable,
    autoDelete,
    ...(alternateExchange === undefined ? {} : { alternateExchange }),
  });
}

/** What is known of a queue that is there. */
export interface QueueFound {
  readonly consumers: number;
}

/**
 * Makes a queue, or takes it as it is. Each try has a channel of its own, given by `open`, since a broker ends the channel
 * of whoever asks for what is not there.
 */
export async function declareQueue(open: () => Promise<Channel>, { name, declare }: QueuePlan): Promise<QueueFound> {
  const channel = await open();
  if (declare !== undefined && declare !== false) {
    const { consumerCount } = await channel.assertQueue(name, queueOptions(declare));
    await channel.close();
    return { consumers: consumerCount };
  }
  let consumers: number;
  try {
    consumers = (await channel.checkQueue(name)).consumerCount;
    await channel.close();
  } catch (error) {
    if (declare === false || !isNotThere(error)) throw error;
    const second = await open();
    consumers = (await second.assertQueue(name, queueOptions({}))).consumerCount;
    await second.close();
  }
  return { consumers };
}

function isNotThere(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 404 && /no queue/.test(error.message);
}

function queueOptions(declare: AmqpQueueDeclaration): Options.AssertQueue {
  const { type = "classic", durable = true, overflow, deadLetterExchange, deadLetterRoutingKey } = declare;
  const { maxAgeMs, maxMessages, maxBytes, deliveryLimit } = declare;
  const isBounded = type !== "stream" && (maxMessages !== undefined || maxBytes !== undefined);
  const all: Readonly<Record<string, unknown>> = {
    "x-queue-type": type === "classic" ? undefined : type,
    "x-dead-letter-exchange": deadLetterExchange,
    "x-dead-letter-routing-key": deadLetterRoutingKey,
    "x-delivery-limit": deliveryLimit,
    "x-max-length": maxMessages,
    "x-max-length-bytes": maxBytes,
    "x-message-ttl": type === "stream" ? undefined : maxAgeMs,
    "x-max-age": type === "stream" && maxAgeMs !== undefined ? `${Math.ceil(maxAgeMs / 1000)}s` : undefined,
    "x-overflow": isBounded ? (overflow === "drop-oldest" ? "drop-head" : "reject-publish") : undefined,
    ...declare.arguments,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { durable, arguments: given };
}
