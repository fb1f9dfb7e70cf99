export { AmqpListener, type AmqpListenerOptions } from "./amqp-listener.ts";
export { AmqpPublisher, type AmqpPublisherOptions } from "./amqp-publisher.ts";
export { type AmqpFrom, AmqpStreamListener, type AmqpStreamListenerOptions } from "./amqp-stream-listener.ts";
export type { AmqpConnectionOptions } from "./connection-options.ts";
export type { AmqpExchange, AmqpQueueDeclaration } from "./declaration-options.ts";
