import type { AnyMessage, Listener, Publisher } from "arroyojs";
import { AmqpListener, AmqpPublisher } from "arroyojs/amqp";
import { KafkaListener, KafkaPublisher } from "arroyojs/kafka";
import { RedisStreamListener, RedisStreamPublisher } from "arroyojs/redis";
import { type Broker, startKafka, startRabbitMq, startRedis } from "arroyojs/testing";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { FORMATS, type Format } from "./scan.ts";

/** What `--broker` may say, and how one is started that belongs to the demo alone. */
export const BROKERS: Readonly<Record<string, () => Promise<Broker>>> = {
  kafka: startKafka,
  redis: startRedis,
  amqp: startRabbitMq,
};

/** Says where two stages meet: an address of ZeroMQ, or a name at a broker. */
export interface Joint {
  readonly by: string;
  readonly url: string;
  readonly name: string;
  readonly format: string;
}

/** As much is kept at a broker for whoever is away. */
const MAX_BYTES = 256 * 1024 * 1024;
const CREATE_TOPIC = { config: { "retention.bytes": `${MAX_BYTES}`, "segment.bytes": `${MAX_BYTES / 4}` } };

/** Makes the end of a joint that reads. */
export function listenerAt<M extends AnyMessage>({ by, url, name, format }: Joint): Listener<M> {
  if (by === "kafka") {
    // The group waits for a member that was killed, as long as this.
    const sessionTimeoutMs = 3_000;
    return new KafkaListener<M>({
      brokers: [url],
      topic: name,
      groupId: name,
      createTopic: CREATE_TOPIC,
      sessionTimeoutMs,
    });
  }
  if (by === "redis") return new RedisStreamListener<M>({ url, stream: name, cursor: "demo" });
  if (by === "amqp") return new AmqpListener<M>({ url, queue: name, exclusive: true });
  const { codec, listens } = FORMATS[format] as Format;
  return new ZmqListener<M>({ connect: url, codec, socket: listens, reconnectMaxMs: 200 });
}

/** Makes the end of a joint that writes. */
export function publisherAt<M extends AnyMessage>({ by, url, name, format }: Joint): Publisher<M> {
  if (by === "kafka") return new KafkaPublisher<M>({ brokers: [url], topic: name, createTopic: CREATE_TOPIC });
  if (by === "redis") return new RedisStreamPublisher<M>({ url, stream: name, maxBytes: MAX_BYTES });
  if (by === "amqp") return new AmqpPublisher<M>({ url, queue: name });
  const { codec, sends } = FORMATS[format] as Format;
  // A push waits for whoever pulls.
  if (sends === "push") return new ZmqPublisher<M>({ bind: url, codec, socket: sends });
  return new ZmqPublisher<M>({ bind: url, codec, waitForSubscribers: 1 });
}
