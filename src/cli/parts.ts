import { insteadOf } from "../config/nearest.ts";
import { CODEC_NAMES, LISTENERS, loadCodec, PUBLISHERS } from "../config/registry.ts";
import { UsageError } from "../errors.ts";
import type { Listener } from "../listener/listener.ts";
import type { Codec } from "../message/codec.ts";
import type { AnyMessage } from "../message/message.ts";
import type { Publisher } from "../publisher/publisher.ts";

/** Says where a stream is met, and which end this is. */
export interface StreamEnd {
  readonly url: string;
  readonly binds: boolean;
  /** One of several that share the messages. */
  readonly shares: boolean;
}

/** Says how a stream is written. */
export interface Sending {
  readonly codec: Codec;
  readonly stream: string;
  /** Whether a subscriber is waited for. */
  readonly waits: boolean;
}

/** A person who looks should not wait long for a sender that came back. */
const RECONNECT_MAX_MS = 500;

/** Gives the codec that `--format` names. */
export async function formatNamed(name: string, options: Readonly<Record<string, unknown>> = {}): Promise<Codec> {
  if (!(CODEC_NAMES as readonly string[]).includes(name)) {
    throw new UsageError(`--format: there is no format "${name}"; ${insteadOf(name, CODEC_NAMES)}`);
  }
  return loadCodec(name, options);
}

/** Makes a listener for the URL of a stream. */
export async function listenerAt(
  { url, binds, shares }: StreamEnd,
  { command = "look", codec }: { readonly command?: string; readonly codec?: Codec } = {},
): Promise<Listener<AnyMessage>> {
  const zmq = transport(command, url, LISTENERS);
  const socket = shares ? "pull" : "sub";
  return zmq.make({ ...ends(url, binds), socket, ...(codec !== undefined && { codec }) }, new Map());
}

/** Makes a publisher for the URL of a stream. */
export async function publisherAt(
  { url, binds, shares }: StreamEnd,
  { codec, stream, waits }: Sending,
  command = "send",
): Promise<Publisher<AnyMessage> & { readonly endpoints?: readonly string[] }> {
  const zmq = transport(command, url, PUBLISHERS);
  const socket = shares ? { socket: "push" } : { waitForSubscribers: waits ? 1 : 0 };
  return zmq.make({ ...ends(url, binds), codec, stream, ...socket }, new Map());
}

function ends(url: string, binds: boolean): Readonly<Record<string, unknown>> {
  return binds ? { bind: url } : { connect: url, reconnectMaxMs: RECONNECT_MAX_MS };
}

function transport<T>(command: string, url: string, table: Readonly<Record<string, T>>): T {
  const found = /^(tcp|ipc):\/\//.test(url) ? table["zmq"] : undefined;
  if (found !== undefined) return found;
  const remedy = /^[\w.-]+:\d+$/.test(url) ? `write tcp://${url}` : "write tcp://HOST:PORT or ipc:///PATH";
  throw new UsageError(`${command}: "${url}" is no address of a stream; ${remedy}`);
}
