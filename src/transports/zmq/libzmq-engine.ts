import type { Context } from "zeromq";
import { UsageError } from "../../errors.ts";
import type { ZmqCurve } from "./curve.ts";
import { KeyGuard } from "./key-guard.ts";
import { LibzmqReading } from "./libzmq-reading.ts";
import { LibzmqWriting } from "./libzmq-writing.ts";
import { OwnContext } from "./own-context.ts";
import type { Engine, EngineNeeds, News, ReadingSocket, SocketSettings, WritingSocket } from "./socket.ts";

type Package = typeof import("zeromq");

const RECONNECT_MS = 100;
const HANDSHAKE_MS = 10_000;
/** A peer that vanished without a word is found out after 30 s + 3 * 10 s. */
const KEEPALIVE = { tcpKeepalive: 1, tcpKeepaliveIdle: 30, tcpKeepaliveInterval: 10, tcpKeepaliveCount: 3 };
const HEARTBEATS_TO_MISS = 3;
/** libzmq ends lingering by itself; this is for the case that it does not. */
const BEYOND_LINGER_MS = 2000;

/** Makes sockets of libzmq, by the package `zeromq`; one for each attempt of a listener and each life of a publisher. */
export class LibzmqEngine implements Engine {
  readonly name = "libzmq";
  readonly #zmq: Package;
  readonly #needs: EngineNeeds;
  #own: OwnContext | undefined;
  #guard: Promise<KeyGuard> | undefined;
  #lingerMs = 0;

  constructor(zmq: Package, needs: EngineNeeds) {
    this.#zmq = zmq;
    this.#needs = needs;
  }

  async reading(kind: "sub" | "pull", settings: SocketSettings, news: News): Promise<ReadingSocket> {
    const options = await this.#options(settings);
    const native = kind === "sub" ? new this.#zmq.Subscriber(options) : new this.#zmq.Pull(options);
    return new LibzmqReading(native, settings, news);
  }

  async writing(kind: "pub" | "push", settings: SocketSettings, news: News): Promise<WritingSocket> {
    const options = await this.#options(settings);
    this.#lingerMs = settings.lingerMs;
    const native =
      kind === "pub"
        ? new this.#zmq.XPublisher({ ...options, verbosity: "allSubsUnsubs" })
        : new this.#zmq.Push(options);
    return new LibzmqWriting(kind, native, settings, news);
  }

  async close(): Promise<boolean> {
    const guard = await this.#guard?.catch(() => undefined);
    guard?.close();
    const own = this.#own;
    this.#own = undefined;
    this.#guard = undefined;
    if (own === undefined) return true;
    const beganMs = performance.now();
    const isFreed = await own.freed(this.#lingerMs + BEYOND_LINGER_MS);
    return isFreed && (this.#lingerMs === 0 || performance.now() - beganMs < this.#lingerMs);
  }

  async #options(settings: SocketSettings): Promise<NativeOptions> {
    const { curve, heartbeatMs, reconnectMaxMs } = settings;
    if (curve !== undefined && this.#zmq.capability.curve !== true) {
      throw new UsageError(`${settings.subject}: curve: this build of libzmq has no CURVE; install zeromq from npm`);
    }
    const context = await this.#context(curve);
    return {
      ...KEEPALIVE,
      linger: settings.lingerMs,
      reconnectInterval: Math.min(RECONNECT_MS, reconnectMaxMs),
      reconnectMaxInterval: reconnectMaxMs,
      handshakeInterval: HANDSHAKE_MS,
      maxMessageSize: settings.maxFrameBytes,
      ipv6: settings.ipv6,
      ...(heartbeatMs === 0
        ? undefined
        : { heartbeatInterval: heartbeatMs, heartbeatTimeout: heartbeatMs * HEARTBEATS_TO_MISS }),
      ...(curve === undefined ? undefined : curveOptions(curve)),
      ...(context === undefined ? undefined : { context }),
    };
  }

  /** Gives a context of our own where the end of sending has to be seen or keys are looked at; inproc needs the common one. */
  async #context(curve: ZmqCurve | undefined): Promise<Context | undefined> {
    const { sockets, isWriting, isInproc } = this.#needs;
    const allow = curve?.server === true ? curve.allow : undefined;
    if (allow === undefined && (isInproc || !isWriting)) return undefined;
    this.#own ??= new OwnContext(this.#zmq, sockets, allow === undefined ? 0 : KeyGuard.sockets);
    const { native } = this.#own;
    if (allow !== undefined) {
      this.#guard ??= KeyGuard.open(this.#zmq, native, allow);
      await this.#guard;
    }
    return native;
  }
}

function curveOptions(curve: ZmqCurve): Partial<NativeOptions> {
  if (curve.server !== true) {
    return { curvePublicKey: curve.publicKey, curveSecretKey: curve.secretKey, curveServerKey: curve.serverKey };
  }
  const server = { curveServer: true, curveSecretKey: curve.secretKey };
  return curve.allow === undefined ? server : { ...server, zapDomain: "arroyo", zapEnforceDomain: true };
}

interface NativeOptions {
  readonly context?: Context;
  readonly linger: number;
  readonly reconnectInterval: number;
  readonly reconnectMaxInterval: number;
  readonly handshakeInterval: number;
  readonly maxMessageSize: number;
  readonly ipv6: boolean;
  readonly tcpKeepalive: number;
  readonly tcpKeepaliveIdle: number;
  readonly tcpKeepaliveInterval: number;
  readonly tcpKeepaliveCount: number;
  readonly heartbeatInterval?: number;
  readonly heartbeatTimeout?: number;
  readonly curveServer?: boolean;
  readonly curvePublicKey?: string;
  readonly curveSecretKey?: string;
  readonly curveServerKey?: string;
  readonly zapDomain?: string;
  readonly zapEnforceDomain?: boolean;
}
