import { AbortedError, UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";
import { oneOf, shown, wholeNumber } from "../../options/option-check.ts";
import { Publisher } from "../../publisher/publisher.ts";
import { Broadcast } from "./broadcast.ts";
import { Dealing } from "./dealing.ts";
import { COMMON_OPTIONS, type Ends, readEnds, type ZmqOptions } from "./ends.ts";
import { loadEngine } from "./engine.ts";
import type { Sender, Sending, Target } from "./sending.ts";
import type { Engine, WritingSocket } from "./socket.ts";

/** Says where a `ZmqPublisher` sends, and how. */
export interface ZmqPublisherOptions<M extends AnyMessage = Message> extends ZmqOptions {
  /**
   * `pub` sends everything to everybody, and drops for who is too slow; `push` deals events out among the addresses that
   * it connects to, repeats Start and Stop to each, and waits where all are full. Default `pub`. Native names: ZMQ_XPUB,
   * ZMQ_PUSH.
   */
  readonly socket?: "pub" | "push";
  /** The topic of an event, or what gives it; at most 255 bytes. Default: none. Start and Stop have one of their own. */
  readonly topic?: string | ((message: M) => string);
  /** The name of the stream. Default: the block's name. */
  readonly stream?: string;
  /** How many subscribers `open` waits for, from 0 on, for `pub`; default 0. */
  readonly waitForSubscribers?: number;
  /** How long what was sent may still leave after `close`, in milliseconds, from 0 on; default 5 000. Native name: ZMQ_LINGER. */
  readonly lingerMs?: number;
}

const LINGER_MS = 5000;
const SIGN_OF_LIFE_MS = 1000;
/** Subscriptions are all that comes in. */
const MAX_INCOMING_BYTES = 64 * 1024;
const SOCKETS = ["pub", "push"] as const;
const OPTIONS = [...COMMON_OPTIONS, "socket", "topic", "stream", "waitForSubscribers", "lingerMs"];

/** Sends results out over ZeroMQ; with no type named, whatever its operator brings. */
export class ZmqPublisher<M extends AnyMessage = AnyMessage> extends Publisher<M> {
  override readonly codec: Codec;
  override readonly shared: boolean;
  override readonly keepsNothing: boolean;
  readonly #ends: Ends;
  readonly #socket: "pub" | "push";
  readonly #topic: string | ((message: M) => string) | undefined;
  readonly #waitForSubscribers: number;
  readonly #lingerMs: number;
  #engine: Engine | undefined;
  #sockets: WritingSocket[] = [];
  #sending: Sending | undefined;
  #isOpening = false;
  #signs: NodeJS.Timeout | undefined;
  #endpoints: readonly string[] = [];

  constructor(options: ZmqPublisherOptions<M>) {
    super();
    const subject = "ZmqPublisher";
    this.#ends = readEnds(subject, options, OPTIONS);
    this.#socket = oneOf(subject, "socket", options.socket, "pub", SOCKETS);
    this.#topic = readTopic(subject, options.topic);
    this.#lingerMs = wholeNumber(subject, "lingerMs", options.lingerMs, LINGER_MS, 0);
    this.#waitForSubscribers = wholeNumber(subject, "waitForSubscribers", options.waitForSubscribers, 0, 0);
    if (this.#waitForSubscribers > 0 && this.#socket === "push") {
      throw new UsageError(`${subject}: waitForSubscribers: a push waits for its pullers anyway; leave it out`);
    }
    if (options.stream !== undefined && typeof options.stream !== "string") {
      throw new UsageError(`${subject}: stream: expected a text, got ${shown(options.stream)}`);
    }
    this.stream = options.stream ?? "";
    this.codec = options.codec ?? nativeCodec;
    this.keepsNothing = this.codec === nativeCodec && typeof this.#topic !== "function";
    const { bind, connect } = this.#ends;
    this.shared = this.#socket === "push" && (bind.length > 0 || connect.length > 1);
  }

  /** The addresses in use, with real ports: those bound first, then those connected to. Empty before `open`. */
  get endpoints(): readonly string[] {
    return this.#endpoints;
  }

  /** How many read now: subscribers of a pub, pullers of a push. Those at a bound inproc address of a push are not seen. */
  get readers(): number {
    return this.#sending?.readers ?? 0;
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#isOpening || this.#sending !== undefined) {
      throw new UsageError("ZmqPublisher: is open already; close it first, or make another one");
    }
    this.#isOpening = true;
    try {
      await this.#open(signal);
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      this.#isOpening = false;
    }
  }

  override publish(message: M): void | Promise<void> {
    if (this.#sending === undefined) {
      throw new UsageError("ZmqPublisher: is not open; call open before publish, and nothing after close");
    }
    return this.#sending.send(this.encode(message), message);
  }

  override async close(): Promise<void> {
    clearInterval(this.#signs);
    this.#sending?.close();
    this.#sending = undefined;
    this.#endpoints = [];
    for (const socket of this.#sockets.splice(0)) socket.close();
    const engine = this.#engine;
    this.#engine = undefined;
    if ((await engine?.close()) === false) {
      this.warn(`ZmqPublisher: ${this.#lingerMs} ms after close some messages had no taker and are lost`);
    }
  }

  /** Our own engine puts small frames together at once. */
  protected override get copies(): boolean {
    return this.#ends.engine === "zmtp";
  }

  protected override topicOf(message: M): string | undefined {
    return typeof this.#topic === "function" ? this.#topic(message) : this.#topic;
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { warning } = this.#ends;
    const engine = await loadEngine(this.#ends.engine, "ZmqPublisher");
    this.#engine = engine;
    if (warning !== undefined) this.warn(warning);
    const came = (name: string): void => {
      if (this.#sending instanceof Dealing) this.#sending.came(name);
    };
    const targets = await this.#connect(engine, came, signal);
    if (signal.aborted) throw new AbortedError("ZmqPublisher");
    const canRepeat = this.writer.again !== undefined;
    const again = canRepeat ? () => this.writer.again?.() ?? [] : undefined;
    const sender: Sender = { subject: "ZmqPublisher", again };
    if (this.#socket === "push") this.#sending = new Dealing(sender, targets);
    else await this.#broadcast(new Broadcast(sender, targets), signal);
    this.#signs = setInterval(() => this.#signOfLife(), SIGN_OF_LIFE_MS).unref();
  }

  /** Binds with one socket, and connects with one for each address. */
  async #connect(engine: Engine, came: (name: string) => void, signal: AbortSignal): Promise<readonly Target[]> {
    const { connect, bind } = this.#ends;
    const targets: Target[] = [];
    const bound: string[] = [];
    if (bind.length > 0) {
      const name = bind.map((address) => address.text).join(", ");
      const socket = await this.#socketOf(engine, name, came);
      for (const address of bind) bound.push(await socket.bind(address.text));
      const isUnseen = bind.some((address) => address.transport === "inproc");
      targets.push({ socket, name, isBound: true, isUnseen });
    }
    for (const { text } of connect) {
      if (signal.aborted) break;
      const socket = await this.#socketOf(engine, text, came);
      socket.connect(text);
      targets.push({ socket, name: text, isBound: false, isUnseen: false });
    }
    this.#endpoints = [...bound, ...connect.map((address) => address.text)];
    return targets;
  }

  async #socketOf(engine: Engine, name: string, came: (name: string) => void): Promise<WritingSocket> {
    const told = new Set<string>();
    const trouble = (reason: string): void => {
      if (!told.has(reason)) this.warn(`ZmqPublisher: ${name}: a connection ${reason}`);
      told.add(reason);
    };
    let before = 0;
    const peers = (count: number): void => {
      const isFirst = before === 0 && count > 0;
      before = count;
      if (isFirst) came(name);
    };
    const settings = { ...this.#ends.settings, maxFrameBytes: MAX_INCOMING_BYTES, lingerMs: this.#lingerMs };
    const socket = await engine.writing(this.#socket, settings, { peers, trouble });
    this.#sockets.push(socket);
    return socket;
  }

  async #broadcast(broadcast: Broadcast, signal: AbortSignal): Promise<void> {
    this.#sending = broadcast;
    if (this.#waitForSubscribers === 0) return;
    const stop = (): void => broadcast.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await broadcast.subscribed(this.#waitForSubscribers);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #signOfLife(): void {
    this.#sending?.signOfLife(() => this.writer.signOfLife?.());
  }
}

function readTopic<M>(subject: string, topic: unknown): string | ((message: M) => string) | undefined {
  if (topic === undefined || typeof topic === "function") return topic as ((message: M) => string) | undefined;
  if (typeof topic !== "string" || topic === "") {
    throw new UsageError(`${subject}: topic: expected a text or a function of a message, got ${shown(topic)}`);
  }
  if (topic.startsWith(LIFECYCLE_TOPIC)) {
    throw new UsageError(`${subject}: topic: "${LIFECYCLE_TOPIC}" belongs to Starts and Stops; use another name`);
  }
  return topic;
}
