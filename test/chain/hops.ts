import { join } from "node:path";
import { Block, type Listener, type Message, type Publisher, type Step } from "arroyojs";
import { AmqpListener, AmqpPublisher } from "arroyojs/amqp";
import { CaptureListener, CapturePublisher } from "arroyojs/files";
import { KafkaListener, KafkaPublisher } from "arroyojs/kafka";
import { RedisStreamListener, RedisStreamPublisher } from "arroyojs/redis";
import { WebSocketListener, WebSocketPublisher } from "arroyojs/websocket";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";

/** Where the hops of one chain meet. */
export interface Places {
  /** The name of the topic, the stream and the queue. */
  readonly name: string;
  readonly zmq: string;
  readonly kafka: string;
  readonly redis: string;
  readonly amqp: string;
  /** The folder of the capture. */
  readonly folder: string;
  readonly webSocketPort: number;
}

export type HopName =
  | "detector"
  | "zmq-kafka"
  | "kafka-redis"
  | "redis-amqp"
  | "amqp-files"
  | "files-websocket"
  | "sink";

/** All hops, the first one first. */
export const HOPS: readonly HopName[] = [
  "detector",
  "zmq-kafka",
  "kafka-redis",
  "redis-amqp",
  "amqp-files",
  "files-websocket",
  "sink",
];

/** The hops between the two ends. */
export const MIDDLE: readonly HopName[] = HOPS.slice(1, -1);

const MOST_BYTES = 256 * 1024 * 1024;
const sideOf = (message: Message): string => (message.type === "event" ? String(message.metadata["side"]) : "");

interface Ends {
  readonly from?: () => Listener;
  readonly to?: () => Publisher;
}

/** What a hop joins; no end where the hop is one itself. */
function endsOf(hop: HopName, at: Places): Ends {
  const { name } = at;
  const path = join(at.folder, "chain.acap");
  const brokers = [at.kafka];
  const ends: { readonly [H in HopName]: Ends } = {
    detector: { to: () => new ZmqPublisher({ bind: at.zmq, waitForSubscribers: 1, topic: sideOf }) },
    "zmq-kafka": {
      from: () => new ZmqListener({ connect: at.zmq, reconnectMaxMs: 50 }),
      to: () => new KafkaPublisher({ brokers, topic: name, createTopic: KAFKA_TOPIC }),
    },
    "kafka-redis": {
      from: () =>
        new KafkaListener({ brokers, topic: name, groupId: name, createTopic: KAFKA_TOPIC, sessionTimeoutMs: 3_000 }),
      to: () => new RedisStreamPublisher({ url: at.redis, stream: name, maxBytes: MOST_BYTES / 4 }),
    },
    "redis-amqp": {
      from: () => new RedisStreamListener({ url: at.redis, stream: name, cursor: "chain" }),
      to: () => new AmqpPublisher({ url: at.amqp, queue: name }),
    },
    "amqp-files": {
      from: () => new AmqpListener({ url: at.amqp, queue: name, exclusive: true }),
      to: () => new CapturePublisher({ path, sync: "message", segmentBytes: MOST_BYTES / 16 }),
    },
    "files-websocket": {
      from: () => new CaptureListener({ path, group: "chain", follow: true }),
      to: () =>
        new WebSocketPublisher({
          port: at.webSocketPort,
          overflow: "drop-oldest",
          maxMessages: 1_000_000,
          maxBytes: MOST_BYTES,
          waitForClients: 1,
        }),
    },
    sink: { from: () => new WebSocketListener({ url: `ws://127.0.0.1:${at.webSocketPort}` }) },
  };
  return ends[hop];
}

const KAFKA_TOPIC = {
  partitions: 2,
  config: { "retention.bytes": String(MOST_BYTES), "segment.bytes": String(MOST_BYTES / 16) },
};

/** What a hop is given beside its places. */
export interface HopParts {
  /** Brings in what a detector makes. */
  readonly listener?: Listener;
  readonly operator?: Step<Message, Message>;
}

/** Makes the block of a hop. Those that can promise to lose nothing do. */
export function hopBlock(hop: HopName, places: Places, { listener, operator }: HopParts = {}): Block {
  const { from, to } = endsOf(hop, places);
  const own = from?.() ?? listener;
  if (own === undefined) throw new Error(`${hop}: needs a listener`);
  const promises = hop === "kafka-redis" || hop === "redis-amqp" || hop === "amqp-files";
  return new Block({
    name: hop,
    listeners: [own],
    publishers: to === undefined ? [] : [to()],
    ...(operator === undefined ? {} : { operator }),
    ...(promises ? { guarantee: "at-least-once" as const } : {}),
  });
}
