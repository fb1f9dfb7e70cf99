import type { AnyMessage } from "../../../src/message/message.ts";
import type { Broker } from "../../../src/testing/brokers/index.ts";
import { startRedis } from "../../../src/testing/brokers/index.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { Command } from "../../../src/transports/redis/command.ts";
import { connectionPlan } from "../../../src/transports/redis/connection-options.ts";
import { Link } from "../../../src/transports/redis/link.ts";
import { RedisStreamPublisher } from "../../../src/transports/redis/redis-stream-publisher.ts";

let next = 0;

/** Gives a name that no other test has. */
export function fresh(kind: string): string {
  next += 1;
  return `${kind}-${process.pid}-${next}`;
}

/** One server for all tests of a file. */
export function server(): Promise<Broker> {
  return startRedis();
}

/** A connection of the test itself. */
export async function linkTo(url: string): Promise<Link & AsyncDisposable> {
  const link = await Link.open("test", connectionPlan("test", { url }, []), new AbortController().signal);
  return Object.assign(link, {
    [Symbol.asyncDispose]: async () => link.close(),
  });
}

/** Sends one command over a connection of its own. */
export async function ask(url: string, ...command: Command): Promise<unknown> {
  await using link = await linkTo(url);
  return await link.call(command);
}

/** An open publisher to a stream. */
export async function publisherTo(
  url: string,
  stream: string,
  options: { readonly maxBytes?: number; readonly maxAgeMs?: number } = {},
): Promise<RedisStreamPublisher<AnyMessage> & AsyncDisposable> {
  const publisher = new RedisStreamPublisher<AnyMessage>({ url, stream, ...options });
  publisher.onWarning = () => undefined;
  publisher.begin("test");
  await publisher.open(new AbortController().signal);
  return Object.assign(publisher, { [Symbol.asyncDispose]: () => publisher.close() });
}

export { until };
