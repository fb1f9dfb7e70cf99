import { anyMap, anyOf, either, exactlyOne, list, object, record } from "../map-shape.ts";
import {
  choice,
  type Field,
  type Fields,
  field,
  flag,
  no,
  number,
  required,
  type Shape,
  secret,
  text,
  whole,
} from "../shape.ts";
import { CODEC, EXPECT, textOrFunction } from "./messages.ts";

const CONNECTION: Fields = {
  url: required(text("amqp://127.0.0.1:5672"), "Where it is: amqp://HOST:PORT/VHOST, amqps:// with TLS"),
  username: field(text("reduce"), "The user; default that of the url, or guest"),
  password: field(secret("a password"), "The user's password; take it from a file: !file PATH"),
  tls: field(anyMap, "How TLS is spoken, as for tls.connect: ca, cert, key, each !file PATH"),
  heartbeatMs: field(whole(1_000), "How often both sides give a sign of life, in ms; default 10000"),
  connectionName: field(text("reduce"), "The name under which the broker's pages show the connection"),
};

const DECLARATION: Fields = {
  type: field(
    choice("classic", "quorum", "stream"),
    "quorum is kept by several nodes, stream is a log; default classic",
  ),
  durable: field(flag(), "Survives the broker; default true"),
  deadLetterExchange: field(text("dead"), "The exchange that gets what is refused, too old or too much"),
  deadLetterRoutingKey: field(text("dead"), "The routing key there; default that of the message"),
  deliveryLimit: field(whole(1), "How often a message of a quorum queue is given"),
  maxMessages: field(whole(1), "How many messages are kept"),
  maxBytes: field(whole(1), "How many bytes are kept"),
  maxAgeMs: field(whole(1), "For how long messages are kept, in ms"),
  overflow: field(choice("reject", "drop-oldest"), "What happens when it is full; default reject"),
  arguments: field(
    record(anyOf(flag(), number(), text("a text"))),
    "Further arguments, by their native names: x-single-active-consumer",
  ),
};

const QUEUE = text("frames");
const DECLARE = declared(DECLARATION);
const EXCHANGE: Field = field(
  either({
    scalar: text("scans"),
    map: object({
      name: required(text("scans"), "Its name"),
      type: field(choice("direct", "topic", "fanout"), "Where a message goes; default topic"),
      durable: field(flag(), "Survives the broker; default true"),
      autoDelete: field(flag(), "Is deleted when the last queue is unbound; default false"),
      alternateExchange: field(text("unwanted"), "The exchange that gets what no queue wants"),
    }),
  }),
  "The exchange, by name or with how it is made: { name, type }",
);
const PREFETCH_BYTES = field(whole(1), "How many bytes a broker may send ahead, about; default 32 MiB");
const LINGER_MS = field(
  whole(0),
  "How long the connection stays for acknowledgements at the end, in ms; default 60000",
);

const FROM = exactlyOne({
  offset: field(whole(0), "The offset of a message"),
  timeMs: field(number(0), "Milliseconds since 1970 UTC"),
});

/** The options of a listener to a queue of RabbitMQ. */
export const AMQP_LISTENER: Fields = {
  ...CONNECTION,
  queue: field(QUEUE, "The queue; default a temporary one, bound to exchange"),
  declare: DECLARE,
  exchange: EXCHANGE,
  keys: field(list(text("image.#"), '["#"]'), "Keys, or patterns of them, with which the queue is bound; default all"),
  exclusive: field(flag(), "Nobody else may read the queue; default false"),
  failed: field(choice("again", "reject"), "What becomes of a message that failed"),
  prefetchBytes: PREFETCH_BYTES,
  prefetch: field(whole(1, 65_535), "How many messages a broker may send ahead, instead of prefetchBytes"),
  lingerMs: LINGER_MS,
  codec: CODEC,
  expect: EXPECT,
};

/** The options of a listener to a stream of RabbitMQ. */
export const AMQP_STREAM_LISTENER: Fields = {
  ...CONNECTION,
  queue: required(QUEUE, "The stream: a queue of that type"),
  declare: declared({ ...DECLARATION, type: field(choice("stream"), "A stream") }),
  cursor: field(text("reduce"), "The name under which the position is remembered; default nothing is"),
  from: field(either({ scalar: choice("oldest", "newest"), map: FROM }), "Where reading begins; default oldest"),
  prefetchBytes: PREFETCH_BYTES,
  lingerMs: LINGER_MS,
  codec: CODEC,
  expect: EXPECT,
};

/** The options of a publisher to a queue, a stream or an exchange of RabbitMQ. */
export const AMQP_PUBLISHER: Fields = {
  ...CONNECTION,
  queue: field(QUEUE, "The queue, or stream, that gets everything; instead of exchange"),
  declare: DECLARE,
  exchange: EXCHANGE,
  key: field(
    textOrFunction("image"),
    "The routing key of events on an exchange, or a function: { use: ./file.ts#name }",
  ),
  name: field(text("detector"), "The name of the stream in its Starts; default the block's name"),
  persistent: field(flag(), "Survives the broker where the queue does; default true"),
  mandatory: field(flag(), "A message that no queue takes is tried again; default true"),
  codec: CODEC,
};

function declared(fields: Fields): Field {
  const shape: Shape = either({ scalar: no(), map: object(fields) });
  return field(shape, "How the queue is made; false: it must be there");
}
