export {
  type Broker,
  type BrokerKind,
  type BrokerOptions,
  type KafkaOptions,
  type ProxyOptions,
  prepareBrokers,
  type RabbitMqOptions,
  type RedisServerOptions,
  startKafka,
  startProxy,
  startRabbitMq,
  startRedis,
  TcpProxy,
} from "./brokers/index.ts";
export { type CodecSubject, codecSuite } from "./conformance/codec.ts";
export type { Cannot, ConformanceCase } from "./conformance/conformance-case.ts";
export { type ListenerSource, type ListenerSubject, listenerSuite } from "./conformance/listener.ts";
export { oneOfEverything } from "./conformance/one-of-everything.ts";
export { type OperatorSubject, operatorSuite } from "./conformance/operator.ts";
export { type PublisherSubject, publisherSuite } from "./conformance/publisher.ts";
export type { PublisherTarget } from "./conformance/publisher-target.ts";
export { type Recorded, RecordingInlet } from "./conformance/recording-inlet.ts";
export { type Driven, drive } from "./drive.ts";
export { VirtualClock } from "./virtual-clock.ts";
