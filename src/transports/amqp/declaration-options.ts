/** Says how an exchange is made; one that is there already must be made like this. */
export interface AmqpExchange {
  readonly name: string;
  /** Where a message goes: to queues bound with its key, with a pattern of it, or to all. Default `topic`. */
  readonly type?: "direct" | "topic" | "fanout";
  /** Survives the broker. Default true. */
  readonly durable?: boolean;
  /** Is deleted when the last queue is unbound. Default false. */
  readonly autoDelete?: boolean;
  /** The exchange that gets what no queue wants. Native name: alternate-exchange. */
  readonly alternateExchange?: string;
}

/** Says how a queue is made; one that is there already must be made like this. */
export interface AmqpQueueDeclaration {
  /** `quorum` is kept by several nodes, `stream` is a log. Default `classic`. Native name: x-queue-type. */
  readonly type?: "classic" | "quorum" | "stream";
  /** Survives the broker. Default true. */
  readonly durable?: boolean;
  /** The exchange that gets what is refused, too old or too much. Native name: x-dead-letter-exchange. */
  readonly deadLetterExchange?: string;
  /** The routing key there. Default: that of the message. Native name: x-dead-letter-routing-key. */
  readonly deadLetterRoutingKey?: string;
  /** How often a message of a quorum queue is given before it is a dead letter. Native name: x-delivery-limit. */
  readonly deliveryLimit?: number;
  /** How many messages are kept. Native name: x-max-length. */
  readonly maxMessages?: number;
  /** How many bytes are kept. Native name: x-max-length-bytes. */
  readonly maxBytes?: number;
  /** For how long messages are kept, in milliseconds. Native names: x-message-ttl; of streams x-max-age, in seconds. */
  readonly maxAgeMs?: number;
  /** What happens when it is full: publishers are refused and try again, or the oldest fall out. Default `reject`. Native name: x-overflow. */
  readonly overflow?: "reject" | "drop-oldest";
  /** Further arguments, by their native names (`x-single-active-consumer`). */
  readonly arguments?: Readonly<Record<string, string | number | boolean>>;
}
