import type { Channel, ConfirmChannel } from "amqplib";
import { AbortedError, UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bodyPieces } from "../../message/native/joined.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";
import { oneOf, shown } from "../../options/option-check.ts";
import { Publisher } from "../../publisher/publisher.ts";
import { limitIn, tooLarge } from "./amqp-errors.ts";
import { Confirming } from "./confirming.ts";
import { type AmqpConnectionOptions, type ConnectionPlan, connectionPlan, textOption } from "./connection-options.ts";
import type { AmqpExchange, AmqpQueueDeclaration } from "./declaration-options.ts";
import {
  declareExchange,
  declareQueue,
  type ExchangePlan,
  exchangePlan,
  type QueuePlan,
  queuePlan,
} from "./declarations.ts";
import { KEYED } from "./frames-of.ts";
import { Link, type OpenChannel } from "./link.ts";
import type { Sent } from "./message-frames.ts";
import { Blocks, MessageWriting } from "./message-writing.ts";

/** Says where an `AmqpPublisher` sends. */
export interface AmqpPublisherOptions<M extends AnyMessage = AnyMessage> extends AmqpConnectionOptions {
  /** The queue, or stream, that gets everything; instead of `exchange`. */
  readonly queue?: string;
  /** How the queue is made; false: it must be there. Default: taken as it is, or made as a durable one. */
  readonly declare?: AmqpQueueDeclaration | false;
  /** The exchange, by name or with how it is made; instead of `queue`. */
  readonly exchange?: string | AmqpExchange;
  /** The routing key of events on an exchange; Starts and Stops have the key `!arroyo`. Default: an empty one. */
  readonly key?: string | ((message: M) => string);
  /** The name of the stream in its Starts. Default: the block's name. */
  readonly name?: string;
  /** Survives the broker where the queue does. Default true. Native name: delivery mode. */
  readonly persistent?: boolean;
  /**
   * A message that no queue takes is tried again. Without, an exchange to which nothing is bound throws it away, so that
   * the publisher does not claim to confirm. Default true. Native name: mandatory.
   */
  readonly mandatory?: boolean;
  /** The form of the bytes, one frame for each message. Default: the native one. */
  readonly codec?: Codec;
}

const SUBJECT = "AmqpPublisher";
const OWN = ["queue", "declare", "exchange", "key", "name", "persistent", "mandatory", "codec"];

interface Outgoing {
  readonly message: AnyMessage;
  readonly sent: Sent;
  /** In pieces, which follow each other. */
  readonly body: readonly Uint8Array[];
  readonly bytes: number;
}

interface Opened {
  readonly link: Link;
  open: OpenChannel<ConfirmChannel>;
}

/** Sends results to a queue or an exchange of RabbitMQ, and resolves when the broker has confirmed them. */
export class AmqpPublisher<M extends AnyMessage = AnyMessage> extends Publisher<M> {
  override readonly confirms: boolean;
  override readonly codec: Codec;
  readonly #plan: ConnectionPlan;
  readonly #queue: QueuePlan | undefined;
  readonly #exchange: ExchangePlan | undefined;
  readonly #key: string | ((message: M) => string);
  readonly #isNative: boolean;
  readonly #mandatory: boolean;
  readonly #persistent: boolean;
  /** How the last message was sent: that with a topic, and that without. */
  #keyed: Sent | undefined;
  #plain: Sent | undefined;
  /** What was not confirmed, as it was encoded, where the platform does not keep it. */
  #again = new Map<AnyMessage, readonly Outgoing[]>();
  readonly #blocks = new Blocks();
  #opened: Opened | undefined;
  #isOpening = false;
  #maxBytes = Number.POSITIVE_INFINITY;
  #confirming: Confirming | undefined;

  constructor(options: AmqpPublisherOptions<M>) {
    super();
    this.#plan = connectionPlan(SUBJECT, options, OWN);
    const { queue, declare, exchange, key = "" } = options;
    if ((queue === undefined) === (exchange === undefined)) {
      throw new UsageError(`${SUBJECT}: expected one of queue: "frames" and exchange: "scans"`);
    }
    if (exchange !== undefined && declare !== undefined) {
      throw new UsageError(`${SUBJECT}: declare: is of a queue; an exchange is made by exchange: { name, type }`);
    }
    if (queue !== undefined && options.key !== undefined) {
      throw new UsageError(`${SUBJECT}: key: only an exchange looks at it; name one with "exchange"`);
    }
    if (typeof key !== "string" && typeof key !== "function") {
      throw new UsageError(`${SUBJECT}: key: expected a text or a function of a message, got ${shown(key)}`);
    }
    this.#queue = queue === undefined ? undefined : queuePlan(SUBJECT, queue, declare);
    this.#exchange = exchange === undefined ? undefined : exchangePlan(SUBJECT, exchange);
    this.#key = key;
    this.stream = options.name === undefined ? "" : textOption(SUBJECT, "name", options.name);
    this.codec = options.codec ?? nativeCodec;
    this.#isNative = this.codec === nativeCodec;
    this.#persistent = oneOf(SUBJECT, "persistent", options.persistent, true, [true, false]);
    this.#mandatory = oneOf(SUBJECT, "mandatory", options.mandatory, true, [true, false]);
    this.confirms = this.#mandatory;
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#isOpening || this.#opened !== undefined) {
      throw new UsageError(`${SUBJECT}: is open already; close it first, or make another one`);
    }
    this.#isOpening = true;
    let link: Link | undefined;
    try {
      link = await Link.open(SUBJECT, this.#plan, signal);
      const open = await link.while(signal, this.#begin(link));
      if (signal.aborted) throw new AbortedError(SUBJECT);
      this.#opened = { link, open };
    } catch (error) {
      await link?.close();
      throw signal.aborted ? new AbortedError(SUBJECT) : error;
    } finally {
      this.#isOpening = false;
    }
  }

  override publish(message: M): Promise<void> {
    return this.publishBatch([message]);
  }

  override async publishBatch(messages: readonly M[]): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) {
      throw new UsageError(`${SUBJECT}: is not open; call open before publish, and nothing after close`);
    }
    const all = messages.map((message) => this.#outgoing(message));
    try {
      await this.#send(opened, all);
    } catch (error) {
      this.#maxBytes = Math.min(this.#maxBytes, limitIn(error) ?? Number.POSITIVE_INFINITY);
      // The platform repeats what a publisher confirms; what this one does not is repeated with the same bytes here.
      if (!this.confirms) for (const some of all) if (some[0] !== undefined) this.#again.set(some[0].message, some);
      throw error;
    }
    if (this.#again.size > 0) for (const message of messages) this.#again.delete(message);
  }

  override async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.link.close();
  }

  protected override topicOf(message: M): string | undefined {
    return typeof this.#key === "function" ? this.#key(message) : undefined;
  }

  /** Makes what there has to be, and a channel to publish on. */
  async #begin(link: Link): Promise<OpenChannel<ConfirmChannel>> {
    link.onBlocked((reason) => {
      this.warn(`${SUBJECT}: ${link.place} takes nothing from publishers: ${reason}; it goes on when that is over`);
    });
    if (this.#queue !== undefined) {
      await declareQueue(async (): Promise<Channel> => (await link.channel()).channel, this.#queue);
    }
    const open = await link.confirmChannel();
    if (this.#exchange !== undefined) await declareExchange(open.channel, this.#exchange);
    open.channel.on("return", ({ fields }) => {
      const { exchange, routingKey, replyText } = fields as unknown as Record<string, string>;
      const target = exchange === "" ? `the queue ${routingKey}` : `${exchange} with the key "${routingKey}"`;
      this.#confirming?.returned(`no queue took a message for ${target} (${replyText})`);
    });
    return open;
  }

  async #send(opened: Opened, all: readonly (readonly Outgoing[])[]): Promise<void> {
    const { link } = opened;
    // A message that was refused took its channel along, and not the connection.
    if (opened.open.isClosed && !link.isClosed) opened.open = await this.#begin(link);
    const { open } = opened;
    const confirming = new Confirming(SUBJECT, link, open);
    this.#confirming = confirming;
    const writing = new MessageWriting(open.channel, this.#blocks);
    try {
      for (const some of all) {
        for (const { sent, body, bytes } of some) {
          if (confirming.isFull) {
            writing.write();
            await confirming.room();
          }
          writing.publish(sent, body, bytes, confirming.sent(bytes));
        }
      }
      writing.write();
    } catch (error) {
      // The client throws where the channel is closing; why, its end tells.
      if (error instanceof TypeError) throw error;
      throw await open.lost;
    }
    await confirming.all();
    writing.confirmed();
  }

  #outgoing(message: M): readonly Outgoing[] {
    const before = this.#again.get(message);
    if (before !== undefined) return before;
    const sent = this.#sentAs(message);
    return this.encode(message).map((frames) => {
      if (!this.#isNative && frames.length !== 1) {
        throw new UsageError(
          `${SUBJECT}: the codec ${this.codec.name} made a message of ${frames.length} frames, and one of AMQP has one ` +
            "body; take another codec",
        );
      }
      const body = this.#isNative ? bodyPieces(frames) : frames;
      let bytes = 0;
      for (const { length } of body) bytes += length;
      if (bytes > this.#maxBytes) throw tooLarge(SUBJECT, this.#plan.place, bytes, this.#maxBytes);
      return { message, sent, body, bytes };
    });
  }

  /** Gives the same object as long as all is the same: so it is encoded once. */
  #sentAs(message: M): Sent {
    const key = this.#keyOf(message);
    const isKeyed = message.type === "event" && typeof this.#key === "function" && this.#isNative;
    const last = isKeyed ? this.#keyed : this.#plain;
    if (last?.key === key) return last;
    const sent: Sent = {
      exchange: this.#exchange?.name ?? "",
      key,
      persistent: this.#persistent,
      mandatory: this.#mandatory,
      ...(isKeyed ? { type: KEYED } : {}),
    };
    if (isKeyed) this.#keyed = sent;
    else this.#plain = sent;
    return sent;
  }

  #keyOf(message: M): string {
    if (this.#queue !== undefined) return this.#queue.name;
    if (message.type !== "event") return LIFECYCLE_TOPIC;
    const key = typeof this.#key === "function" ? this.#key(message) : this.#key;
    if (typeof key === "string" && Buffer.byteLength(key) <= 255) return key;
    throw new UsageError(`${SUBJECT}: key: expected a text of at most 255 bytes, got ${shown(key)}`);
  }
}
