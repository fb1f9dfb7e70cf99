export type { KafkaCompression, KafkaSasl } from "./client.ts";
export type { KafkaConnectionOptions, KafkaNewTopic } from "./connection-options.ts";
export type { KafkaFrom, OutOfRange as KafkaOutOfRange } from "./first-position.ts";
export { KafkaListener, type KafkaListenerOptions, type KafkaPosition } from "./kafka-listener.ts";
export { KafkaPublisher, type KafkaPublisherOptions } from "./kafka-publisher.ts";
