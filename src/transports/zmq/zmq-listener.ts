import { UsageError } from "../../errors.ts";
import { type Inlet, Listener, type PlatformInlet, platformInlet } from "../../listener/listener.ts";
import { checkedCodec } from "../../message/checked-codec.ts";
import type { Codec } from "../../message/codec.ts";
import { DEFAULT_LIMITS, type Limits } from "../../message/limits.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";
import { oneOf, shown, wholeNumber } from "../../options/option-check.ts";
import type { Settlement } from "../../queue/settlement.ts";
import { COMMON_OPTIONS, type Ends, readEnds, type ZmqOptions } from "./ends.ts";
import { loadEngine } from "./engine.ts";
import { Links } from "./links.ts";
import type { Engine, ReadingSocket } from "./socket.ts";

/** Says where a `ZmqListener` reads, and how. */
export interface ZmqListenerOptions<M extends AnyMessage = Message> extends ZmqOptions {
  /** `sub` gets everything of its topics, `pull` shares with other pullers. Default `sub`. Native names: ZMQ_SUB, ZMQ_PULL. */
  readonly socket?: "sub" | "pull";
  /** Beginnings of the topics to read, for `sub`. Default: everything. Start and Stop always come. Native name: ZMQ_SUBSCRIBE. */
  readonly topics?: readonly string[];
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
  /** Bounds of a message, instead of the block's. A frame over `maxMessageBytes` ends its connection. Native name: ZMQ_MAXMSGSIZE. */
  readonly limits?: Partial<Limits>;
  /**
   * True uses the memory of frames from 32 kB on again when their message is settled; default false, where each frame has
   * memory of its own for as long as anybody keeps it. Whoever keeps an event for longer calls `keep()`, which copies it.
   * Only for `zmtp`.
   */
  readonly reuseBuffers?: boolean;
}

const SOCKETS = ["sub", "pull"] as const;
const LIMITS = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];

/** Brings in what other programs publish or push over ZeroMQ; with no type named, whatever its operator takes. */
export class ZmqListener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  override readonly replay = "none";
  override readonly codec: Codec;
  readonly #ends: Ends;
  readonly #socket: "sub" | "pull";
  readonly #topics: readonly string[] | undefined;
  readonly #limits: Partial<Limits> | undefined;
  readonly #reuseBuffers: boolean;
  #endpoints: readonly string[] = [];
  #isStarted = false;

  constructor(options: ZmqListenerOptions<M>) {
    super();
    const subject = "ZmqListener";
    this.#ends = readEnds(subject, options, [
      ...COMMON_OPTIONS,
      "socket",
      "topics",
      "expect",
      "limits",
      "reuseBuffers",
    ]);
    this.#socket = oneOf(subject, "socket", options.socket, "sub", SOCKETS);
    this.#topics = readTopics(subject, this.#socket, options.topics);
    this.#limits = readLimits(subject, options.limits);
    this.#reuseBuffers = oneOf(subject, "reuseBuffers", options.reuseBuffers, false, [true, false]);
    if (this.#reuseBuffers && this.#ends.engine === "libzmq") {
      throw new UsageError(
        `${subject}: engine "libzmq" cannot reuse buffers; leave reuseBuffers out, or take engine: "zmtp"`,
      );
    }
    if (options.expect !== undefined && typeof options.expect !== "function") {
      throw new UsageError(`${subject}: expect: expected a function of a message, got ${shown(options.expect)}`);
    }
    this.codec = checkedCodec(options.codec ?? nativeCodec, options.expect, this.#limits);
  }

  /** The addresses in use, with real ports: those bound first, then those connected to. Empty before `start`. */
  get endpoints(): readonly string[] {
    return this.#endpoints;
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isStarted) throw new UsageError("ZmqListener: is started already; make another one for another block");
    if (signal.aborted) return;
    this.#isStarted = true;
    const platform = platformInlet(inlet);
    const warn = (message: string): void =>
      platform === undefined ? process.emitWarning(message, "ArroyoWarning") : platform.warn(message);
    const sockets: ReadingSocket[] = [];
    let engine: Engine | undefined;
    const links = new Links({
      ready: () => inlet.ready(),
      connected: (isUp) => platform?.connected(isUp),
      silent: (address) => warn(`ZmqListener: nobody answers at ${address}; still trying`),
    });
    try {
      if (this.#topics !== undefined) platform?.follow(this.#topics);
      engine = await loadEngine(this.#ends.engine, "ZmqListener");
      await this.#open(engine, sockets, links, { warn, limits: platform?.limits ?? DEFAULT_LIMITS }, signal);
      if (!signal.aborted) await read(sockets, links, inlet, signal);
    } finally {
      links.close();
      this.#endpoints = [];
      for (const socket of sockets) socket.close();
      await engine?.close();
      this.#isStarted = false;
    }
  }

  /** Binds and connects: one socket for each address to connect to, so that the peers of each are known. */
  async #open(
    engine: Engine,
    sockets: ReadingSocket[],
    links: Links,
    inlet: Pick<PlatformInlet, "warn" | "limits">,
    signal: AbortSignal,
  ): Promise<void> {
    const { connect, bind, warning } = this.#ends;
    if (warning !== undefined) inlet.warn(warning);
    const bound: string[] = [];
    if (bind.length > 0 && !signal.aborted) {
      const isUnseen = bind.some((address) => address.transport === "inproc");
      const name = bind.map((address) => address.text).join(", ");
      const socket = await this.#socketOf(engine, links.add(name, false, isUnseen ? 1 : 0), name, inlet);
      sockets.push(socket);
      for (const address of bind) bound.push(await socket.bind(address.text));
    }
    for (const { text } of connect) {
      if (signal.aborted) return;
      const socket = await this.#socketOf(engine, links.add(text, true), text, inlet);
      sockets.push(socket);
      socket.connect(text);
    }
    if (this.#socket === "sub") for (const socket of sockets) this.#subscribe(socket);
    this.#endpoints = [...bound, ...connect.map((address) => address.text)];
  }

  #socketOf(
    engine: Engine,
    peers: (count: number) => void,
    name: string,
    inlet: Pick<PlatformInlet, "warn" | "limits">,
  ): Promise<ReadingSocket> {
    const told = new Set<string>();
    const trouble = (reason: string): void => {
      if (!told.has(reason)) inlet.warn(`ZmqListener: ${name}: a connection ${reason}`);
      told.add(reason);
    };
    const maxFrameBytes = this.#limits?.maxMessageBytes ?? inlet.limits.maxMessageBytes;
    const settings = { ...this.#ends.settings, maxFrameBytes, lingerMs: 0, reuseBuffers: this.#reuseBuffers };
    return engine.reading(this.#socket, settings, { peers, trouble });
  }

  #subscribe(socket: ReadingSocket): void {
    for (const prefix of this.#topics ?? [""]) socket.subscribe(prefix);
  }
}

/** Reads until the signal aborts; what comes afterwards goes nowhere. */
function read<M extends AnyMessage>(
  sockets: readonly ReadingSocket[],
  links: Links,
  inlet: Inlet<M>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (settle: () => void): void => {
      isOver = true;
      signal.removeEventListener("abort", stop);
      settle();
    };
    const stop = (): void => end(resolve);
    const into = (frames: readonly Uint8Array[], lent?: Settlement): void | Promise<void> =>
      isOver ? undefined : inlet.putFrames(frames, lent);
    signal.addEventListener("abort", stop, { once: true });
    links.open();
    for (const socket of sockets) socket.receive(into).catch((error: unknown) => end(() => reject(error)));
  });
}

/** Gives the prefixes to subscribe to, that of Starts and Stops first. */
function readTopics(subject: string, socket: "sub" | "pull", topics: unknown): readonly string[] | undefined {
  if (topics === undefined) return undefined;
  if (socket === "pull") {
    throw new UsageError(`${subject}: topics: a pull takes what it is given; use socket: "sub", or leave topics out`);
  }
  if (!Array.isArray(topics) || topics.length === 0 || topics.some((topic) => typeof topic !== "string")) {
    throw new UsageError(
      `${subject}: topics: expected a list of texts, got ${shown(topics)}; leave it out for everything`,
    );
  }
  const prefixes = new Set<string>(topics as string[]);
  const isCovered = [...prefixes].some((prefix) => LIFECYCLE_TOPIC.startsWith(prefix));
  return isCovered ? [...prefixes] : [LIFECYCLE_TOPIC, ...prefixes];
}

function readLimits(subject: string, limits: unknown): Partial<Limits> | undefined {
  if (limits === undefined) return undefined;
  if (typeof limits !== "object" || limits === null) {
    throw new UsageError(`${subject}: limits: expected an object such as { maxMessageBytes: 1000000 }`);
  }
  const given = limits as Partial<Limits>;
  for (const name of Object.keys(given)) oneOf(subject, "limits", name, "maxFrames", LIMITS);
  for (const name of LIMITS) wholeNumber(subject, `limits.${name}`, given[name], 1, 1);
  return given;
}
