import { UsageError } from "../../errors.ts";

const SERIALIZERS = ["json", "msgpack"] as const;

/** Names how documents are serialized: as both ends are configured, for it is never guessed. */
export type Serializer = (typeof SERIALIZERS)[number];

/** Says how documents are read and written over Kafka. */
export interface BlueskyOptions {
  /** The data key whose array is the payload of an event. Default: when reading the first array, when writing `image`. */
  readonly field?: string;
  /** Gives the time, in ms since 1970 UTC, for documents of messages that have none. Default `Date.now`. */
  readonly now?: () => number;
}

/** Says how documents are read and written over ZeroMQ. */
export interface BlueskyZmqOptions extends BlueskyOptions {
  /** How documents are serialized. Default `msgpack`, with arrays as msgpack-numpy has them. */
  readonly serializer?: Serializer;
  /** The prefix of what is written. Default: the one that a document came with, otherwise none. */
  readonly prefix?: string;
}

/** Refuses options that there are none of, or whose values cannot be. */
export function checkOptions(name: string, options: BlueskyZmqOptions, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new UsageError(`${name}: there is no option "${key}"; there are ${known.join(", ")}`);
    }
  }
  const { serializer = "msgpack", prefix = "", field = "image", now = Date.now } = options;
  if (!SERIALIZERS.includes(serializer)) {
    throw new UsageError(`${name}: serializer: expected json or msgpack, got ${JSON.stringify(serializer)}`);
  }
  if (typeof prefix !== "string" || prefix.includes(" ")) {
    throw new UsageError(`${name}: prefix: expected a text without blanks, got ${JSON.stringify(prefix)}`);
  }
  if (typeof field !== "string" || field === "")
    throw new UsageError(`${name}: field: expected the name of a data key`);
  if (typeof now !== "function") throw new UsageError(`${name}: now: expected a function`);
}
