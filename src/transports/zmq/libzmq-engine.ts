import type { Context } from "zeromq";
import { UsageError } from "../../errors.ts";
import { KeyGuard } from "./key-guard.ts";
import { LibzmqReading } from "./libzmq-reading.ts";
import { LibzmqWriting } from "./libzmq-writing.ts";
import type { Engine, News, ReadingSocket, SocketSettings, WritingSocket } from "./socket.ts";

type Package = typeof import("zeromq");

const RECONNECT_MS = 100;
const HANDSHAKE_MS = 10_000;
/** A peer that vanished without a word is found out after 30 s + 3 * 10 s. */
const KEEPALIVE = { tcpKeepalive: 1, tcpKeepaliveIdle: 30, tcpKeepaliveInterval: 10, tcpKeepaliveCount: 3 };
const HEARTBEATS_TO_MISS = 3;

/** A guard has one handler for each context, and the package lives as long as the process. */
const guards = new WeakMap<object, KeyGuard>();

/** Makes sockets of libzmq, by the package `zeromq`. */
export class LibzmqEngine implements Engine {
  readonly name = "libzmq";
  readonly #zmq: Package;

  constructor(zmq: Package) {
    this.#zmq = zmq;
  }

  async reading(kind: "sub" | "pull", settings: SocketSettings, news: News): Promise<ReadingSocket> {
    return this.#make(settings, (options, release) => {
      const Socket = kind === "sub" ? this.#zmq.Subscriber : this.#zmq.Pull;
      return new LibzmqReading(new Socket(options), settings, news, release);
    });
  }

  async writing(kind: "pub" | "push", settings: SocketSettings, news: News): Promise<WritingSocket> {
    return this.#make(settings, (options, release) => {
      const native =
        kind === "pub"
          ? new this.#zmq.XPublisher({ ...options, verbosity: "allSubsUnsubs" })
          : new this.#zmq.Push(options);
      return new LibzmqWriting(kind, native, settings, news, release);
    });
  }

  async #make<S>(settings: SocketSettings, make: (options: NativeOptions, release: () => void) => S): Promise<S> {
    const { options, release } = await this.#prepare(settings);
    try {
      return make(options, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  async #prepare(settings: SocketSettings): Promise<{ options: NativeOptions; release: () => void }> {
    const { curve, heartbeatMs, reconnectMaxMs } = settings;
    const options: NativeOptions = {
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
    };
    if (curve === undefined) return { options, release: () => {} };
    if (this.#zmq.capability.curve !== true) {
      throw new UsageError(`${settings.subject}: curve: this build of libzmq has no CURVE; install zeromq from npm`);
    }
    if (curve.server !== true) {
      const { publicKey, secretKey, serverKey } = curve;
      const keys = { curvePublicKey: publicKey, curveSecretKey: secretKey, curveServerKey: serverKey };
      return { options: { ...options, ...keys }, release: () => {} };
    }
    const server = { ...options, curveServer: true, curveSecretKey: curve.secretKey };
    if (curve.allow === undefined) return { options: server, release: () => {} };
    const { context, domain, release } = await this.#guard().admit(curve.allow);
    return { options: { ...server, context, zapDomain: domain }, release };
  }

  #guard(): KeyGuard {
    const guard = guards.get(this.#zmq.Context) ?? new KeyGuard(this.#zmq);
    guards.set(this.#zmq.Context, guard);
    return guard;
  }
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
}
