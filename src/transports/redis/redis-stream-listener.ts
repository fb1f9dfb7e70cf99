import { hostname } from "node:os";
import { UsageError } from "../../errors.ts";
import { LagWatch } from "../../listener/lag-watch.ts";
import { type Inlet, Listener, platformInlet, type Replay } from "../../listener/listener.ts";
import { checkedCodec } from "../../message/checked-codec.ts";
import type { Codec } from "../../message/codec.ts";
import { DEFAULT_LIMITS, type Limits } from "../../message/limits.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { shown, wholeNumber } from "../../options/option-check.ts";
import { untilAborted } from "../../time/wait.ts";
import { type ConnectionPlan, connectionPlan, type RedisConnectionOptions, text } from "./connection-options.ts";
import { type CursorMemory, CursorReading } from "./cursor-reading.ts";
import { type Entry, framesOf } from "./entries.ts";
import { checkedId } from "./entry-id.ts";
import type { From } from "./from.ts";
import { GroupMemory } from "./group-memory.ts";
import { GroupReading } from "./group-reading.ts";
import { Link } from "./link.ts";
import { LinkKeeper } from "./link-keeper.ts";
import { ReadSize } from "./read-size.ts";
import { RunPositions } from "./run-positions.ts";
import { serverLimits, streamWarnings } from "./server-limits.ts";
import { giveStarts } from "./starts-again.ts";
import type { StreamReading } from "./stream-reading.ts";

/** Says which stream a `RedisStreamListener` reads, and how. */
export interface RedisStreamListenerOptions<M extends AnyMessage = Message> extends RedisConnectionOptions {
  /** The stream's key. */
  readonly stream: string;
  /** The name under which the position is remembered, in a hash beside the stream. Default: nothing is remembered. */
  readonly cursor?: string;
  /** The group whose consumers share the stream, instead of a cursor. Native name: XREADGROUP GROUP. */
  readonly group?: string;
  /** The name of this consumer in its group. Default: made of host and process. */
  readonly consumer?: string;
  /** Where reading begins when cursor or group remember nothing. Default `oldest`. */
  readonly from?: From;
  /**
   * For groups: after how long without a sign of life the entries of a consumer are taken over, in milliseconds, from
   * 100 on; default 30 000. Native name: XAUTOCLAIM min-idle-time.
   */
  readonly claimAfterMs?: number;
  /** The fields of an entry that hold the message, in the order of the entry. Default: all. */
  readonly fields?: readonly string[];
  /** The form of the bytes. Default: the native one. */
  readonly codec?: Codec;
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
}

const OWN = ["stream", "cursor", "group", "consumer", "from", "claimAfterMs", "fields", "codec", "expect"];
const CLAIM_AFTER_MS = 30_000;
const SUBJECT = "RedisStreamListener";
let made = 0;

/** Brings in what stands in a Redis stream: as a log with a cursor, or shared among the consumers of a group. */
export class RedisStreamListener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  /** A group gives again what was not acknowledged; a cursor, or a reader from a fixed position, reads a log. */
  override readonly replay: Replay;
  override readonly codec: Codec;
  readonly #plan: ConnectionPlan;
  readonly #stream: string;
  readonly #cursor: string | undefined;
  readonly #group: string | undefined;
  readonly #consumer: string;
  readonly #from: From;
  readonly #claimAfterMs: number;
  readonly #fields: ReadonlySet<string> | undefined;
  readonly #plainCodec: Codec;
  readonly #cursorMemory: CursorMemory = { committed: undefined, hasBegun: false };
  readonly #groupMemory: GroupMemory;
  #isStarted = false;
  #isWarned = false;

  constructor(options: RedisStreamListenerOptions<M>) {
    super();
    this.#plan = connectionPlan(SUBJECT, options, OWN);
    const { cursor, group, consumer, codec = nativeCodec, expect } = options;
    this.#stream = text(SUBJECT, "stream", options.stream);
    this.#cursor = cursor === undefined ? undefined : text(SUBJECT, "cursor", cursor);
    this.#group = group === undefined ? undefined : text(SUBJECT, "group", group);
    if (cursor !== undefined && group !== undefined) {
      throw new UsageError(`${SUBJECT}: cursor and group: a position is remembered by one of them; leave one out`);
    }
    if (group === undefined && (consumer !== undefined || options.claimAfterMs !== undefined)) {
      throw new UsageError(`${SUBJECT}: consumer, claimAfterMs: only a group has them; name it with "group"`);
    }
    if (expect !== undefined && typeof expect !== "function") {
      throw new UsageError(`${SUBJECT}: expect: expected a function of a message, got ${shown(expect)}`);
    }
    made += 1;
    this.#consumer =
      consumer === undefined ? `${hostname()}-${process.pid}-${made}` : text(SUBJECT, "consumer", consumer);
    this.#from = checkedFrom(options.from ?? "oldest");
    this.#claimAfterMs = wholeNumber(SUBJECT, "claimAfterMs", options.claimAfterMs, CLAIM_AFTER_MS, 100);
    this.#fields = checkedFields(options.fields);
    this.#plainCodec = codec;
    this.codec = checkedCodec(codec, expect, undefined);
    this.#groupMemory = new GroupMemory(this.#stream, this.#group ?? "");
    const isForgetful = group === undefined && cursor === undefined && this.#from === "newest";
    this.replay = group !== undefined ? "unacked" : isForgetful ? "none" : "log";
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isStarted) throw new UsageError(`${SUBJECT}: is started already; make another one for another block`);
    if (signal.aborted) return;
    this.#isStarted = true;
    const platform = platformInlet(inlet);
    const links: Link[] = [];
    let keeper: LinkKeeper | undefined;
    let lag: LagWatch | undefined;
    try {
      for (const one of await Promise.allSettled([this.#connect(signal), this.#connect(signal)])) {
        if (one.status === "fulfilled") links.push(one.value);
        else if (!signal.aborted) throw one.reason;
      }
      const [reader, control] = links;
      if (signal.aborted || reader === undefined || control === undefined) return;
      keeper = new LinkKeeper(control);
      // Without it nothing can be acknowledged: reading on would be of no use.
      void control.lost.then(() => reader.close());
      const warn = (message: string): void => this.#warn(inlet, message);
      if (!this.#isWarned) {
        const limits = await control.while(signal, serverLimits(control));
        for (const warning of streamWarnings(limits)) warn(warning);
      }
      this.#isWarned = true;
      const reading = this.#reading(reader, control, keeper, inlet, warn);
      keeper.watch(() => reading.outstanding);
      const starts = await control.while(signal, reader.while(signal, reading.begin()));
      platform?.connected(true);
      inlet.ready();
      lag = lagOf(inlet, reading);
      await giveStarts(inlet, this.codec, control, this.#stream, starts, this.#fields);
      await this.#read(reading, inlet, signal);
    } catch (error) {
      if (signal.aborted) return;
      platform?.connected(false);
      throw error;
    } finally {
      lag?.end();
      links[0]?.close();
      if (keeper === undefined) links[1]?.close();
      else keeper.leave();
      this.#isStarted = false;
    }
  }

  #connect(signal: AbortSignal): Promise<Link> {
    return Link.open(SUBJECT, this.#plan, signal);
  }

  #reading(
    reader: Link,
    control: Link,
    keeper: LinkKeeper,
    inlet: Inlet<M>,
    warn: (message: string) => void,
  ): StreamReading {
    const stream = this.#stream;
    const isNative = this.#plainCodec === nativeCodec;
    const platform = platformInlet(inlet);
    const limits: Limits = platform?.limits ?? DEFAULT_LIMITS;
    const lost = (entries: number, isCounted: boolean): void => {
      warn(`${entries} entries of ${stream} were trimmed or deleted before they were read; keep more of it`);
      if (isCounted) platform?.lost(entries, "trimmed from the stream before it was read");
    };
    const shared = { stream, from: this.#from, reader, control, warn };
    if (this.#group !== undefined) {
      return new GroupReading({
        ...shared,
        group: this.#group,
        consumer: this.#consumer,
        claimAfterMs: this.#claimAfterMs,
        memory: this.#groupMemory,
        changed: () => keeper.look(),
        lost: (entries) => lost(entries, true),
      });
    }
    return new CursorReading({
      ...shared,
      cursor: this.#cursor,
      fields: this.#fields,
      positions: new RunPositions(this.#plainCodec, isNative, limits),
      memory: this.#cursorMemory,
      changed: () => keeper.look(),
      // What is missing while one reads, the sequences of the native form tell, and of which run it was.
      lost: (entries, isFirst) => lost(entries, isFirst || !isNative),
    });
  }

  /** Reads until the signal aborts or a connection is lost; the next read is under way while entries are put. */
  async #read(reading: StreamReading, inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    const size = new ReadSize();
    const stop = (): void => reading.interrupt();
    signal.addEventListener("abort", stop, { once: true });
    let next: Promise<readonly Entry[]> | undefined;
    try {
      while (!signal.aborted) {
        const entries = await (next ?? reading.next(size.count));
        next = undefined;
        size.saw(entries, reading.averageBytes);
        if (entries.length > 0 && !signal.aborted) {
          next = reading.next(size.count);
          // It is awaited after what is at hand; until then its failure is nobody's.
          next.catch(() => undefined);
        }
        const rest = await this.#put(reading, inlet, entries, signal);
        if (rest.length > 0) await reading.leave(rest);
      }
    } finally {
      signal.removeEventListener("abort", stop);
      reading.interrupt();
    }
    // What the server dealt to us last, nobody here will take.
    if (next !== undefined) await reading.leave(await next);
  }

  /** Puts entries; gives those that were not put because the signal aborted. */
  async #put(
    reading: StreamReading,
    inlet: Inlet<M>,
    entries: readonly Entry[],
    signal: AbortSignal,
  ): Promise<readonly Entry[]> {
    for (let at = 0; at < entries.length; at += 1) {
      if (signal.aborted) return entries.slice(at);
      const { id, fields = [] } = entries[at] as Entry;
      const frames = framesOf(fields, this.#fields);
      const put = inlet.putFrames(frames, reading.track(id, frames));
      if (put !== undefined) await untilAborted(put, signal);
    }
    return [];
  }

  #warn(inlet: Inlet<M>, message: string): void {
    const platform = platformInlet(inlet);
    const whole = `${SUBJECT}: ${message}`;
    if (platform === undefined) process.emitWarning(whole, "ArroyoWarning");
    else platform.warn(whole);
  }
}

/** Tells from time to time how far a group is behind; a cursor that nobody else knows is not asked for. */
function lagOf<M extends AnyMessage>(inlet: Inlet<M>, reading: StreamReading): LagWatch | undefined {
  if (reading.lag === undefined) return undefined;
  const watch = new LagWatch(inlet as Inlet<AnyMessage>, async () => {
    const entries = await reading.lag?.();
    return entries === undefined ? undefined : new Map([["", entries]]);
  });
  watch.begin();
  return watch;
}

function checkedFrom(from: unknown): From {
  if (from === "oldest" || from === "newest") return from;
  const id: unknown = (from as { id?: unknown } | null)?.id;
  if (id !== undefined) return { id: checkedId(SUBJECT, "from.id", id) };
  throw new UsageError(
    `${SUBJECT}: from: expected "oldest", "newest" or { id: "1526919030474-55" }, got ${shown(from)}`,
  );
}

function checkedFields(fields: unknown): ReadonlySet<string> | undefined {
  if (fields === undefined) return undefined;
  if (Array.isArray(fields) && fields.length > 0 && fields.every((name) => typeof name === "string")) {
    return new Set(fields as string[]);
  }
  throw new UsageError(`${SUBJECT}: fields: expected names such as ["image"], got ${shown(fields)}`);
}
