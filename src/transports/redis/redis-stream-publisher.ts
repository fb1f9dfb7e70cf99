import { AbortedError, UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bodyPieces } from "../../message/native/joined.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { shown } from "../../options/option-check.ts";
import { Publisher } from "../../publisher/publisher.ts";
import type { Command, Part } from "./command.ts";
import { lengthOf } from "./command-bytes.ts";
import { type ConnectionPlan, connectionPlan, type RedisConnectionOptions, text } from "./connection-options.ts";
import { Link } from "./link.ts";
import { RunIndex } from "./run-index.ts";
import { canScript, Gathered, isSmall } from "./scripts.ts";
import { serverLimits, streamWarnings } from "./server-limits.ts";
import { streamInfo } from "./stream-info.ts";
import { Trimming } from "./trimming.ts";

/** Says which stream a `RedisStreamPublisher` writes, and how much of it is kept. */
export interface RedisStreamPublisherOptions extends RedisConnectionOptions {
  /** The stream's key; other publishers may write into the same. */
  readonly stream: string;
  /** The name of the stream in its Starts. Default: the block's name. */
  readonly name?: string;
  /** How many bytes are kept, about; from 1 on, Infinity for all. Default 1 GiB. Native name: MAXLEN ~, in entries. */
  readonly maxBytes?: number;
  /** For how long entries are kept, about, in milliseconds; from 1 on. Default: any time. Native name: MINID ~. */
  readonly maxAgeMs?: number;
  /** The field that holds the bytes; a message of several frames has it several times. Default `message`. */
  readonly field?: string;
  /** The form of the bytes. Default: the native one. */
  readonly codec?: Codec;
}

const SUBJECT = "RedisStreamPublisher";
const OWN = ["stream", "name", "maxBytes", "maxAgeMs", "field", "codec"];
const MAX_BYTES = 1024 * 1024 * 1024;
/** What goes out in one write. */
const WRITE_BYTES = 512 * 1024;
/** How many writes may be without an answer: the server works on one while the next is made. */
const WRITES_OPEN = 4;

interface Written {
  readonly message: AnyMessage;
  /** The values of the entry, each in pieces. */
  readonly wire: readonly (readonly Uint8Array[])[];
  readonly bytes: number;
}

/** Adds results to a Redis stream, and resolves when the server has them. */
export class RedisStreamPublisher<M extends AnyMessage = AnyMessage> extends Publisher<M> {
  override readonly confirms = true;
  override readonly codec: Codec;
  readonly #plan: ConnectionPlan;
  readonly #key: string;
  readonly #field: string;
  readonly #isNative: boolean;
  readonly #trimming: Trimming;
  readonly #index: RunIndex;
  #link: Link | undefined;
  #isOpening = false;
  #isWarned = false;
  #maxBulkBytes = Number.POSITIVE_INFINITY;
  #canScript = false;

  constructor(options: RedisStreamPublisherOptions) {
    super();
    this.#plan = connectionPlan(SUBJECT, options, OWN);
    this.#key = text(SUBJECT, "stream", options.stream);
    this.#field = options.field === undefined ? "message" : text(SUBJECT, "field", options.field);
    this.stream = options.name === undefined ? "" : text(SUBJECT, "name", options.name);
    this.codec = options.codec ?? nativeCodec;
    this.#isNative = this.codec === nativeCodec;
    this.#trimming = new Trimming(this.#key, {
      maxBytes: most("maxBytes", options.maxBytes, MAX_BYTES),
      maxAgeMs: most("maxAgeMs", options.maxAgeMs, Number.POSITIVE_INFINITY),
    });
    this.#index = new RunIndex(this.#key);
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#isOpening || this.#link !== undefined) {
      throw new UsageError(`${SUBJECT}: is open already; close it first, or make another one`);
    }
    this.#isOpening = true;
    let link: Link | undefined;
    try {
      link = await Link.open(SUBJECT, this.#plan, signal);
      await link.while(signal, this.#begin(link));
      if (signal.aborted) throw new AbortedError(SUBJECT);
      this.#link = link;
    } catch (error) {
      link?.close();
      throw signal.aborted ? new AbortedError(SUBJECT) : error;
    } finally {
      this.#isOpening = false;
    }
  }

  override publish(message: M): Promise<void> {
    return this.publishBatch([message]);
  }

  override async publishBatch(messages: readonly M[]): Promise<void> {
    const link = this.#link;
    if (link === undefined) {
      throw new UsageError(`${SUBJECT}: is not open; call open before publish, and nothing after close`);
    }
    const all: Written[] = [];
    for (const message of messages) {
      for (const frames of this.encode(message)) {
        const wire = this.#isNative ? [bodyPieces(frames)] : frames.map((frame) => [frame]);
        all.push({ message, wire, bytes: this.#checked(wire) });
      }
    }
    const open: Promise<void>[] = [];
    try {
      for (let from = 0; from < all.length; ) {
        const to = endOf(all, from);
        const some = all.slice(from, to);
        from = to;
        if (open.length === WRITES_OPEN) await open.shift();
        const added = this.#add(link, some);
        // It is awaited later; until then its failure is nobody's.
        added.catch(() => undefined);
        open.push(added);
        // Who begins to read behind a Start finds its run in the index.
        if (some.some(({ message }) => message.type !== "event")) await added;
      }
    } finally {
      await Promise.allSettled(open);
    }
    await Promise.all(open);
  }

  override async close(): Promise<void> {
    // What was published has its answer: nothing is on its way.
    this.#link?.close();
    this.#link = undefined;
  }

  /** Learns what the server allows and what stands in the stream. */
  async #begin(link: Link): Promise<void> {
    const limits = await serverLimits(link);
    if (!this.#isWarned) for (const warning of streamWarnings(limits)) this.warn(`${SUBJECT}: ${warning}`);
    this.#isWarned = true;
    this.#maxBulkBytes = limits.maxBulkBytes;
    this.#canScript = await canScript(link);
    await this.#index.load(link);
    const { length } = await streamInfo(link, this.#key);
    const [used, time] = await link.callAll([["MEMORY", "USAGE", this.#key], ["TIME"]], "give");
    const nowMs = Array.isArray(time) ? Number(time[0]) * 1000 : Date.now();
    this.#trimming.begin(typeof used === "number" ? used : 0, typeof used === "number" ? length : 0, nowMs);
  }

  async #add(link: Link, some: readonly Written[]): Promise<void> {
    const commands: Command[] = [];
    /** Which message each Start and Stop is, and where its answer will stand. */
    const lifecycle: { readonly written: Written; readonly answer: number }[] = [];
    for (const { bytes } of some) this.#trimming.sent(bytes);
    const trim = this.#trimming.byBytes();
    let gathered: Gathered | undefined;
    const end = (): void => {
      if (gathered?.command !== undefined) commands.push(gathered.command);
      gathered = undefined;
    };
    for (const written of some) {
      const { message, wire, bytes } = written;
      if (this.#canScript && message.type === "event" && wire.length === 1 && isSmall(bytes)) {
        if (gathered?.isFull === true) end();
        gathered ??= Gathered.entries(this.#key, this.#field, trim[2] ?? "");
        gathered.add(bytes, wire[0] as Part);
        continue;
      }
      end();
      if (message.type !== "event") lifecycle.push({ written, answer: commands.length });
      const command: [string, ...Part[]] = ["XADD", this.#key, ...trim, "*"];
      for (const one of wire) command.push(this.#field, one);
      commands.push(command);
    }
    end();
    const answers = await link.sendAll([...commands, ...this.#trimming.byAge()]);
    if (lifecycle.length === 0) return;
    const { firstId } = await streamInfo(link, this.#key);
    const notes = lifecycle.flatMap(({ written: { message, wire }, answer }) =>
      this.#index.note(message, String(answers[answer]), this.#isNative ? (wire[0] ?? []) : [], firstId),
    );
    if (notes.length > 0) await link.callAll(notes);
  }

  /** Gives the bytes of an entry. Whatever is longer than allowed ends the connection, again and again. */
  #checked(wire: Written["wire"]): number {
    if (wire.length === 0) {
      throw new UsageError(`${SUBJECT}: the codec ${this.codec.name} made a message without frames`);
    }
    let sum = 0;
    for (const value of wire) {
      const bytes = lengthOf(value);
      sum += bytes;
      if (bytes <= this.#maxBulkBytes) continue;
      throw new UsageError(
        `${SUBJECT}: a message has ${bytes} bytes, and the server's proto-max-bulk-len is ${this.#maxBulkBytes}; ` +
          `set it with: CONFIG SET proto-max-bulk-len ${2 ** Math.ceil(Math.log2(bytes))}`,
      );
    }
    return sum;
  }
}

function endOf(all: readonly Written[], from: number): number {
  let bytes = 0;
  for (let at = from; at < all.length; at += 1) {
    bytes += all[at]?.bytes ?? 0;
    if (bytes > WRITE_BYTES && at > from) return at;
  }
  return all.length;
}

function most(name: string, value: unknown, other: number): number {
  if (value === undefined) return other;
  if (typeof value === "number" && value >= 1) return value;
  throw new UsageError(`${SUBJECT}: ${name}: expected a number from 1 on, or Infinity, got ${shown(value)}`);
}
