import { UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { isLent } from "../../message/ndarray.ts";
import { Publisher } from "../../publisher/publisher.ts";
import { MemoryChannel, type MemoryChannelEnds } from "./memory-channel.ts";
import { memoryCodec, type PassingWriter, passingWriter } from "./passing-writer.ts";

/** Configures a publisher to a channel. */
export interface MemoryPublisherOptions<M extends AnyMessage = Message> {
  readonly channel: MemoryChannel<M>;
  /** The topic of events, or what gives it for each; Starts and Stops reach everybody. Default: none. */
  readonly topic?: string | ((message: M) => string | undefined);
  /** The name of the stream. Default: the block's name. */
  readonly stream?: string;
  /** Holds `open` until so many listeners read. Default 0. */
  readonly waitForReaders?: number;
  /** Whether the channel ends when this publisher, and all others that say so, are closed. Default true. */
  readonly endOnClose?: boolean;
}

/** Sends messages into a channel, for the listeners of this process. */
export class MemoryPublisher<M extends AnyMessage = Message> extends Publisher<M> {
  /** True for a log, which has the message when `publish` returns. */
  override readonly confirms: boolean;
  override readonly codec: Codec = memoryCodec;
  readonly #channel: MemoryChannel<M>;
  readonly #ends: MemoryChannelEnds;
  readonly #topic: string | ((message: M) => string | undefined) | undefined;
  readonly #waitForReaders: number;
  readonly #endOnClose: boolean;
  /** True while the end of the channel waits for this publisher. */
  #awaited = false;
  #open: PassingWriter | undefined;

  constructor(options: MemoryPublisherOptions<M>) {
    super();
    const { channel, topic, stream = "", waitForReaders = 0, endOnClose = true } = options;
    if (!(channel instanceof MemoryChannel)) throw new UsageError("MemoryPublisher: channel: expected a MemoryChannel");
    if (!Number.isSafeInteger(waitForReaders) || waitForReaders < 0) {
      throw new UsageError(`MemoryPublisher: waitForReaders: expected a whole number, got ${String(waitForReaders)}`);
    }
    this.confirms = channel.mode === "log";
    this.stream = stream;
    this.#channel = channel;
    this.#ends = MemoryChannel.ends(channel as unknown as MemoryChannel<AnyMessage>);
    this.#topic = topic;
    this.#waitForReaders = waitForReaders;
    this.#endOnClose = endOnClose;
    this.#await();
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#open !== undefined) throw new UsageError("MemoryPublisher: is open already; close it first");
    this.#ends.opened();
    this.#await();
    this.#open = passingWriter(this.writer);
    this.#ends.exchange.join(this.#open);
    try {
      await this.#channel.readers(this.#waitForReaders, signal);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  override publish(message: M): void | Promise<void> {
    const writer = this.#open;
    if (writer === undefined) throw new UsageError("MemoryPublisher: is not open; open it before publishing");
    // Whoever reads may keep it for longer than it is lent here.
    const own = message.type === "event" && isLent(message.payload) ? (message.keep() as M) : message;
    return this.#ends.exchange.accept(writer.pass(own, this.topicOf(own)));
  }

  override close(): void {
    const writer = this.#open;
    if (writer === undefined) return;
    this.#open = undefined;
    const farewell = writer.farewell();
    if (farewell !== undefined) this.#ends.exchange.announce(farewell);
    this.#ends.exchange.leave(writer);
    const awaited = this.#awaited;
    this.#awaited = false;
    this.#ends.closed(awaited);
  }

  protected override topicOf(message: M): string | undefined {
    if (message.type !== "event") return undefined;
    return typeof this.#topic === "function" ? this.#topic(message) : this.#topic;
  }

  #await(): void {
    if (this.#awaited || !this.#endOnClose) return;
    this.#awaited = true;
    this.#ends.await();
  }
}
