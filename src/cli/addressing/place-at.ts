import { UsageError } from "../../errors.ts";
import { amqpPlace } from "./amqp-place.ts";
import { filePlace } from "./file-place.ts";
import { kafkaPlace } from "./kafka-place.ts";
import { redisPlace } from "./redis-place.ts";
import type { Asked, StreamPlace } from "./stream-place.ts";
import { webSocketPlace } from "./websocket-place.ts";

const READERS: Readonly<Record<string, (url: string, asked: Asked) => StreamPlace>> = {
  redis: redisPlace,
  rediss: redisPlace,
  kafka: kafkaPlace,
  amqp: amqpPlace,
  amqps: amqpPlace,
  ws: webSocketPlace,
  wss: webSocketPlace,
};
const ZMQ = /^(tcp|ipc):\/\//;
const ALL = "tcp://HOST:PORT, ipc:///PATH, redis://, kafka://, amqp://, ws:// or the path of a capture";

/** Tells whether a text is meant as an address, and not as a path. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** Tells whether an address is one of ZeroMQ. */
export function isZmq(text: string): boolean {
  return ZMQ.test(text);
}

/** Gives an address as it may be printed: without user, password and token. */
export function withoutSecrets(text: string): string {
  return text.replace(/:\/\/[^/]*@/, "://***@").replace(/([?&]token=)[^&#]*/g, "$1***");
}

/** Finds out which stream an address names; throws with what to write instead where it names none. */
export function placeAt(text: string, asked: Asked): StreamPlace {
  if (isZmq(text)) return { use: "zmq", options: {}, shown: text, secrets: [] };
  const [, scheme = ""] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  const read = Object.hasOwn(READERS, scheme) ? READERS[scheme] : undefined;
  if (read !== undefined) return read(text, asked);
  const isPath = scheme === "" || scheme === "file";
  const place = isPath && !/^[\w.-]+:\d+$/.test(text) ? filePlace(text, asked) : undefined;
  if (place !== undefined) return place;
  const remedy = /^[\w.-]+:\d+$/.test(text) ? `write tcp://${text}` : `write ${ALL}`;
  throw new UsageError(`${asked.command}: "${withoutSecrets(text)}" is no address of a stream; ${remedy}`);
}
