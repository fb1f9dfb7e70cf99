import amqplib, { type ConfirmChannel } from "amqplib";
import type { AnyMessage } from "../../../src/message/message.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { AmqpPublisher, type AmqpPublisherOptions } from "../../../src/transports/amqp/index.ts";

let next = 0;

/** Gives a name that no other test has. */
export function fresh(kind: string): string {
  next += 1;
  return `${kind}-${process.pid}-${next}`;
}

/** A channel of the test itself. */
export async function channelTo(url: string): Promise<{ channel: ConfirmChannel } & AsyncDisposable> {
  const model = await amqplib.connect(url);
  const channel = await model.createConfirmChannel();
  for (const one of [model, channel]) one.on("error", () => undefined);
  return {
    channel,
    [Symbol.asyncDispose]: async () => {
      await model.close().catch(() => undefined);
    },
  };
}

/** Resolves when a stream that was declared can be read: the broker makes its replica a moment later. */
export async function readable(url: string, queue: string): Promise<void> {
  await eventually(async () => {
    await using own = await channelTo(url);
    try {
      await own.channel.prefetch(1);
      const { consumerTag } = await own.channel.consume(queue, () => undefined, {
        arguments: { "x-stream-offset": "next" },
      });
      await own.channel.cancel(consumerTag);
      return true;
    } catch {
      return false;
    }
  }, `the stream ${queue}`);
}

/** An open publisher. */
export async function publisherTo(options: AmqpPublisherOptions): Promise<AmqpPublisher<AnyMessage> & AsyncDisposable> {
  const publisher = new AmqpPublisher<AnyMessage>(options);
  publisher.begin("test");
  await publisher.open(new AbortController().signal);
  return Object.assign(publisher, { [Symbol.asyncDispose]: () => publisher.close() });
}

/** Publishes a batch, as a block does. */
export async function publish(publisher: AmqpPublisher<AnyMessage>, messages: readonly AnyMessage[]): Promise<void> {
  await publisher.publishBatch(messages);
  publisher.attempted("done");
}

/** Resolves when what is asked for is true at last. */
export async function eventually(ask: () => Promise<boolean>, what: string, patienceMs = 5_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export { until };
