import type { Channel, ConsumeMessage } from "amqplib";
import { UsageError } from "../../errors.ts";
import { LagWatch } from "../../listener/lag-watch.ts";
import { type Inlet, Listener, platformInlet, type Replay } from "../../listener/listener.ts";
import { checkedCodec } from "../../message/checked-codec.ts";
import type { Codec } from "../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { FLAG, isHeader } from "../../message/native/prelude.ts";
import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";
import { oneOf, shown, wholeNumber } from "../../options/option-check.ts";
import type { Settlement } from "../../queue/settlement.ts";
import { AckBook, type Lifecycle } from "./ack-book.ts";
import { type AmqpConnectionOptions, type ConnectionPlan, connectionPlan } from "./connection-options.ts";
import { Consuming } from "./consuming.ts";
import type { AmqpExchange, AmqpQueueDeclaration } from "./declaration-options.ts";
import {
  declareExchange,
  declareQueue,
  type ExchangePlan,
  exchangePlan,
  type QueuePlan,
  queuePlan,
} from "./declarations.ts";
import { framesOf } from "./frames-of.ts";
import { Linger } from "./linger.ts";
import { Link, type OpenChannel } from "./link.ts";
import { Prefetch } from "./prefetch.ts";
import { LifecycleReader, startAgain } from "./starts-again.ts";

/** Says which queue an `AmqpListener` reads, and how. */
export interface AmqpListenerOptions<M extends AnyMessage = Message> extends AmqpConnectionOptions {
  /** The queue. Default: a temporary one of this listener alone, bound to `exchange`, gone with the connection. */
  readonly queue?: string;
  /** How the queue is made; false: it must be there. Default: taken as it is, or made as a durable one. */
  readonly declare?: AmqpQueueDeclaration | false;
  /** The exchange to which the queue is bound, by name or with how it is made. Default: none is bound here. */
  readonly exchange?: string | AmqpExchange;
  /** The keys, or patterns of a topic exchange, with which it is bound; Starts and Stops come anyway. Default `["#"]`. */
  readonly keys?: readonly string[];
  /** Nobody else may read the queue: runs come whole, and what is missing is counted. Default false. */
  readonly exclusive?: boolean;
  /**
   * What becomes of a message that failed: it comes again, or the broker rejects it and takes it to the queue's dead-letter
   * exchange. Default `reject` where `declare` names one, else `again`. Native name: requeue.
   */
  readonly failed?: "again" | "reject";
  /** How many bytes a broker may send ahead, about; from 1 on, default 8 MiB. */
  readonly prefetchBytes?: number;
  /** How many messages it may send ahead, from 1 to 65 535, instead of `prefetchBytes`. Native name: basic.qos. */
  readonly prefetch?: number;
  /** How long the connection stays for acknowledgements after the last one once reading ended, in ms; default 60 000. */
  readonly lingerMs?: number;
  /** The form of the bytes. Default: the native one. */
  readonly codec?: Codec;
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
}

const SUBJECT = "AmqpListener";
const OWN = [
  ...[
    "queue",
    "declare",
    "exchange",
    "keys",
    "exclusive",
    "prefetchBytes",
    "prefetch",
    "lingerMs",
    "failed",
    "codec",
    "expect",
  ],
];
const PREFETCH_BYTES = 8 * 1024 * 1024;
const LINGER_MS = 60_000;
/** A key that every event has. */
const ALL: ReadonlySet<string> = new Set(["#"]);

/** Brings in what stands in a queue of RabbitMQ, and acknowledges each message when it is finished. */
export class AmqpListener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  /** A queue gives again what was not acknowledged; a temporary one is gone with its connection. */
  override readonly replay: Replay;
  override readonly codec: Codec;
  readonly #plan: ConnectionPlan;
  readonly #queue: QueuePlan | undefined;
  readonly #exchange: ExchangePlan | undefined;
  readonly #keys: readonly string[];
  readonly #exclusive: boolean;
  readonly #prefetchBytes: number;
  readonly #lingerMs: number;
  readonly #plainCodec: Codec;
  readonly #failedDies: boolean;
  /** What was learnt of the sizes holds over a lost connection. */
  readonly #prefetch: Prefetch;
  #isStarted = false;
  #isWarned = false;

  constructor(options: AmqpListenerOptions<M>) {
    super();
    this.#plan = connectionPlan(SUBJECT, options, OWN);
    const { queue, declare, exchange, keys, exclusive, codec = nativeCodec, expect } = options;
    if (queue === undefined && exchange === undefined) {
      throw new UsageError(`${SUBJECT}: expected queue: "frames", or an exchange to which a temporary queue is bound`);
    }
    if (queue === undefined && (declare !== undefined || exclusive !== undefined)) {
      throw new UsageError(`${SUBJECT}: declare, exclusive: a temporary queue has none; name one with "queue"`);
    }
    if (keys !== undefined && exchange === undefined) {
      throw new UsageError(`${SUBJECT}: keys: a queue is bound to an exchange with them; name it with "exchange"`);
    }
    if (expect !== undefined && typeof expect !== "function") {
      throw new UsageError(`${SUBJECT}: expect: expected a function of a message, got ${shown(expect)}`);
    }
    this.#queue = queue === undefined ? undefined : queuePlan(SUBJECT, queue, declare);
    this.#exchange = exchange === undefined ? undefined : exchangePlan(SUBJECT, exchange);
    if (this.#queue?.declare !== undefined && this.#queue.declare !== false && this.#queue.declare.type === "stream") {
      throw new UsageError(`${SUBJECT}: declare: a stream is read from positions; use AmqpStreamListener`);
    }
    this.#keys = checkedKeys(keys);
    this.#exclusive = oneOf(SUBJECT, "exclusive", exclusive, false, [true, false]) || queue === undefined;
    this.#prefetchBytes = wholeNumber(SUBJECT, "prefetchBytes", options.prefetchBytes, PREFETCH_BYTES, 1);
    const fixed = options.prefetch === undefined ? undefined : checkedPrefetch(options.prefetch);
    this.#lingerMs = wholeNumber(SUBJECT, "lingerMs", options.lingerMs, LINGER_MS, 0);
    this.#plainCodec = codec;
    this.codec = checkedCodec(codec, expect, undefined);
    this.replay = queue === undefined ? "none" : "unacked";
    const usual = hasDeadLetters(this.#queue) ? "reject" : "again";
    this.#failedDies = oneOf(SUBJECT, "failed", options.failed, usual, ["again", "reject"]) === "reject";
    this.#prefetch = new Prefetch(this.#prefetchBytes, fixed);
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isStarted) throw new UsageError(`${SUBJECT}: is started already; make another one for another block`);
    if (signal.aborted) return;
    this.#isStarted = true;
    const platform = platformInlet(inlet);
    let link: Link | undefined;
    let linger: Linger | undefined;
    try {
      link = await Link.open(SUBJECT, this.#plan, signal);
      const open = await link.while(signal, link.channel());
      const queue = await link.while(signal, this.#declared(link, open, inlet));
      let consuming: Consuming | undefined;
      const book = new AckBook({
        subject: SUBJECT,
        channel: open.channel,
        failedDies: this.#failedDies,
        changed: () => {
          linger?.look();
          consuming?.look();
        },
      });
      linger = new Linger(
        link,
        this.#lingerMs,
        () => book.outstanding,
        () => book.close(),
      );
      void open.lost.then(() => book.close());
      consuming = new Consuming({
        subject: SUBJECT,
        link,
        open,
        queue,
        prefetch: this.#prefetch,
        maxBytes: this.#prefetchBytes,
        signal,
        givesBack: true,
        consume: () => ({ exclusive: this.#exclusive && this.#queue !== undefined }),
        kept: () => book.unacked,
        put: this.#putting(inlet, book),
        idle: () => undefined,
        warn: (message) => this.#warn(inlet, message),
      });
      // The place of a binding in time is that of its answer: from here on everything comes.
      platform?.connected(true);
      inlet.ready();
      const lag = lagOf(inlet, link, queue, () => book.unacked);
      try {
        await consuming.begin();
        await consuming.run();
      } finally {
        lag.end();
        await consuming.cancel();
      }
    } catch (error) {
      if (signal.aborted) return;
      platform?.connected(false);
      throw error;
    } finally {
      if (linger === undefined) await link?.close();
      else await linger.leave();
      this.#isStarted = false;
    }
  }

  /** Makes and binds what there has to be; gives the queue's name. */
  async #declared(link: Link, { channel }: OpenChannel, inlet: Inlet<M>): Promise<string> {
    const exchange = this.#exchange;
    if (exchange !== undefined) await declareExchange(channel, exchange);
    let name: string;
    if (this.#queue === undefined) {
      name = (await channel.assertQueue("", { exclusive: true, durable: false })).queue;
    } else {
      name = this.#queue.name;
      const open = async (): Promise<Channel> => (await link.channel()).channel;
      const { consumers } = await declareQueue(open, this.#queue);
      this.#company(name, consumers, inlet);
    }
    if (exchange !== undefined) {
      for (const key of this.#keys) await channel.bindQueue(name, exchange.name, key);
      if (!this.#takesAll) await channel.bindQueue(name, exchange.name, LIFECYCLE_TOPIC);
    }
    return name;
  }

  get #takesAll(): boolean {
    return this.#keys.some((key) => ALL.has(key)) && !isDirect(this.#exchange);
  }

  /** Makes what puts a delivery. */
  #putting(inlet: Inlet<M>, book: AckBook): (message: ConsumeMessage) => void | Promise<void> {
    const platform = platformInlet(inlet);
    const isNative = this.#plainCodec === nativeCodec;
    const lifecycles = new LifecycleReader(this.codec, isNative, platform?.limits ?? DEFAULT_LIMITS);
    // Others may have what is missing here, or nobody asked for it: then a gap in the sequences is no loss.
    const isShared = !this.#exclusive || (this.#exchange !== undefined && !this.#takesAll);
    const keeps = this.#queue !== undefined;
    return (delivery) => {
      const { content, fields } = delivery;
      if (isNative && isShared && isHeader(content)) content[5] = (content[5] as number) | FLAG.shared;
      const frames = framesOf(delivery, isNative);
      const decoded = keeps ? lifecycles.look(frames) : [];
      const [first] = decoded;
      let lifecycle: Lifecycle | undefined;
      if (decoded.length === 1 && first !== undefined && first.message.type !== "event") {
        const { type, run } = first.message;
        lifecycle = { kind: type, run, incarnation: first.hop?.incarnation ?? "" };
      }
      const settlement: Settlement = book.track(fields.deliveryTag, lifecycle);
      // It was given before: what came between it and here, somebody else may have finished.
      if (fields.redelivered && lifecycle?.kind === "start" && first !== undefined && platform !== undefined) {
        return platform.putDecoded(startAgain(first, false) as typeof first & { message: M }, settlement, frames);
      }
      return inlet.putFrames(frames.length === 1 ? (frames[0] as Uint8Array) : frames, settlement);
    };
  }

  #company(queue: string, consumers: number, inlet: Inlet<M>): void {
    // Once: after a lost connection it may be our own last one that is still there.
    if (this.#isWarned) return;
    this.#isWarned = true;
    if (consumers === 0 || this.#exclusive) return;
    this.#warn(
      inlet,
      `the queue ${queue} has ${consumers} other consumers: each event, Start and Stop comes to one of them; for runs ` +
        "use one consumer at a time (exclusive: true), a queue for each reader, or a stream",
    );
  }

  #warn(inlet: Inlet<M>, message: string): void {
    const platform = platformInlet(inlet);
    const whole = `${SUBJECT}: ${message}`;
    if (platform === undefined) process.emitWarning(whole, "ArroyoWarning");
    else platform.warn(whole);
  }
}

/** Tells from time to time how many messages stand in the queue or are in work here; over a channel that may break. */
function lagOf<M extends AnyMessage>(inlet: Inlet<M>, link: Link, queue: string, inWork: () => number): LagWatch {
  let open: OpenChannel | undefined;
  const watch = new LagWatch(inlet as Inlet<AnyMessage>, async () => {
    if (open === undefined || open.isClosed) open = await link.channel();
    const { messageCount } = await open.channel.checkQueue(queue);
    return new Map([["", messageCount + inWork()]]);
  });
  watch.begin();
  return watch;
}

function hasDeadLetters(queue: QueuePlan | undefined): boolean {
  const declare = queue?.declare;
  return declare !== undefined && declare !== false && declare.deadLetterExchange !== undefined;
}

function isDirect(exchange: ExchangePlan | undefined): boolean {
  return exchange?.declare?.type === "direct";
}

function checkedKeys(keys: unknown): readonly string[] {
  if (keys === undefined) return [...ALL];
  if (Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === "string")) return keys as string[];
  throw new UsageError(`${SUBJECT}: keys: expected routing keys or patterns such as ["roi.*"], got ${shown(keys)}`);
}

function checkedPrefetch(value: unknown): number {
  const count = wholeNumber(SUBJECT, "prefetch", value, 1, 1);
  if (count <= 65_535) return count;
  throw new UsageError(`${SUBJECT}: prefetch: expected a whole number from 1 to 65535, got ${count}`);
}
