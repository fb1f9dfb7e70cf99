import type { Channel, ConsumeMessage } from "amqplib";
import { UsageError } from "../../errors.ts";
import { AckPrefix } from "../../listener/ack-prefix.ts";
import { type Inlet, Listener, type PlatformInlet, platformInlet, type Replay } from "../../listener/listener.ts";
import { checkedCodec } from "../../message/checked-codec.ts";
import type { Codec, Decoded } from "../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { shown, wholeNumber } from "../../options/option-check.ts";
import type { Settlement } from "../../queue/settlement.ts";
import { type AmqpConnectionOptions, type ConnectionPlan, connectionPlan, textOption } from "./connection-options.ts";
import { Consuming } from "./consuming.ts";
import { CursorStore, type Position } from "./cursor-store.ts";
import type { AmqpQueueDeclaration } from "./declaration-options.ts";
import { declareQueue, type QueuePlan, queuePlan } from "./declarations.ts";
import { framesOf } from "./frames-of.ts";
import { Linger } from "./linger.ts";
import { Link, type OpenChannel } from "./link.ts";
import { OpenStarts } from "./open-starts.ts";
import { Prefetch } from "./prefetch.ts";
import { LifecycleReader, startAgain } from "./starts-again.ts";

/** Says where reading begins when nothing is remembered. */
export type AmqpFrom = "oldest" | "newest" | { readonly offset: number } | { readonly timeMs: number };

/** Says which stream an `AmqpStreamListener` reads, and from where. */
export interface AmqpStreamListenerOptions<M extends AnyMessage = Message> extends AmqpConnectionOptions {
  /** The stream: a queue of that type. */
  readonly queue: string;
  /** How the stream is made; false: it must be there. Default: made where it is not there. */
  readonly declare?: (Omit<AmqpQueueDeclaration, "type"> & { readonly type?: "stream" }) | false;
  /** The name under which the position is remembered, in a queue beside the stream. Default: nothing is remembered. */
  readonly cursor?: string;
  /** Where reading begins when the cursor remembers nothing. Default `oldest`. Native name: x-stream-offset. */
  readonly from?: AmqpFrom;
  /** How many bytes a broker may send ahead, about; from 1 on, default 8 MiB. */
  readonly prefetchBytes?: number;
  /** How long the connection stays for acknowledgements after the last one once reading ended, in ms; default 60 000. */
  readonly lingerMs?: number;
  /** The form of the bytes. Default: the native one. */
  readonly codec?: Codec;
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
}

const SUBJECT = "AmqpStreamListener";
const OWN = ["queue", "declare", "cursor", "from", "prefetchBytes", "lingerMs", "codec", "expect"];
const PREFETCH_BYTES = 8 * 1024 * 1024;
const LINGER_MS = 60_000;

/** Brings in what stands in a stream of RabbitMQ, as a log: from a position on, again and again. */
export class AmqpStreamListener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  /** Who begins at the newest each time and remembers nothing is given nothing again. */
  override readonly replay: Replay;
  override readonly codec: Codec;
  readonly #plan: ConnectionPlan;
  readonly #queue: QueuePlan;
  readonly #cursor: string | undefined;
  readonly #from: AmqpFrom;
  readonly #prefetchBytes: number;
  readonly #prefetch: Prefetch;
  readonly #lingerMs: number;
  readonly #plainCodec: Codec;
  /** Where this listener got to, over all its connections. */
  #committed: Position | undefined;
  #isStarted = false;

  constructor(options: AmqpStreamListenerOptions<M>) {
    super();
    this.#plan = connectionPlan(SUBJECT, options, OWN);
    const { queue, declare, cursor, codec = nativeCodec, expect } = options;
    if (typeof declare === "object" && declare !== null && (declare.type ?? "stream") !== "stream") {
      throw new UsageError(`${SUBJECT}: declare: expected a stream, got ${shown(declare.type)}; use AmqpListener`);
    }
    this.#queue = queuePlan(SUBJECT, queue, declare === false ? false : { ...declare, type: "stream" });
    this.#cursor = cursor === undefined ? undefined : textOption(SUBJECT, "cursor", cursor);
    this.#from = checkedFrom(options.from ?? "oldest");
    if (expect !== undefined && typeof expect !== "function") {
      throw new UsageError(`${SUBJECT}: expect: expected a function of a message, got ${shown(expect)}`);
    }
    this.#prefetchBytes = wholeNumber(SUBJECT, "prefetchBytes", options.prefetchBytes, PREFETCH_BYTES, 1);
    this.#prefetch = new Prefetch(this.#prefetchBytes, undefined);
    this.#lingerMs = wholeNumber(SUBJECT, "lingerMs", options.lingerMs, LINGER_MS, 0);
    this.#plainCodec = codec;
    this.codec = checkedCodec(codec, expect, undefined);
    this.replay = cursor === undefined && this.#from === "newest" ? "none" : "log";
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isStarted) throw new UsageError(`${SUBJECT}: is started already; make another one for another block`);
    if (signal.aborted) return;
    this.#isStarted = true;
    const platform = platformInlet(inlet);
    let link: Link | undefined;
    let reading: Reading<M> | undefined;
    try {
      link = await Link.open(SUBJECT, this.#plan, signal);
      reading = await link.while(signal, this.#reading(link, inlet, signal));
      platform?.connected(true);
      inlet.ready();
      await reading.run();
    } catch (error) {
      if (signal.aborted) return;
      platform?.connected(false);
      throw error;
    } finally {
      if (reading === undefined) await link?.close();
      else await reading.leave();
      this.#isStarted = false;
    }
  }

  async #reading(link: Link, inlet: Inlet<M>, signal: AbortSignal): Promise<Reading<M>> {
    await declareQueue(async (): Promise<Channel> => (await link.channel()).channel, this.#queue);
    const store = this.#cursor === undefined ? undefined : await CursorStore.open(link, this.#queue.name, this.#cursor);
    const open = await link.channel();
    return new Reading({
      link,
      open,
      inlet,
      signal,
      codec: this.codec,
      isNative: this.#plainCodec === nativeCodec,
      queue: this.#queue.name,
      prefetch: this.#prefetch,
      prefetchBytes: this.#prefetchBytes,
      lingerMs: this.#lingerMs,
      from: this.#from,
      // With a name the broker knows best; another process may have gone on from there.
      position: store === undefined ? this.#committed : await store.read(),
      hasBegun: this.#committed !== undefined,
      commit: async (position) => {
        await store?.write(position);
        this.#committed = position;
      },
    });
  }
}

interface ReadingOptions<M extends AnyMessage> {
  readonly link: Link;
  readonly open: OpenChannel;
  readonly inlet: Inlet<M>;
  readonly signal: AbortSignal;
  readonly codec: Codec;
  readonly isNative: boolean;
  readonly queue: string;
  readonly prefetch: Prefetch;
  readonly prefetchBytes: number;
  readonly lingerMs: number;
  readonly from: AmqpFrom;
  readonly position: Position | undefined;
  readonly hasBegun: boolean;
  commit(position: Position): Promise<void>;
}

/** Reads a stream over one connection, and commits the finished prefix. */
class Reading<M extends AnyMessage> {
  readonly #options: ReadingOptions<M>;
  readonly #platform: PlatformInlet<M> | undefined;
  readonly #consuming: Consuming;
  readonly #prefix: AckPrefix;
  readonly #starts: OpenStarts;
  readonly #linger: Linger;
  /** The offset of the next message; undefined before the first. */
  #next: number | undefined;
  #isFirst = true;
  #outstanding = 0;
  #last: ConsumeMessage | undefined;

  constructor(options: ReadingOptions<M>) {
    this.#options = options;
    const { inlet, codec, isNative, link, open, position, lingerMs } = options;
    this.#platform = platformInlet(inlet);
    this.#starts = new OpenStarts(new LifecycleReader(codec, isNative, this.#platform?.limits ?? DEFAULT_LIMITS));
    this.#starts.begin(position?.starts ?? []);
    this.#next = position === undefined ? undefined : position.offset + 1;
    this.#prefix = new AckPrefix((offset) => options.commit({ offset, starts: this.#starts.openAt(offset) }));
    this.#linger = new Linger(
      link,
      lingerMs,
      () => this.#outstanding,
      () => undefined,
    );
    this.#consuming = new Consuming({
      subject: SUBJECT,
      link,
      open,
      queue: options.queue,
      prefetch: options.prefetch,
      maxBytes: options.prefetchBytes,
      signal: options.signal,
      // The broker would end the connection, and with it what is still to be committed.
      givesBack: false,
      consume: () => ({ arguments: { "x-stream-offset": this.#beginning() } }),
      kept: () => 0,
      put: (message) => this.#put(message),
      isNew: (message) => this.#isNew(message),
      idle: () => this.#credit(),
      warn: (message) => this.#warn(message),
    });
  }

  async run(): Promise<void> {
    await this.#giveStarts();
    try {
      await this.#consuming.begin();
      await this.#consuming.run();
    } finally {
      await this.#consuming.cancel();
    }
  }

  leave(): Promise<void> {
    return this.#linger.leave();
  }

  /** Says where the broker begins: as an offset, or as its own word; a time is in seconds there. */
  #beginning(): unknown {
    if (this.#next !== undefined) return this.#next;
    const { from } = this.#options;
    if (from === "oldest") return "first";
    if (from === "newest") return "next";
    return "offset" in from ? from.offset : { "!": "timestamp", value: Math.floor(from.timeMs / 1000) };
  }

  /** Where the broker begins anew, it may send once more what is on the way. */
  #isNew(message: ConsumeMessage): boolean {
    const offset = offsetOf(message);
    if (this.#isFirst) this.#begun(offset);
    else if (offset < (this.#next ?? 0)) return false;
    this.#next = offset + 1;
    return true;
  }

  #put(message: ConsumeMessage): void | Promise<void> {
    const { inlet, isNative } = this.#options;
    const offset = offsetOf(message);
    const frames = framesOf(message, isNative);
    this.#starts.look(offset, frames);
    const tracked = this.#prefix.track(offset);
    this.#outstanding += 1;
    const settled = (): void => {
      this.#outstanding -= 1;
      this.#linger.look();
    };
    const wait = inlet.putFrames(frames.length === 1 ? (frames[0] as Uint8Array) : frames, once(tracked, settled));
    this.#last = message;
    if (wait === undefined) return undefined;
    this.#credit();
    return wait;
  }

  /** Lets the broker send more for what was taken: what is finished, the position says. */
  #credit(): void {
    const last = this.#last;
    this.#last = undefined;
    if (last === undefined || this.#options.open.isClosed) return;
    try {
      this.#options.open.channel.ack(last, true);
    } catch {
      // The channel is closing; its loss is told where it is read from.
    }
  }

  /** Compares where the broker begins with where it was asked to. */
  #begun(offset: number): void {
    this.#isFirst = false;
    const asked = this.#next;
    if (asked === undefined || asked === offset) return;
    const { queue, hasBegun, isNative } = this.#options;
    if (offset < asked) {
      this.#warn(`${queue} ends before the position ${asked - 1}: it was made anew; it is read from ${offset} on`);
      return;
    }
    const lost = offset - asked;
    this.#warn(`${lost} messages of ${queue} were removed before they were read; keep more of it`);
    // What is missing while one reads, the sequences of the native form tell, and of which run it was.
    if (!hasBegun || !isNative) this.#platform?.lost(lost, "removed from the stream before it was read");
  }

  /** Gives the Starts of runs that were open where it begins, as copies that nobody has to settle. */
  async #giveStarts(): Promise<void> {
    const { inlet, codec, position, isNative } = this.#options;
    const reader = new LifecycleReader(codec, isNative, this.#platform?.limits ?? DEFAULT_LIMITS);
    for (const body of position?.starts ?? []) {
      for (const decoded of reader.look([body])) {
        if (decoded.message.type !== "start") continue;
        const again = startAgain(decoded, true) as Decoded<M & Message>;
        await (this.#platform === undefined ? inlet.put(again.message) : this.#platform.putDecoded(again));
      }
    }
  }

  #warn(message: string): void {
    const whole = `${SUBJECT}: ${message}`;
    if (this.#platform === undefined) process.emitWarning(whole, "ArroyoWarning");
    else this.#platform.warn(whole);
  }
}

/** The place in the stream; of what has none, the inlet would not know what to settle. */
function offsetOf({ properties }: ConsumeMessage): number {
  const offset: unknown = properties.headers?.["x-stream-offset"];
  return typeof offset === "number" ? offset : 0;
}

/** Counts the first settlement, after its commit where there is one. */
function once(settlement: Settlement, settled: () => void): Settlement {
  let isSettled = false;
  const count = (): void => {
    if (!isSettled) settled();
    isSettled = true;
  };
  return {
    async ack() {
      try {
        await settlement.ack();
      } finally {
        count();
      }
    },
    nack(reason) {
      const back = settlement.nack(reason);
      count();
      return back;
    },
  };
}

function checkedFrom(from: unknown): AmqpFrom {
  if (from === "oldest" || from === "newest") return from;
  const { offset, timeMs } = (from ?? {}) as { offset?: unknown; timeMs?: unknown };
  if (Number.isSafeInteger(offset) && (offset as number) >= 0) return { offset: offset as number };
  if (typeof timeMs === "number" && timeMs >= 0 && timeMs < Number.POSITIVE_INFINITY) return { timeMs };
  throw new UsageError(
    `${SUBJECT}: from: expected "oldest", "newest", { offset: 1000 } or { timeMs: Date.now() - 60000 }, got ${shown(from)}`,
  );
}
