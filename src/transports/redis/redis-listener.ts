import { UsageError } from "../../errors.ts";
import { type Inlet, Listener, platformInlet } from "../../listener/listener.ts";
import { checkedCodec } from "../../message/checked-codec.ts";
import type { Codec } from "../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { isHeader, KIND } from "../../message/native/prelude.ts";
import { shown } from "../../options/option-check.ts";
import { checkedChannel, followed, names, type Subscriptions, subscriptions, topicOf } from "./channels.ts";
import { type ConnectionPlan, connectionPlan, type RedisConnectionOptions } from "./connection-options.ts";
import { Link } from "./link.ts";
import { pubSubWarnings, serverLimits } from "./server-limits.ts";
import { SubscribedReading } from "./subscribed-reading.ts";

/** Says to what a `RedisListener` subscribes. */
export interface RedisListenerOptions<M extends AnyMessage = Message> extends RedisConnectionOptions {
  /** Channels, with all of their topics unless `topics` says which. Native name: SUBSCRIBE. */
  readonly channels?: string | readonly string[];
  /** Patterns of channels, in the server's own signs (`scan:*`). Native name: PSUBSCRIBE. */
  readonly patterns?: string | readonly string[];
  /** Beginnings of the topics to read of the channels. Default: all. Start and Stop always come. */
  readonly topics?: readonly string[];
  /** The form of the bytes. Default: the native one. */
  readonly codec?: Codec;
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
}

const SUBJECT = "RedisListener";
const OWN = ["channels", "patterns", "topics", "codec", "expect"];

/** Brings in what is published on Redis channels while it listens; at most once, what is missing is counted. */
export class RedisListener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  override readonly replay = "none";
  override readonly codec: Codec;
  readonly #plan: ConnectionPlan;
  readonly #subscriptions: Subscriptions;
  readonly #topics: readonly string[] | undefined;
  readonly #isNative: boolean;
  #isStarted = false;
  #isWarned = false;

  constructor(options: RedisListenerOptions<M>) {
    super();
    this.#plan = connectionPlan(SUBJECT, options, OWN);
    const { topics, codec = nativeCodec, expect } = options;
    const channels = names(SUBJECT, "channels", options.channels);
    const patterns = names(SUBJECT, "patterns", options.patterns);
    if (channels.length + patterns.length === 0) {
      throw new UsageError(`${SUBJECT}: expected channels ("scan") or patterns ("scan:*"), got neither`);
    }
    if (expect !== undefined && typeof expect !== "function") {
      throw new UsageError(`${SUBJECT}: expect: expected a function of a message, got ${shown(expect)}`);
    }
    this.#isNative = codec === nativeCodec;
    for (const channel of channels) checkedChannel(SUBJECT, channel, this.#isNative);
    this.#topics = topics === undefined ? undefined : names(SUBJECT, "topics", topics);
    if (topics !== undefined && (patterns.length > 0 || !this.#isNative)) {
      throw new UsageError(`${SUBJECT}: topics: only channels of the native codec have them; leave patterns out`);
    }
    this.#subscriptions = subscriptions(channels, patterns, this.#topics, this.#isNative);
    this.codec = checkedCodec(codec, expect, undefined);
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isStarted) throw new UsageError(`${SUBJECT}: is started already; make another one for another block`);
    if (signal.aborted) return;
    this.#isStarted = true;
    const platform = platformInlet(inlet);
    let link: Link | undefined;
    try {
      if (this.#topics !== undefined) platform?.follow(followed(this.#topics));
      link = await Link.open(SUBJECT, this.#plan, signal);
      await link.while(signal, this.#warn(link, inlet));
      const reading = new SubscribedReading(link, signal, (channel, body) => {
        const topic = this.#isNative ? topicOf(channel) : undefined;
        // Events without a topic share their channel with Starts and Stops.
        if (this.#topics !== undefined && topic?.length === 0 && isEvent(body)) return undefined;
        return inlet.putFrames(topic === undefined || topic.length === 0 ? body : [topic, body]);
      });
      await link.while(signal, reading.subscribe(this.#subscriptions));
      if (signal.aborted) return;
      platform?.connected(true);
      inlet.ready();
      await reading.read();
    } catch (error) {
      if (signal.aborted) return;
      platform?.connected(false);
      throw error;
    } finally {
      link?.close();
      this.#isStarted = false;
    }
  }

  async #warn(link: Link, inlet: Inlet<M>): Promise<void> {
    if (this.#isWarned) return;
    this.#isWarned = true;
    const platform = platformInlet(inlet);
    const largest = (platform?.limits ?? DEFAULT_LIMITS).maxMessageBytes;
    for (const warning of pubSubWarnings(await serverLimits(link), largest)) {
      if (platform === undefined) process.emitWarning(`${SUBJECT}: ${warning}`, "ArroyoWarning");
      else platform.warn(`${SUBJECT}: ${warning}`);
    }
  }
}

function isEvent(body: Buffer): boolean {
  return isHeader(body) && body[4] === KIND.event;
}
