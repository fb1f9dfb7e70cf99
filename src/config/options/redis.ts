import { anyMap, either, exactlyOne, list, oneOrMore } from "../map-shape.ts";
import { choice, type Fields, field, required, secret, text, unbounded, whole } from "../shape.ts";
import { CODEC, EXPECT, STREAM, TOPIC } from "./messages.ts";

const CHANNEL = oneOrMore(text("scans"));
const KEY = required(text("scans"), "The key of the stream");

const CONNECTION: Fields = {
  url: field(text("redis://127.0.0.1:6379"), "Where it is: redis://HOST:PORT, rediss:// with TLS"),
  cluster: field(list(text("10.0.0.1:6379"), '["10.0.0.1:6379"]'), "Nodes of a cluster, instead of url"),
  username: field(text("reduce"), "The user of its access control list"),
  password: field(secret("a password"), "The user's password; take it from a file: !file PATH"),
  tls: field(anyMap, "How TLS is spoken, as for tls.connect: ca, cert, key, each !file PATH"),
  client: field(anyMap, "Further options of ioredis: sentinels and name instead of url, family, ..."),
};

/** The options of a listener to Redis channels. */
export const REDIS_LISTENER: Fields = {
  ...CONNECTION,
  channels: field(CHANNEL, "Channels, with all of their topics unless topics says which"),
  patterns: field(CHANNEL, "Patterns of channels: scan:*"),
  topics: field(list(text("image"), "[image, status]"), "Beginnings of the topics to read; default all"),
  codec: CODEC,
  expect: EXPECT,
};

/** The options of a publisher to a Redis channel. */
export const REDIS_PUBLISHER: Fields = {
  ...CONNECTION,
  channel: required(text("scans"), "The channel; events with a topic go out on channel!topic"),
  topic: TOPIC,
  stream: STREAM,
  waitForSubscribers: field(whole(0), "How many subscribers are waited for at the start; default 0"),
  codec: CODEC,
};

/** The options of a listener to a Redis stream. */
export const REDIS_STREAM_LISTENER: Fields = {
  ...CONNECTION,
  stream: KEY,
  cursor: field(text("reduce"), "The name under which the position is remembered; default nothing is"),
  group: field(text("workers"), "The group whose consumers share the stream, instead of a cursor"),
  consumer: field(text("worker-1"), "The name of this consumer in its group; default made of host and process"),
  from: field(
    either({
      scalar: choice("oldest", "newest"),
      map: exactlyOne({ id: field(text("1526919030474-55"), "The id of an entry: reading begins behind it") }),
    }),
    "Where reading begins when nothing is remembered; default oldest",
  ),
  claimAfterMs: field(whole(100), "Groups: when the entries of a silent consumer are taken over, in ms; default 30000"),
  fields: field(list(text("message"), "[message]"), "The fields of an entry that hold the message; default all"),
  codec: CODEC,
  expect: EXPECT,
};

/** The options of a publisher to a Redis stream. */
export const REDIS_STREAM_PUBLISHER: Fields = {
  ...CONNECTION,
  stream: KEY,
  name: field(text("detector"), "The name of the stream in its Starts; default the block's name"),
  maxBytes: field(unbounded(1), "How many bytes are kept, about; .inf for all; default 1 GiB"),
  maxAgeMs: field(unbounded(1), "For how long entries are kept, about, in ms; default for ever"),
  field: field(text("message"), "The field that holds the bytes; default message"),
  codec: CODEC,
};
