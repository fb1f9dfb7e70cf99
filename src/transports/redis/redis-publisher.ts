import { AbortedError, UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { bodyPieces } from "../../message/native/joined.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";
import { isLent } from "../../message/ndarray.ts";
import { shown, wholeNumber } from "../../options/option-check.ts";
import { Publisher } from "../../publisher/publisher.ts";
import { channelOf, checkedChannel } from "./channels.ts";
import { lengthOf } from "./command-bytes.ts";
import { type ConnectionPlan, connectionPlan, type RedisConnectionOptions, text } from "./connection-options.ts";
import { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { canScript } from "./scripts.ts";
import { serverLimits } from "./server-limits.ts";
import { Subscribers } from "./subscribers.ts";

/** Says where a `RedisPublisher` publishes, and how. */
export interface RedisPublisherOptions<M extends AnyMessage = Message> extends RedisConnectionOptions {
  /** The channel. Starts and Stops go out on it, and events without a topic. */
  readonly channel: string;
  /** The topic of an event, or what gives it: it goes out on `channel!topic`. Default: none. */
  readonly topic?: string | ((message: M) => string);
  /** The name of the stream. Default: the block's name. */
  readonly stream?: string;
  /** How many subscribers of the channel `open` waits for, from 0 on; default 0. Native name: PUBSUB NUMSUB. */
  readonly waitForSubscribers?: number;
  /** The form of the bytes. Default: the native one. */
  readonly codec?: Codec;
}

const SUBJECT = "RedisPublisher";
const OWN = ["channel", "topic", "stream", "waitForSubscribers", "codec"];
const SIGN_OF_LIFE_MS = 1_000;

/** Publishes results on a Redis channel to whoever subscribes now; at most once, and counted by those who read. */
export class RedisPublisher<M extends AnyMessage = AnyMessage> extends Publisher<M> {
  override readonly codec: Codec;
  readonly #plan: ConnectionPlan;
  readonly #channel: string;
  readonly #topic: string | ((message: M) => string) | undefined;
  readonly #waitForSubscribers: number;
  readonly #isNative: boolean;
  #link: Link | undefined;
  #outbox: Outbox | undefined;
  #subscribers: Subscribers | undefined;
  #signs: NodeJS.Timeout | undefined;
  #isOpening = false;
  #maxBulkBytes = Number.POSITIVE_INFINITY;

  constructor(options: RedisPublisherOptions<M>) {
    super();
    this.#plan = connectionPlan(SUBJECT, options, OWN);
    this.codec = options.codec ?? nativeCodec;
    this.#isNative = this.codec === nativeCodec;
    this.#channel = checkedChannel(SUBJECT, options.channel, this.#isNative);
    this.#topic = checkedTopic(options.topic);
    this.#waitForSubscribers = wholeNumber(SUBJECT, "waitForSubscribers", options.waitForSubscribers, 0, 0);
    this.stream = options.stream === undefined ? "" : text(SUBJECT, "stream", options.stream);
  }

  /** How many subscribe to the channel, as the server said last; those of patterns it does not tell. */
  get readers(): number {
    return this.#subscribers?.count ?? 0;
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#isOpening || this.#link !== undefined) {
      throw new UsageError(`${SUBJECT}: is open already; close it first, or make another one`);
    }
    this.#isOpening = true;
    try {
      const link = await Link.open(SUBJECT, this.#plan, signal);
      this.#link = link;
      await link.while(signal, this.#begin(link, signal));
      if (signal.aborted) throw new AbortedError(SUBJECT);
      this.#signs = setInterval(() => this.#signOfLife(), SIGN_OF_LIFE_MS).unref();
    } catch (error) {
      await this.close();
      throw signal.aborted ? new AbortedError(SUBJECT) : error;
    } finally {
      this.#isOpening = false;
    }
  }

  override publish(message: M): void | Promise<void> {
    const outbox = this.#outbox;
    if (outbox === undefined) {
      throw new UsageError(`${SUBJECT}: is not open; call open before publish, and nothing after close`);
    }
    // What broke the connection is told before this message takes its number.
    outbox.check();
    const topic = message.type === "event" ? (this.topicOf(message) ?? "") : "";
    const channel = this.#isNative ? channelOf(this.#channel, topic) : this.#channel;
    for (const frames of this.encode(message)) this.#send(outbox, channel, frames);
    return outbox.room();
  }

  override async close(): Promise<void> {
    clearInterval(this.#signs);
    this.#subscribers?.close();
    this.#subscribers = undefined;
    const outbox = this.#outbox;
    this.#outbox = undefined;
    await outbox?.empty();
    this.#link?.close();
    this.#link = undefined;
  }

  protected override topicOf(message: M): string | undefined {
    return typeof this.#topic === "function" ? this.#topic(message) : this.#topic;
  }

  async #begin(link: Link, signal: AbortSignal): Promise<void> {
    this.#maxBulkBytes = (await serverLimits(link)).maxBulkBytes;
    this.#outbox = new Outbox(link, await canScript(link));
    this.#subscribers = new Subscribers(link, this.#channel, () => this.#again());
    await this.#subscribers.open(this.#waitForSubscribers, signal);
  }

  #send(outbox: Outbox, channel: string, frames: readonly Uint8Array[]): void {
    if (!this.#isNative && frames.length !== 1) {
      throw new UsageError(
        `${SUBJECT}: the codec ${this.codec.name} makes messages of ${frames.length} frames, and a channel takes one ` +
          "body; use RedisStreamPublisher, or another codec",
      );
    }
    const body = this.#isNative ? bodyPieces(frames) : frames;
    const bytes = lengthOf(body);
    if (bytes > this.#maxBulkBytes) {
      throw new UsageError(
        `${SUBJECT}: a message has ${bytes} bytes, and the server's proto-max-bulk-len is ${this.#maxBulkBytes}; ` +
          `set it with: CONFIG SET proto-max-bulk-len ${2 ** Math.ceil(Math.log2(bytes))}`,
      );
    }
    // Nobody waits until it has left: what is lent is copied.
    outbox.add(channel, body.some(isLent) ? [Buffer.concat(body)] : body, bytes);
  }

  /** Gives the Starts of the open runs again: somebody came, and nobody can say who. */
  #again(): void {
    for (const frames of this.writer.again?.() ?? []) this.#sendAside(frames);
  }

  #signOfLife(): void {
    const frames = this.writer.signOfLife?.();
    if (frames !== undefined) this.#sendAside(frames);
  }

  #sendAside(frames: readonly Uint8Array[]): void {
    if (this.#outbox !== undefined) this.#send(this.#outbox, this.#channel, frames);
  }
}

function checkedTopic<M>(topic: unknown): string | ((message: M) => string) | undefined {
  if (topic === undefined || typeof topic === "function") return topic as ((message: M) => string) | undefined;
  if (typeof topic !== "string" || topic === "") {
    throw new UsageError(`${SUBJECT}: topic: expected a text or a function of a message, got ${shown(topic)}`);
  }
  if (topic.startsWith(LIFECYCLE_TOPIC)) {
    throw new UsageError(`${SUBJECT}: topic: "${LIFECYCLE_TOPIC}" belongs to Starts and Stops; use another name`);
  }
  return topic;
}
