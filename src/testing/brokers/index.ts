export type { Broker, BrokerOptions } from "./broker.ts";
export { type KafkaOptions, type KafkaSecurity, startKafka } from "./kafka.ts";
export { type BrokerKind, prepareBrokers } from "./prepare-brokers.ts";
export { type ProxyOptions, startProxy, TcpProxy } from "./proxy.ts";
export { type RabbitMqOptions, startRabbitMq } from "./rabbitmq.ts";
export { type RedisServerOptions, startRedis } from "./redis-server.ts";
