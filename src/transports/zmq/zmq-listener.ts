import { ConnectionError, UsageError } from "../../errors.ts";
import { type Inlet, Listener, type PlatformInlet, platformInlet } from "../../listener/listener.ts";
import { checkedCodec } from "../../message/checked-codec.ts";
import type { Codec } from "../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { AnyMessage } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { observedCodec } from "../../message/observed-codec.ts";
import type { Settlement } from "../../queue/settlement.ts";
import { Absence } from "./absence.ts";
import { Asker } from "./asker.ts";
import type { DispatchedStream, Dispatcher } from "./dispatcher.ts";
import { loadEngine } from "./engine.ts";
import { Links } from "./links.ts";
import {
  type ListenerSettings,
  readListenerOptions,
  socketBounds,
  type ZmqListenerOptions,
} from "./listener-options.ts";
import type { Engine, Into, News, ReadingSocket } from "./socket.ts";

const SUBJECT = "ZmqListener";

/** What an attempt tells, within a block or outside of one. */
type Told = Pick<PlatformInlet, "warn" | "limits" | "staysInside">;

/** Brings in what other programs publish, push or answer over ZeroMQ; with no type named, whatever its operator takes. */
export class ZmqListener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  override readonly replay = "none";
  override readonly codec: Codec;
  readonly #settings: ListenerSettings;
  #endpoints: readonly string[] = [];
  #unanswered = 0;
  /** What was handed over last was no message. */
  #isRejected = false;
  #isStarted = false;

  constructor(options: ZmqListenerOptions<M>) {
    super();
    this.#settings = readListenerOptions(SUBJECT, options as ZmqListenerOptions<never>);
    const codec = checkedCodec(options.codec ?? nativeCodec, options.expect, this.#settings.limits);
    const rejected = (): void => {
      this.#isRejected = true;
    };
    this.codec = this.#settings.socket === "req" ? observedCodec(codec, { rejected }) : codec;
  }

  /** The addresses in use, with real ports: those bound first, then those connected to. Empty before `start`. */
  get endpoints(): readonly string[] {
    return this.#endpoints;
  }

  /** How many questions of a `req` had no answer in time, or lost their connection before it. */
  get unanswered(): number {
    return this.#unanswered;
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isStarted) throw new UsageError(`${SUBJECT}: is started already; make another one for another block`);
    if (signal.aborted) return;
    this.#isStarted = true;
    try {
      const { dispatcher } = this.#settings;
      if (dispatcher === undefined) await this.#read(inlet, signal);
      else await this.#readDispatched(dispatcher, inlet, signal);
    } finally {
      this.#isStarted = false;
    }
  }

  /** Reads the stream that a dispatcher makes, until that is over; then the next attempt asks for another. */
  async #readDispatched(dispatcher: Dispatcher, inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    let stream: DispatchedStream;
    try {
      stream = await dispatcher.ask(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    const over = new AbortController();
    const absence = new Absence(dispatcher.timeoutMs, () => over.abort());
    try {
      await this.#read(inlet, AbortSignal.any([signal, over.signal]), { stream, absence });
      if (signal.aborted || !over.signal.aborted) return;
      throw new ConnectionError(`${SUBJECT}: ${stream.address}: the stream is over; asking the dispatcher for another`);
    } finally {
      absence.close();
      await stream.release();
    }
  }

  async #read(
    inlet: Inlet<M>,
    signal: AbortSignal,
    dispatched?: { readonly stream: DispatchedStream; readonly absence: Absence },
  ): Promise<void> {
    const { ends, topics } = this.#settings;
    const platform = platformInlet(inlet);
    const warn = (message: string): void =>
      platform === undefined ? process.emitWarning(message, "ArroyoWarning") : platform.warn(message);
    const sockets: ReadingSocket[] = [];
    let engine: Engine | undefined;
    const links = new Links({
      ready: () => inlet.ready(),
      connected: (isUp) => {
        dispatched?.absence.connected(isUp);
        platform?.connected(isUp);
      },
      silent: (address) => warn(`${SUBJECT}: nobody answers at ${address}; still trying`),
    });
    const into: Into = (frames, lent) => {
      const taken = inlet.putFrames(frames, lent);
      dispatched?.absence.message(taken);
      return taken;
    };
    try {
      if (topics !== undefined) platform?.follow(topics);
      engine = await loadEngine(ends.engine, SUBJECT);
      const connect = dispatched === undefined ? ends.connect.map(({ text }) => text) : [dispatched.stream.address];
      await this.#open(engine, sockets, links, platform ?? { warn, limits: DEFAULT_LIMITS }, connect, signal);
      if (!signal.aborted) await read(sockets, links, into, signal);
    } finally {
      links.close();
      this.#endpoints = [];
      for (const socket of sockets) socket.close();
      await engine?.close();
    }
  }

  /** Binds and connects: one socket for each address to connect to, so that the peers of each are known. */
  async #open(
    engine: Engine,
    sockets: ReadingSocket[],
    links: Links,
    inlet: Told,
    connect: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { bind, warning } = this.#settings.ends;
    if (warning !== undefined) inlet.warn(warning);
    const bound: string[] = [];
    if (bind.length > 0 && !signal.aborted) {
      const isUnseen = bind.some((address) => address.transport === "inproc");
      const name = bind.map((address) => address.text).join(", ");
      const socket = await this.#socketOf(engine, links.add(name, false, isUnseen ? 1 : 0), name, inlet);
      sockets.push(socket);
      for (const address of bind) bound.push(await socket.bind(address.text));
    }
    for (const address of connect) {
      if (signal.aborted) return;
      const socket = await this.#socketOf(engine, links.add(address, true), address, inlet);
      sockets.push(socket);
      socket.connect(address);
    }
    if (this.#settings.socket === "sub") for (const socket of sockets) this.#subscribe(socket);
    this.#endpoints = [...bound, ...connect];
  }

  #socketOf(engine: Engine, peers: (count: number) => void, name: string, inlet: Told): Promise<ReadingSocket> {
    const told = new Set<string>();
    const trouble = (reason: string): void => {
      if (!told.has(reason)) inlet.warn(`${SUBJECT}: ${name}: a connection ${reason}`);
      told.add(reason);
    };
    const { socket, ends, limits, reuseBuffers } = this.#settings;
    const bounds = socketBounds(limits, inlet, this.codec);
    const isReusing = reuseBuffers ?? inlet.staysInside === true;
    const settings = { ...ends.settings, ...bounds, lingerMs: 0, reuseBuffers: isReusing };
    if (socket !== "req") return engine.reading(socket, settings, { peers, trouble });
    return this.#asker({ peers, trouble }, (news) => engine.asking(settings, news), name, inlet);
  }

  #asker(
    news: News,
    make: Parameters<typeof Asker.open>[0]["make"],
    name: string,
    inlet: Told,
  ): Promise<ReadingSocket> {
    const { question, answerTimeoutMs } = this.#settings;
    let late = 0;
    return Asker.open({
      question,
      timeoutMs: answerTimeoutMs,
      news,
      make,
      wasRejected: () => {
        const isRejected = this.#isRejected;
        this.#isRejected = false;
        return isRejected;
      },
      unanswered: (why) => {
        this.#unanswered += 1;
        if (why !== "late") return;
        late += 1;
        // Each time that it became twice as many: a bridge that rests all night fills no log.
        if (!Number.isInteger(Math.log2(late))) return;
        const times = late === 1 ? "" : `, for the ${late}th time`;
        inlet.warn(
          `${SUBJECT}: ${name}: no answer within ${answerTimeoutMs} ms${times}; asking again on a new connection`,
        );
      },
    });
  }

  #subscribe(socket: ReadingSocket): void {
    for (const prefix of this.#settings.topics ?? [""]) socket.subscribe(prefix);
  }
}

/** Reads until the signal aborts; what comes afterwards goes nowhere. */
function read(sockets: readonly ReadingSocket[], links: Links, take: Into, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (settle: () => void): void => {
      isOver = true;
      signal.removeEventListener("abort", stop);
      settle();
    };
    const stop = (): void => end(resolve);
    const into = (frames: readonly Uint8Array[], lent?: Settlement): void | Promise<void> =>
      isOver ? undefined : take(frames, lent);
    signal.addEventListener("abort", stop, { once: true });
    links.open();
    for (const socket of sockets) socket.receive(into).catch((error: unknown) => end(() => reject(error)));
  });
}

export type { ZmqListenerOptions } from "./listener-options.ts";
