export type { RedisConnectionOptions } from "./connection-options.ts";
export type { From } from "./from.ts";
export { RedisListener, type RedisListenerOptions } from "./redis-listener.ts";
export { RedisPublisher, type RedisPublisherOptions } from "./redis-publisher.ts";
export { RedisStreamListener, type RedisStreamListenerOptions } from "./redis-stream-listener.ts";
export { RedisStreamPublisher, type RedisStreamPublisherOptions } from "./redis-stream-publisher.ts";
