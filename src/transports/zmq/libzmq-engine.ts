import { setTimeout as pause } from "node:timers/promises";
import type { Context } from "zeromq";
import { UsageError } from "../../errors.ts";
import { keyBytes, type ZmqCurve } from "./curve.ts";
import { type IsWelcome, KeyGuard } from "./key-guard.ts";
import { LibzmqAsking } from "./libzmq-asking.ts";
import type { LibzmqEnds } from "./libzmq-ends.ts";
import { LibzmqReading } from "./libzmq-reading.ts";
import { LibzmqWriting } from "./libzmq-writing.ts";
import { admits, isPlainServer, type ZmqPlain } from "./plain.ts";
import type { AskingSocket, Engine, News, ReadingSocket, SocketSettings, WritingSocket } from "./socket.ts";

type Package = typeof import("zeromq");

const RECONNECT_MS = 100;
const HANDSHAKE_MS = 10_000;
/** A peer that vanished without a word is found out after 30 s + 3 * 10 s. */
const KEEPALIVE = { tcpKeepalive: 1, tcpKeepaliveIdle: 30, tcpKeepaliveInterval: 10, tcpKeepaliveCount: 3 };
const HEARTBEATS_TO_MISS = 3;
/** libzmq ends lingering by itself; this is for the case that it does not. */
const BEYOND_LINGER_MS = 2000;
/** So far the clock by which libzmq lingers may be ahead of ours. */
const CLOCKS_MS = 2;

/** Makes sockets of libzmq, by the package `zeromq`. */
export class LibzmqEngine implements Engine {
  readonly name = "libzmq";
  readonly #zmq: Package;
  readonly #sockets: Pick<LibzmqEnds<never>, "gone" | "closedAtMs">[] = [];
  readonly #releases: (() => void)[] = [];
  #lingerMs = 0;

  constructor(zmq: Package) {
    this.#zmq = zmq;
  }

  async reading(kind: "sub" | "pull", settings: SocketSettings, news: News): Promise<ReadingSocket> {
    const options = await this.#options(settings);
    const native = kind === "sub" ? new this.#zmq.Subscriber(options) : new this.#zmq.Pull(options);
    const socket = new LibzmqReading(native, settings, news);
    this.#sockets.push(socket);
    return socket;
  }

  async writing(kind: "pub" | "push", settings: SocketSettings, news: News): Promise<WritingSocket> {
    const options = await this.#options(settings);
    const native =
      kind === "pub"
        ? new this.#zmq.XPublisher({ ...options, verbosity: "allSubsUnsubs" })
        : new this.#zmq.Push(options);
    const socket = new LibzmqWriting(kind, native, settings, news);
    this.#sockets.push(socket);
    return socket;
  }

  async asking(settings: SocketSettings, news: News): Promise<AskingSocket> {
    // Sent to nobody yet, a question would be on its way before there is anybody who could answer in time.
    const native = new this.#zmq.Request({ ...(await this.#options(settings)), immediate: true });
    const socket = new LibzmqAsking(native, settings, news);
    this.#sockets.push(socket);
    return socket;
  }

  async close(): Promise<boolean> {
    const beganMs = Math.min(performance.now(), ...this.#sockets.map((socket) => socket.closedAtMs));
    const stop = new AbortController();
    const late = pause(this.#lingerMs + BEYOND_LINGER_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#sockets.map((socket) => socket.gone)), late]);
    stop.abort();
    for (const release of this.#releases.splice(0)) release();
    return this.#lingerMs === 0 || performance.now() - beganMs < Math.max(1, this.#lingerMs - CLOCKS_MS);
  }

  async #options(settings: SocketSettings): Promise<NativeOptions> {
    const { curve, plain, heartbeatMs, reconnectMaxMs } = settings;
    if (curve !== undefined && this.#zmq.capability.curve !== true) {
      throw new UsageError(`${settings.subject}: curve: this build of libzmq has no CURVE; install zeromq from npm`);
    }
    this.#lingerMs = settings.lingerMs;
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
      ...(curve === undefined ? undefined : await this.#curve(curve)),
      ...(plain === undefined ? undefined : await this.#plain(plain)),
    };
  }

  async #curve(curve: ZmqCurve): Promise<Partial<NativeOptions>> {
    if (curve.server !== true) {
      return { curvePublicKey: curve.publicKey, curveSecretKey: curve.secretKey, curveServerKey: curve.serverKey };
    }
    const server = { curveServer: true, curveSecretKey: curve.secretKey };
    if (curve.allow === undefined) return server;
    const allowed = new Set(curve.allow.map((key) => keyBytes(key).toString("hex")));
    const isAllowed: IsWelcome = (mechanism, [key]) =>
      mechanism === "CURVE" && key !== undefined && allowed.has(key.toString("hex"));
    return { ...server, ...(await this.#guard(isAllowed)) };
  }

  async #plain(plain: ZmqPlain): Promise<Partial<NativeOptions>> {
    if (!isPlainServer(plain)) return { plainUsername: plain.username, plainPassword: plain.password };
    const isUser: IsWelcome = (mechanism, [username, password]) =>
      mechanism === "PLAIN" && admits(plain, String(username), String(password));
    return { plainServer: true, ...(await this.#guard(isUser)) };
  }

  async #guard(isWelcome: IsWelcome): Promise<Partial<NativeOptions>> {
    const { context, domain, release } = await KeyGuard.of(this.#zmq).admit(isWelcome);
    this.#releases.push(release);
    return { context, zapDomain: domain, zapEnforceDomain: true };
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
  readonly plainServer?: boolean;
  readonly plainUsername?: string;
  readonly plainPassword?: string;
  readonly zapDomain?: string;
  readonly zapEnforceDomain?: boolean;
}
