import { CODEC_NAMES, LISTENERS, loadCodec, makeKafkaWatcher, PUBLISHERS } from "../config/registry.ts";
import { UsageError } from "../errors.ts";
import type { Listener } from "../listener/listener.ts";
import type { Codec } from "../message/codec.ts";
import type { AnyMessage } from "../message/message.ts";
import { rawCodec } from "../message/raw-codec.ts";
import { insteadOf } from "../options/nearest.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { isZmq, placeAt, withoutSecrets } from "./addressing/place-at.ts";
import type { Purpose, StreamPlace } from "./addressing/stream-place.ts";
import type { Args } from "./args.ts";

/** Says where a stream is met, and which end this is. */
export interface StreamEnd {
  readonly url: string;
  readonly binds: boolean;
  /** One of several that share the messages. */
  readonly shares: boolean;
  /** The question to which each message is the answer. */
  readonly ask?: string;
  /** The options that were given and are of ZeroMQ alone. */
  readonly zmqOptions?: readonly string[];
}

/** Says how a stream is written. */
export interface Sending {
  readonly codec: Codec;
  readonly stream: string;
  /** Whether a subscriber is waited for. */
  readonly waits: boolean;
}

/** Says for which command a listener is, where paths begin, and what is given of the format. */
export interface Reading {
  readonly command: string;
  readonly cwd: string;
  readonly codec?: Codec;
}

/** Is a listener with what is known of its place. */
export interface PlacedListener {
  readonly listener: Listener<AnyMessage>;
  /** The address as it may be printed. */
  readonly shown: string;
  /** Why reading takes messages away from others; undefined where it does not. */
  readonly takes: string | undefined;
  /** True where the listener's own codec is the only one that can read what it brings. */
  readonly hasOwnForm: boolean;
  /** True where what came before can still be had: then reading began at the newest unless it was said otherwise. */
  readonly isLog: boolean;
}

/** A person who looks should not wait long for a sender that came back. */
const RECONNECT_MAX_MS = 500;
const ZMQ_OPTIONS = ["bind", "connect", "sub", "pull", "push"] as const;

/** Gives the codec that `--format` names. */
export async function formatNamed(name: string, options: Readonly<Record<string, unknown>> = {}): Promise<Codec> {
  if (!(CODEC_NAMES as readonly string[]).includes(name)) {
    throw new UsageError(`--format: there is no format "${name}"; ${insteadOf(name, CODEC_NAMES)}`);
  }
  return loadCodec(name, options);
}

/** Reads which end of a stream is asked for; `usual` is what a ZeroMQ socket does unless it is said. */
export function endOf(args: Args, command: string, url: string, usual: "bind" | "connect"): StreamEnd {
  if (args.flag("bind") && args.flag("connect")) {
    throw new UsageError(`${command}: --bind and --connect exclude each other; leave one out`);
  }
  const ask = args.text("ask");
  const isOther = ["bind", "sub", "pull"].find((name) => args.flag(name));
  if (ask !== undefined && isOther !== undefined) {
    throw new UsageError(`${command}: --ask and --${isOther} exclude each other; leave one out`);
  }
  return {
    url,
    binds: usual === "bind" ? !args.flag("connect") : args.flag("bind"),
    shares: args.flag("pull") || args.flag("push"),
    ...(ask !== undefined && { ask }),
    zmqOptions: [...ZMQ_OPTIONS.filter((name) => args.flag(name)), ...(ask === undefined ? [] : ["ask"])],
  };
}

/** Makes a listener for the address of a stream. */
export async function listenerAt(end: StreamEnd, { command, cwd, codec }: Reading): Promise<PlacedListener> {
  const place = placed(end, command, "read", { cwd, waits: false });
  const { use, shown, takes } = place;
  const ofFormat = codec === undefined ? {} : { codec };
  const about = { shown, takes, hasOwnForm: use === "files", isLog: LOGS.has(use) };
  if (use === "zmq") {
    const socket = end.ask === undefined ? { socket: end.shares ? "pull" : "sub" } : { socket: "req", ask: end.ask };
    const options = { ...zmqEnds(end), ...socket, ...ofFormat };
    return { ...about, listener: await made(LISTENERS, use, options) };
  }
  // What was recorded in any format is had as it was; a folder brings its files in a form of its own.
  const form = use === "capture" ? { codec: rawCodec } : use === "files" ? {} : ofFormat;
  const options = { ...place.options, ...form };
  const listener = use === "kafka-watch" ? await makeKafkaWatcher(options) : await made(LISTENERS, use, options);
  return { ...about, listener };
}

const LOGS: ReadonlySet<string> = new Set(["redis-stream", "kafka", "kafka-watch", "amqp-stream"]);

/** Makes a publisher for the address of a stream. */
export async function publisherAt(
  end: StreamEnd,
  { codec, stream, waits }: Sending,
  { command, cwd }: { readonly command: string; readonly cwd: string },
): Promise<Publisher<AnyMessage> & { readonly endpoints?: readonly string[] }> {
  const place = placed(end, command, "publish", { cwd, waits });
  const { use } = place;
  const name = use === "redis-stream" || use === "amqp" ? { name: stream } : { stream };
  const ofZmq = end.shares ? { socket: "push" } : { waitForSubscribers: waits ? 1 : 0 };
  const options = use === "zmq" ? { ...zmqEnds(end), ...ofZmq } : place.options;
  return made(PUBLISHERS, use, { ...options, ...name, codec });
}

/** Says what a publisher waits for that is not open yet. */
export function waitText({ endpoints = [] }: { readonly endpoints?: readonly string[] }, url: string): string {
  const where = endpoints.join(", ") || withoutSecrets(url);
  if (!/^(tcp|ipc|ws):/.test(where)) return `waits for ${where}`;
  return `waits for a subscriber at ${where}; see it with: arroyo look ${where}`;
}

function placed(
  { url, zmqOptions = [] }: StreamEnd,
  command: string,
  purpose: Purpose,
  { cwd, waits }: { readonly cwd: string; readonly waits: boolean },
): StreamPlace {
  const place = placeAt(url, { command, purpose, cwd, waits });
  const [only] = isZmq(url) ? [] : zmqOptions;
  if (only === undefined) return place;
  throw new UsageError(`${command}: --${only} is for ZeroMQ (tcp://, ipc://); leave it out for ${place.shown}`);
}

function zmqEnds({ url, binds }: StreamEnd): Readonly<Record<string, unknown>> {
  return binds ? { bind: url } : { connect: url, reconnectMaxMs: RECONNECT_MAX_MS };
}

function made<T>(
  table: Readonly<
    Record<string, { make(options: Readonly<Record<string, unknown>>, commons: Map<string, unknown>): Promise<T> }>
  >,
  use: string,
  options: Readonly<Record<string, unknown>>,
): Promise<T> {
  return (table[use] as NonNullable<(typeof table)[string]>).make(options, new Map());
}
