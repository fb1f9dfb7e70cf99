import type { Codec } from "../../message/codec.ts";
import { type BlueskyOptions, type BlueskyZmqOptions, checkOptions } from "./bluesky-options.ts";
import { blueskyReader } from "./bluesky-reader.ts";
import { blueskyWriter } from "./bluesky-writer.ts";
import { blankSeparated, packedPair } from "./envelopes.ts";

export type { BlueskyOptions, BlueskyZmqOptions, Serializer } from "./bluesky-options.ts";

/** One for each way to serialize, so that what was received in one is not passed on in another. */
const OVER_ZMQ = { json: blankSeparated(), msgpack: blankSeparated() };
const OVER_KAFKA = packedPair();

/** Makes the codec of Bluesky documents over ZeroMQ: a prefix, a name, a document. */
export function blueskyZmq(options: BlueskyZmqOptions = {}): Codec {
  checkOptions("blueskyZmq", options, ["serializer", "prefix", "field", "now"]);
  const { serializer = "msgpack", field, prefix, now = Date.now } = options;
  const envelope = OVER_ZMQ[serializer];
  return {
    name: "bluesky-zmq",
    withoutStart: "make",
    reader: (limits) => blueskyReader({ envelope, serializer, field }, limits),
    writer: () => blueskyWriter({ envelope, serializer, prefix, field: field ?? "image", now, hasPrefix: true }),
  };
}

/** Makes the codec of Bluesky documents over Kafka: a MessagePack list of a name and a document. */
export function blueskyKafka(options: BlueskyOptions = {}): Codec {
  checkOptions("blueskyKafka", options, ["field", "now"]);
  const { field, now = Date.now } = options;
  const [envelope, serializer] = [OVER_KAFKA, "msgpack"] as const;
  return {
    name: "bluesky-kafka",
    withoutStart: "make",
    reader: (limits) => blueskyReader({ envelope, serializer, field }, limits),
    writer: () =>
      blueskyWriter({ envelope, serializer, prefix: undefined, field: field ?? "image", now, hasPrefix: false }),
  };
}

/** Reads and writes Bluesky documents over ZeroMQ, serialized as MessagePack. */
export const blueskyZmqCodec: Codec = blueskyZmq();

/** Reads and writes Bluesky documents over Kafka. */
export const blueskyKafkaCodec: Codec = blueskyKafka();
