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
